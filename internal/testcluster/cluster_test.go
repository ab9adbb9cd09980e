package testcluster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"xinbot.ir/squall/internal/testcluster"
)

func TestStartAndRestart(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	start := time.Now()
	c := testcluster.Start(t)
	t.Logf("started in %v", time.Since(start))
	namespace := c.Namespace(t)

	version, err := c.Client().Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if version.Major != "1" || version.Minor != "37" {
		t.Errorf("version is %s.%s, want 1.37", version.Major, version.Minor)
	}

	address, err := url.Parse(c.Admin().Host)
	if err != nil {
		t.Fatal(err)
	}
	c.StopAPIServer()
	if conn, err := net.Dial("tcp", address.Host); !errors.Is(err, syscall.ECONNREFUSED) {
		if err == nil {
			conn.Close()
		}
		t.Errorf("dial stopped API server: %v, want connection refused", err)
	}
	restart := time.Now()
	if err := c.StartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("started again in %v", time.Since(restart))
	if _, err := c.Client().CoreV1().Namespaces().Get(t.Context(), namespace, metav1.GetOptions{}); err != nil {
		t.Errorf("namespace after the restart: %v", err)
	}
	if err := c.RestartAPIServer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.StartAPIServer(t.Context()); err == nil {
		t.Error("starting an API server that runs is no error")
	}

	// What has lost its connection finds it again.
	fixtures := time.Now()
	if err := testcluster.Fixtures(t.Context(), c.Admin(), namespace); err != nil {
		t.Fatal(err)
	}
	t.Logf("fixtures were ready in %v", time.Since(fixtures))

	c.Close()
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "testcluster-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left after the end: %v %v", left, err)
	}
}

func TestCommandsEndWithTheCluster(t *testing.T) {
	c := testcluster.Start(t)
	namespace := c.Namespace(t)
	if err := testcluster.Fixtures(t.Context(), c.Admin(), namespace); err != nil {
		t.Fatal(err)
	}
	c.Exec(t, testcluster.Rule{Namespace: namespace})
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	// The pipe ends for its reader when nobody is left who may write to it. The
	// command goes on in a session of its own after its parent has ended.
	begun, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		file, err := os.Open(pipe)
		if err != nil {
			begun <- err
			return
		}
		defer func() { _ = file.Close() }()
		reader := bufio.NewReader(file)
		line, err := reader.ReadString('\n')
		if line != "begun\n" {
			err = errors.Join(err, fmt.Errorf("the command said %q", line))
		}
		begun <- err
		_, err = io.Copy(io.Discard, reader)
		ended <- err
	}()
	got := call(t, c, namespace, "redis-0", "redis", "",
		"sh", "-c", "setsid sh -c 'echo begun; sleep 3600' >"+pipe+" 2>&1 </dev/null &")
	if got.err != nil {
		t.Fatalf("%+v", got)
	}
	if err := <-begun; err != nil {
		t.Fatalf("the command has not begun: %v", err)
	}
	select {
	case err := <-ended:
		t.Fatalf("the command ended before its cluster: %v", err)
	default:
	}
	c.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestKubeconfig(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	path := c.Kubeconfig(t, testcluster.Login{
		User: "ann", Groups: []string{"system:masters"}, Context: "staging", Namespace: namespace,
	})
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: path}, nil)
	if got, _, err := loaded.Namespace(); err != nil || got != namespace {
		t.Errorf("namespace %q, %v; want %q", got, err, namespace)
	}
	raw, err := loaded.RawConfig()
	if err != nil || raw.CurrentContext != "staging" {
		t.Errorf("context %q, %v; want staging", raw.CurrentContext, err)
	}
	config, err := loaded.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Error(err)
	}
}

func TestProxy(t *testing.T) {
	c := shared.Cluster(t)
	const delay = 150 * time.Millisecond
	proxy := c.Proxy(t, delay)
	config := c.Config(t, testcluster.Login{
		User: "admin", Groups: []string{"system:masters"}, Server: proxy.URL(),
	})
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := client.CoreV1().Nodes().Get(t.Context(), "node-1", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < delay {
		t.Errorf("the answer took %v, want at least %v", took, delay)
	}
	proxy.SetDelay(0)
	proxy.Break()
	eventually(t, "an answer over a new connection", func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Nodes().Get(ctx, "node-1", metav1.GetOptions{})
		return err == nil, nil
	})
}

func TestNodes(t *testing.T) {
	c := shared.Cluster(t)
	nodes, err := c.Client().CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil || len(nodes.Items) != 2 {
		t.Fatalf("%d nodes, %v; want 2", len(nodes.Items), err)
	}
	for _, node := range nodes.Items {
		if address := node.Status.Addresses[0]; address.Type != corev1.NodeInternalIP || address.Address != "127.0.0.1" {
			t.Errorf("node %s is at %v", node.Name, address)
		}
	}
}
