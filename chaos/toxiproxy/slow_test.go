package toxiproxy

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
)

// front stands before an API and can hold calls back or answer them itself.
type front struct {
	*httptest.Server
	mu     sync.Mutex
	answer map[string]http.HandlerFunc // by method
	gone   chan struct{}
}

func newFront(t *testing.T, w *world) *front {
	t.Helper()
	f := &front{answer: map[string]http.HandlerFunc{}, gone: make(chan struct{})}
	pass := httputil.NewSingleHostReverseProxy(w.url())
	transport := &http.Transport{DisableKeepAlives: true}
	pass.Transport = transport
	f.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		own := f.answer[r.Method]
		f.mu.Unlock()
		if own == nil {
			own = pass.ServeHTTP
		}
		own(rw, r)
	}))
	t.Cleanup(func() { close(f.gone); f.Close() })
	return f
}

// set answers a method's calls with a handler; nil lets them pass.
func (f *front) set(method string, h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer[method] = h
}

// hang keeps a call until the caller has given it up.
func (f *front) hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-f.gone:
	}
}

// obey carries a call out, and never answers.
func (f *front) obey(w *world) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		w.server.Routes().ServeHTTP(httptest.NewRecorder(), r)
		f.hang(rw, r)
	}
}

const short = 300 * ms // bounds calls that are known to hang

func (f *front) driver(t *testing.T) *Driver {
	return New(Config{URL: parse(t, f.URL), Session: session, Timeout: short})
}

func undoStep(t *testing.T, step chaos.Step, timeout time.Duration) error {
	t.Helper()
	raw, err := json.Marshal(step.Undo)
	must(t, err)
	return undoersOf(t, raw, timeout)[step.Kind].Undo(t.Context(), raw, false)
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one of %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func TestHangingAPIIsBounded(t *testing.T) {
	w := newWorld(t)
	f := newFront(t, w)
	before := w.state()
	p := plan(t, f.driver(t), "redis_outage", nil)

	f.set(http.MethodPost, f.hang)
	wantError(t, p.Steps[0].Apply(t.Context()), "add toxic squall-1f2e3d4c-redis_outage-off-downstream to proxy redis: ", "no answer within 300ms")
	wantError(t, p.Steps[1].Apply(t.Context()), "switch off proxy redis: ", "no answer within 300ms")
	f.set(http.MethodPost, nil)
	apply(t, p)

	f.set(http.MethodGet, f.hang)
	_, err := tryPlan(t, f.driver(t), "redis_outage", nil)
	wantError(t, err, "read version of Toxiproxy at "+f.URL, "no answer within 300ms")
	wantError(t, undoStep(t, p.Steps[1], short), "switch on proxy redis: read proxy redis at ", "no answer within 300ms")

	f.set(http.MethodDelete, f.hang)
	start := time.Now()
	defer func() {
		if took := time.Since(start); took > 5*time.Second { // three calls that hang
			t.Errorf("took %s", took)
		}
	}()
	wantError(t, undoStep(t, p.Steps[0], short), "remove toxic squall-1f2e3d4c-redis_outage-off-downstream from proxy redis at ", "has to be restarted")
	f.set(http.MethodGet, nil)
	must(t, undoStep(t, p.Steps[1], short)) // the mark can go once the proxy is on
	wantError(t, undoStep(t, p.Steps[0], short), "no answer within 300ms")

	f.set(http.MethodDelete, nil)
	if errs := undo(t, p); len(errs) > 0 || !reflect.DeepEqual(w.state(), before) {
		t.Errorf("errors %v, state %v", errs, w.state())
	}
}

func TestDefaultTimeout(t *testing.T) {
	if got := New(Config{URL: parse(t, "http://127.0.0.1:8474/")}).api; got.timeout != 5*time.Second || got.base != "http://127.0.0.1:8474" {
		t.Errorf("%s of %s", got.timeout, got.base)
	}
}

// A removal without an answer, or with the server's 503, counts if reading back shows that it was made.
func TestRemovalIsReadBack(t *testing.T) {
	w := newWorld(t)
	f := newFront(t, w)
	p := plan(t, f.driver(t), "llm_latency", nil)
	step := p.Steps[0]
	apply(t, p)
	f.set(http.MethodDelete, f.obey(w))
	if err := undoStep(t, step, short); err != nil {
		t.Error(err)
	}
	apply(t, p)
	f.set(http.MethodDelete, func(rw http.ResponseWriter, r *http.Request) {
		w.server.Routes().ServeHTTP(httptest.NewRecorder(), r)
		rw.WriteHeader(http.StatusServiceUnavailable)
	})
	if err := undoStep(t, step, 0); err != nil {
		t.Error(err)
	}
	apply(t, p)
	f.set(http.MethodDelete, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) })
	wantError(t, undoStep(t, step, 0), "HTTP 503")
	f.set(http.MethodDelete, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNoContent) })
	wantError(t, undoStep(t, step, 0), "it is still there")
}

// A change without an answer is an error although it was made, and its undo reverts it.
func TestChangeWithoutAnswer(t *testing.T) {
	w := newWorld(t)
	f := newFront(t, w)
	before := w.state()
	p := plan(t, f.driver(t), "redis_outage", nil)
	f.set(http.MethodPost, f.obey(w))
	for _, step := range p.Steps {
		wantError(t, step.Apply(t.Context()), "no answer within 300ms")
	}
	if reflect.DeepEqual(w.state(), before) {
		t.Error("nothing was changed")
	}
	f.set(http.MethodPost, nil)
	if errs := undo(t, p); len(errs) > 0 || !reflect.DeepEqual(w.state(), before) {
		t.Errorf("errors %v, state %v", errs, w.state())
	}
}

// What is not Toxiproxy must look neither like success nor like a toxic that is gone.
func TestAnotherServer(t *testing.T) {
	w := newWorld(t)
	f := newFront(t, w)
	p := plan(t, f.driver(t), "redis_outage", nil)
	page := func(status int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte("<html>welcome</html>"))
		}
	}
	other := func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte(`{"kind":"Status"}`)) }
	move := func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/elsewhere", http.StatusFound) }
	for name, handler := range map[string]http.HandlerFunc{"200": page(200), "404": page(404), "500": page(500), "other": other, "moved": move} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				f.set(method, handler)
			}
			if _, err := tryPlan(t, f.driver(t), "redis_outage", nil); err == nil {
				t.Error("planned")
			}
			for _, step := range p.Steps {
				if step.Apply(t.Context()) == nil || undoStep(t, step, 0) == nil {
					t.Errorf("%s: no error", step.Object)
				}
			}
		})
	}
}
