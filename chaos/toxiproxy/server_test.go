package toxiproxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	server "github.com/Shopify/toxiproxy/v2"
	client "github.com/Shopify/toxiproxy/v2/client"
	"github.com/rs/zerolog"

	"xinbot.ir/squall/chaos"
)

const session = "1f2e3d4c"

// world is a real Toxiproxy in front of servers that send back what they get.
type world struct {
	t       *testing.T
	server  *server.ApiServer
	api     *httptest.Server
	address string
}

// newWorld has a proxy for every built-in fault and one for custom ones.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, newServer())
}

func newWorldOf(t *testing.T, s *server.ApiServer) *world {
	t.Helper()
	w := &world{t: t, server: s, address: loopback()}
	echo := startEcho(t)
	for _, name := range []string{"llm-upstream", "redis", "qdrant", "crm"} {
		if err := w.server.Collection.Add(server.NewProxy(w.server, name, loopback(), echo), true); err != nil {
			t.Fatal(err)
		}
	}
	w.open()
	t.Cleanup(func() {
		w.api.Close()
		if err := w.server.Collection.Clear(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func newServer() *server.ApiServer {
	return server.NewServer(server.NewMetricsContainer(nil), zerolog.Nop())
}

// open starts the API, at the address that it had before.
func (w *world) open() {
	w.t.Helper()
	listener, err := net.Listen("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.api = httptest.NewUnstartedServer(w.server.Routes())
	w.api.Listener.Close()
	w.api.Listener = listener
	w.api.Start()
	w.address = listener.Addr().String()
}

func (w *world) url() *url.URL { return parse(w.t, "http://"+w.address) }

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (w *world) listen(proxy string) string {
	p, err := w.server.Collection.Get(proxy)
	if err != nil {
		w.t.Fatal(err)
	}
	return p.Listen
}

// client is the one of Toxiproxy itself: what somebody else would use.
func (w *world) client(proxy string) *client.Proxy {
	w.t.Helper()
	p, err := client.NewClient(w.address).Proxy(proxy)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// theirs puts a toxic of somebody else on a proxy. It is one that does nothing: a latency of 0 would
// shorten ours, for Toxiproxy moves the clock of what passes it.
func (w *world) theirs(proxy, name string) {
	w.t.Helper()
	if _, err := w.client(proxy).AddToxic(name, "slow_close", "downstream", 1, client.Attributes{"delay": 0}); err != nil {
		w.t.Fatal(err)
	}
}

// state is everything that the server says of its proxies.
func (w *world) state() (all map[string]any) {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.server.Routes().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/proxies", nil))
	if err := json.Unmarshal(recorder.Body.Bytes(), &all); err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) driver(custom ...chaos.Custom) *Driver {
	return New(Config{URL: w.url(), Session: session, Custom: custom})
}

// fault finds one of a driver's by its id.
func findFault(t *testing.T, d *Driver, id string) chaos.Fault {
	t.Helper()
	for _, f := range d.Faults() {
		if f.Info().ID == id {
			return f
		}
	}
	t.Fatalf("no fault %s", id)
	return nil
}

// plan makes a plan that must be possible.
func plan(t *testing.T, d *Driver, id string, given chaos.Params) chaos.Plan {
	t.Helper()
	p, err := tryPlan(t, d, id, given)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryPlan(t *testing.T, d *Driver, id string, given chaos.Params) (chaos.Plan, error) {
	t.Helper()
	f := findFault(t, d, id)
	full, err := chaos.Complete(f.Info().Params, given)
	if err != nil {
		t.Fatal(err)
	}
	return f.Plan(t.Context(), full)
}

// apply carries a plan out.
func apply(t *testing.T, p chaos.Plan) {
	t.Helper()
	if refused := p.Refused(); len(refused) > 0 {
		t.Fatalf("refused: %+v", refused)
	}
	for _, step := range p.Steps {
		if err := step.Apply(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.Object, err)
		}
	}
}

// undoersOf are those of an operator whose Toxiproxy is that of the record.
func undoersOf(t *testing.T, record json.RawMessage, timeout time.Duration) chaos.Undoers {
	t.Helper()
	var r struct{ URL string }
	must(t, json.Unmarshal(record, &r))
	return Undoers(parse(t, r.URL), timeout)
}

// undo takes a plan's steps back in reverse, from what the ledger would hold of them.
func undo(t *testing.T, p chaos.Plan) (errs []error) {
	t.Helper()
	for i := len(p.Steps) - 1; i >= 0; i-- {
		raw, err := json.Marshal(p.Steps[i].Undo)
		if err != nil {
			t.Fatal(err)
		}
		if err := undoersOf(t, raw, 0)[p.Steps[i].Kind].Undo(t.Context(), raw, false); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// loopback is an address, with a port for the system to pick, that is this process's own where the
// system has more than one for itself: a listener that is closed for a while finds its port free
// again, which on 127.0.0.1 any connection may have taken as its own end.
func loopback() string {
	pid := os.Getpid()
	own := fmt.Sprintf("127.%d.%d.%d:0", 64+pid>>16&63, pid>>8&255, 1+pid&253)
	listener, err := net.Listen("tcp", own)
	if err != nil {
		return "127.0.0.1:0"
	}
	listener.Close()
	return own
}

// startEcho starts a server that sends everything back until the other side has nothing more to say.
func startEcho(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			})
		}
	})
	t.Cleanup(func() { listener.Close(); work.Wait() })
	return listener.Addr().String()
}

// patience bounds whatever should happen.
const patience = 20 * time.Second
