package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"

	"xinbot.ir/squall/internal/kubeclient"
)

// execTime bounds one command in a container: they are short, and a node may be slow.
const execTime = 15 * time.Second

// maxOutput is how much of a command's output is kept, in bytes.
const maxOutput = 64 << 10

// containerRef is a container of one pod.
type containerRef struct{ namespace, pod, container string }

func (s containerRef) String() string {
	return "container " + s.container + " of pod " + s.namespace + "/" + s.pod
}

// execError means that a command ran and exited with another code than 0.
type execError struct {
	code int
	said string // on stderr, or on stdout if there was nothing
}

func (f *execError) Error() string {
	if f.said == "" {
		return fmt.Sprintf("exit code %d", f.code)
	}
	return f.said
}

// notFoundError means that a container has no such program.
type notFoundError struct{ program string }

func (n *notFoundError) Error() string { return "the image has no " + n.program }

// exec runs a command in a container, over a web socket or, where a proxy or an old server does not
// take those, SPDY. The error is an [*execError] or a [*notFoundError] if the container was reached.
func (cl *cluster) exec(ctx context.Context, at containerRef, argv ...string) (stdout string, err error) {
	what := "exec in " + at.String()
	ctx, cancel := context.WithTimeout(ctx, execTime)
	defer cancel()
	executor, err := cl.executor(at, argv)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	var out, errOut limitedBuffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &errOut})
	var exit utilexec.CodeExitError
	switch {
	case err == nil:
		return out.text(), nil
	case isCommandNotFound(err):
		return "", fmt.Errorf("%s: %w", what, &notFoundError{argv[0]})
	case errors.As(err, &exit):
		f := &execError{code: exit.Code, said: errOut.text()}
		if f.said == "" {
			f.said = out.text()
		}
		return out.text(), fmt.Errorf("%s: %w", what, f)
	case ctx.Err() != nil:
		return "", cl.Explain(what, ctx.Err()) // what the stream says of its end hides the reason
	}
	return "", cl.Explain(what, err)
}

func (cl *cluster) executor(at containerRef, argv []string) (remotecommand.Executor, error) {
	url := cl.Client.Core.Post().Namespace(at.namespace).Resource("pods").Name(at.pod).
		SubResource("exec").VersionedParams(&corev1.PodExecOptions{
		Container: at.container, Command: argv, Stdout: true, Stderr: true,
	}, runtime.NewParameterCodec(kubeclient.Scheme())).Timeout(0).URL()
	socket, err := remotecommand.NewWebSocketExecutor(cl.Config, http.MethodGet, url.String())
	if err != nil {
		return nil, err
	}
	spdy, err := remotecommand.NewSPDYExecutor(cl.Config, http.MethodPost, url)
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(socket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}

// isCommandNotFound reports whether the container runtime did not find the program. Runtimes report that
// in a text or by the exit codes of a shell.
func isCommandNotFound(err error) bool {
	var exit utilexec.CodeExitError
	if errors.As(err, &exit) && (exit.Code == 126 || exit.Code == 127) {
		return true
	}
	if !apierrors.IsInternalError(err) && !errors.As(err, &exit) {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "executable file not found") || strings.Contains(text, "no such file or directory")
}

// limitedBuffer keeps the beginning of what is written to it.
type limitedBuffer struct{ buffer bytes.Buffer }

func (l *limitedBuffer) Write(p []byte) (int, error) {
	if room := maxOutput - l.buffer.Len(); room > 0 {
		l.buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (l *limitedBuffer) text() string { return strings.TrimSpace(l.buffer.String()) }
