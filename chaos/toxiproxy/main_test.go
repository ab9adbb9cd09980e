package toxiproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	client "github.com/Shopify/toxiproxy/v2/client"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
	"go.uber.org/goleak"

	"xinbot.ir/squall/chaos"
)

// asServer makes this binary a Toxiproxy server.
const asServer = "SQUALL_TEST_TOXIPROXY"

func TestMain(m *testing.M) {
	if address := os.Getenv(asServer); address != "" {
		if err := serve(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	log.Logger = zerolog.Nop() // of the bandwidth toxic
	goleak.VerifyTestMain(m)
}

// serve is a Toxiproxy until the standard input ends.
func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() { _ = http.Serve(listener, newServer().Routes()) }()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// process is a Toxiproxy in a process of its own, which can be killed. It is also there for what
// changes a toxic under live connections: Toxiproxy does that without a lock, which the race detector
// would report of a server in this process.
type process struct {
	t       *testing.T
	address string
	command *exec.Cmd
	stdin   io.Closer
}

// startProcess starts a server with one proxy per name, all to the same upstream.
func startProcess(t *testing.T, upstream string, proxies ...string) *process {
	t.Helper()
	p := &process{t: t, address: loopback()}
	p.start()
	t.Cleanup(func() { p.kill() })
	for _, name := range proxies {
		p.create(name, loopback(), upstream)
	}
	return p
}

func (p *process) start() {
	p.t.Helper()
	p.command = exec.Command(os.Args[0])
	p.command.Env = append(os.Environ(), asServer+"="+p.address)
	stdin, err := p.command.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.stdin = stdin
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		p.t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		p.t.Fatalf("the server did not start: %v", err)
	}
	p.address = strings.TrimSpace(line)
}

func (p *process) kill() {
	p.stdin.Close()
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
}

func (p *process) create(name, listen, upstream string) string {
	p.t.Helper()
	proxy, err := client.NewClient(p.address).CreateProxy(name, listen, upstream)
	if err != nil {
		p.t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return proxy.Listen
}

func (p *process) proxy(name string) *client.Proxy {
	p.t.Helper()
	proxy, err := client.NewClient(p.address).Proxy(name)
	if err != nil {
		p.t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return proxy
}

func (p *process) driver(custom ...chaos.Custom) *Driver {
	return New(Config{URL: parse(p.t, "http://"+p.address), Session: session, Custom: custom})
}
