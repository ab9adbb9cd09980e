package testcluster_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	utilexec "k8s.io/client-go/util/exec"

	"xinbot.ir/squall/internal/testcluster"
)

// said is what a command in a container has answered.
type said struct {
	out, errOut string
	err         error
}

// call runs a command in a container as kubectl exec does, over a WebSocket.
func call(t *testing.T, c *testcluster.Cluster, namespace, pod, container, input string, argv ...string) said {
	t.Helper()
	return callBy(t, c, namespace, pod, container, input, argv, func(url string) (remotecommand.Executor, error) {
		return remotecommand.NewWebSocketExecutor(c.Admin(), http.MethodGet, url)
	})
}

func callBy(t *testing.T, c *testcluster.Cluster, namespace, pod, container, input string, argv []string,
	dial func(url string) (remotecommand.Executor, error),
) said {
	t.Helper()
	url := c.Client().CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).
		SubResource("exec").VersionedParams(&corev1.PodExecOptions{
		Container: container, Command: argv, Stdin: input != "", Stdout: true, Stderr: true,
	}, scheme.ParameterCodec).URL()
	executor, err := dial(url.String())
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	options := remotecommand.StreamOptions{Stdout: &out, Stderr: &errOut}
	if input != "" {
		options.Stdin = strings.NewReader(input)
	}
	err = executor.StreamWithContext(t.Context(), options)
	return said{out: out.String(), errOut: errOut.String(), err: err}
}

func TestExec(t *testing.T) {
	c, namespace := platform(t)
	if got := call(t, c, namespace, "redis-0", "redis", "", "true"); got.err == nil {
		t.Error("exec without a rule is no error")
	}
	dir := t.TempDir()
	c.Exec(t, testcluster.Rule{Namespace: namespace, Dir: dir, Env: []string{"WHO=squall"}})

	got := call(t, c, namespace, "redis-0", "redis", "input", "sh", "-c", `pwd; echo "$WHO"; cat; echo no >&2; exit 3`)
	if want := dir + "\nsquall\ninput"; got.out != want {
		t.Errorf("standard output %q, want %q", got.out, want)
	}
	if got.errOut != "no\n" {
		t.Errorf("standard error %q", got.errOut)
	}
	var exit utilexec.CodeExitError
	if !errors.As(got.err, &exit) || exit.Code != 3 {
		t.Errorf("error %v, want exit code 3", got.err)
	}

	got = call(t, c, namespace, "redis-0", "redis", "", "no-such-command-of-squall")
	if !errors.As(got.err, &exit) || exit.Code != 127 {
		t.Errorf("a command that is not there: %v, want exit code 127", got.err)
	}

	got = callBy(t, c, namespace, "redis-0", "redis", "", []string{"echo", "by", "SPDY"},
		func(string) (remotecommand.Executor, error) {
			url := c.Client().CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name("redis-0").
				SubResource("exec").VersionedParams(&corev1.PodExecOptions{
				Container: "redis", Command: []string{"echo", "by", "SPDY"}, Stdout: true, Stderr: true,
			}, scheme.ParameterCodec).URL()
			return remotecommand.NewSPDYExecutor(c.Admin(), http.MethodPost, url)
		})
	if got.out != "by SPDY\n" || got.err != nil {
		t.Errorf("by SPDY: %+v", got)
	}
}

func TestExecCannotTouchTheNetwork(t *testing.T) {
	c, namespace := platform(t)
	c.Exec(t, testcluster.Rule{Namespace: namespace})
	got := call(t, c, namespace, "redis-0", "redis", "", "sh", "-c", "grep CapBnd /proc/self/status")
	var set uint64
	if _, err := fmt.Sscanf(got.out, "CapBnd: %x", &set); err != nil {
		t.Fatalf("read capabilities: %v in %+v", err, got)
	}
	const netAdmin = 1 << 12
	if os.Geteuid() == 0 && set&netAdmin != 0 {
		t.Errorf("a command may administer networks: %x", set)
	}

	c.Exec(t, testcluster.Rule{Namespace: namespace, Netns: "/proc/self/ns/net"})
	if got := call(t, c, namespace, "redis-0", "redis", "", "true"); got.err == nil {
		t.Error("a command ran in the host's network as if that were a namespace")
	}
}

func TestLogsAndPortForward(t *testing.T) {
	c, namespace := platform(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "hello")
		conn.Close()
	}()
	c.Exec(t, testcluster.Rule{
		Namespace: namespace, Logs: "a line\n", Forward: map[string]string{"6379": listener.Addr().String()},
	})
	logs, err := c.Client().CoreV1().Pods(namespace).GetLogs("redis-0", &corev1.PodLogOptions{}).DoRaw(t.Context())
	if err != nil || string(logs) != "a line\n" {
		t.Errorf("logs %q, %v", logs, err)
	}

	transport, upgrader, err := spdy.RoundTripperFor(c.Admin())
	if err != nil {
		t.Fatal(err)
	}
	url := c.Client().CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name("redis-0").
		SubResource("portforward").URL()
	stop, ready := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.New(
		spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url),
		[]string{"0:6379"}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	defer func() { close(stop); <-ended }()
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatal(err)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", ports[0].Local))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "hello" {
		t.Errorf("port 6379 says %q, %v", got, err)
	}
}
