package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// idle ends a stream over which nothing has gone, and streams is how long a
// client may take to open all streams of a call: the kubelet's own values.
const (
	idle    = 4 * time.Hour
	streams = remotecommand.DefaultStreamCreationTimeout
)

// kubelet serves what the API server asks of a node: exec, logs and
// port-forward. kwok plays the nodes but for this, because kwok loses the exit
// codes of commands, asks no one who they are, and runs them in the network
// of the host.
//
// It listens on file descriptor 3, which whoever starts it has opened, so that
// the port is known before and nobody else's. It returns its exit code.
func kubelet(args []string) int {
	flags := flag.NewFlagSet("kubelet", flag.ContinueOnError)
	rules := flags.String("rules", "", "file with the rules of containers")
	cert := flags.String("cert", "", "file with the certificate")
	key := flags.String("key", "", "file with its private key")
	clients := flags.String("client-ca", "", "file with the authority of the clients")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := serveKubelet(*rules, *cert, *key, *clients); err != nil {
		fmt.Fprintf(os.Stderr, "serve kubelet: %v\n", err)
		return 1
	}
	return 0
}

func serveKubelet(rules, cert, key, clients string) error {
	pem, err := os.ReadFile(clients)
	if err != nil {
		return fmt.Errorf("read client authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("read client authority %s: no certificate in it", clients)
	}
	listener, err := net.FileListener(os.NewFile(3, "listener"))
	if err != nil {
		return fmt.Errorf("take over listener: %w", err)
	}
	server := &http.Server{
		Handler:           routes(containers{rules: rules}),
		ReadHeaderTimeout: 10 * time.Second,
		// The streams need a connection that can be taken over: not HTTP/2.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		TLSConfig: &tls.Config{
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MinVersion: tls.VersionTLS12,
		},
	}
	return server.ServeTLS(listener, cert, key)
}

func routes(c containers) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", c.exec)
	mux.HandleFunc("/exec/{namespace}/{pod}/{uid}/{container}", c.exec)
	mux.HandleFunc("/portForward/{namespace}/{pod}", c.portForward)
	mux.HandleFunc("/portForward/{namespace}/{pod}/{uid}", c.portForward)
	mux.HandleFunc("/containerLogs/{namespace}/{pod}/{container}", c.logs)
	return mux
}

// containers answers for all containers of all pods.
type containers struct {
	rules string
}

func (c containers) exec(w http.ResponseWriter, req *http.Request) {
	// NewOptions parses the form, which the next line reads.
	options, err := remotecommand.NewOptions(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	argv := req.Form["command"]
	if len(argv) == 0 {
		http.Error(w, "no command given", http.StatusBadRequest)
		return
	}
	remotecommand.ServeExec(w, req, c, podOf(req), req.PathValue("uid"), req.PathValue("container"), argv,
		options, idle, streams, remotecommand.SupportedStreamingProtocols)
}

// ExecInContainer runs the command by the rule of its container. It gives no
// terminals.
func (c containers) ExecInContainer(ctx context.Context, pod, _, container string, argv []string,
	in io.Reader, out, errOut io.WriteCloser, tty bool, _ <-chan remotecommand.TerminalSize, _ time.Duration,
) error {
	if tty {
		return errors.New("open terminal: the containers of tests have none")
	}
	namespace, name, _ := strings.Cut(pod, "/")
	r, err := findRule(c.rules, namespace, name, container)
	if err != nil {
		return err
	}
	return runCommand(ctx, r, argv, in, out, errOut)
}

func (c containers) portForward(w http.ResponseWriter, req *http.Request) {
	options, err := portforward.NewV4Options(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(w, req, c, podOf(req), req.PathValue("uid"),
		options, idle, streams, portforward.SupportedProtocols)
}

// PortForward joins the stream with the address that stands for the port.
func (c containers) PortForward(ctx context.Context, pod, _ string, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	namespace, name, _ := strings.Cut(pod, "/")
	r, err := findRule(c.rules, namespace, name, "")
	if err != nil {
		return err
	}
	address, ok := r.Forward[fmt.Sprint(port)]
	if !ok {
		return fmt.Errorf("find port %d of pod %s: the test forwards none", port, pod)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("reach port %d of pod %s: %w", port, pod, err)
	}
	defer conn.Close()
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(conn, stream); done <- struct{}{} }()
	go func() { _, _ = io.Copy(stream, conn); done <- struct{}{} }()
	<-done
	return nil
}

func (c containers) logs(w http.ResponseWriter, req *http.Request) {
	r, err := findRule(c.rules, req.PathValue("namespace"), req.PathValue("pod"), req.PathValue("container"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	_, _ = io.WriteString(w, r.Logs)
}

func podOf(req *http.Request) string {
	return req.PathValue("namespace") + "/" + req.PathValue("pod")
}
