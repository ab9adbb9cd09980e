package toxiproxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	server "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/collectors"
	"github.com/rs/zerolog"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

// withMetrics is a Toxiproxy that was started with -proxy-metrics.
func withMetrics(t *testing.T) *world {
	t.Helper()
	metrics := server.NewMetricsContainer(nil)
	metrics.ProxyMetrics = collectors.NewProxyMetricCollectors()
	return newWorldOf(t, server.NewServer(metrics, zerolog.Nop()))
}

// used is what a plan says of whether anything uses the proxy; no check gives "".
func used(p chaos.Plan) (fact string, check chaos.Check) {
	for _, f := range p.Facts {
		if f.Name == "Traffic" {
			fact = f.Text
		}
	}
	for _, c := range p.Checks {
		if strings.HasPrefix(c.Text, "something uses proxy ") {
			check = c
		}
	}
	return fact, check
}

// A proxy that connections went through is used; one that none did, while others had some, probably is not, and that is a
// warning. As long as there is none at all, nothing is known.
func TestUseOfAProxy(t *testing.T) {
	w := withMetrics(t)
	d := w.driver()
	fact, check := used(plan(t, d, "llm_latency", nil))
	if check.Text != "" || !strings.HasPrefix(fact, "not known: the metrics of this Toxiproxy name no proxy") {
		t.Errorf("at first: %q, %+v", fact, check)
	}
	conn := dial(t, w.listen("llm-upstream"))
	if _, err := trip(t, conn, 1234); err != nil {
		t.Fatal(err)
	}
	if _, check := used(plan(t, d, "llm_latency", nil)); check.Text != "" {
		t.Errorf("while the connection is open: %+v", check)
	}
	conn.Close()
	deadline := time.Now().Add(patience)
	for check.Text == "" && time.Now().Before(deadline) { // it is counted once it has ended on both sides
		time.Sleep(5 * time.Millisecond)
		fact, check = used(plan(t, d, "llm_latency", nil))
	}
	if check.Text != "something uses proxy llm-upstream" || check.Answer != chaos.Passes || fact != "1,234 bytes of clients so far, in connections that have ended" {
		t.Errorf("afterwards: %q, %+v", fact, check)
	}
	fact, check = used(plan(t, d, "redis_outage", nil))
	want := event.Check{
		Text: "something uses proxy redis", Answer: chaos.Warns,
		Reason: "no connection through it has ended since Toxiproxy was started, while there were some through llm-upstream: perhaps nothing uses it, and the fault would change nothing; connections that are still open cannot be seen",
	}
	if check != want || fact != "none so far, in connections that have ended" {
		t.Errorf("of another proxy: %q, %+v", fact, check)
	}
	if p := plan(t, d, "redis_outage", nil); len(p.Refused()) > 0 {
		t.Errorf("refused: %+v", p.Refused())
	}
}

// What squall itself sends to is used, whatever the metrics say.
func TestProxyInFrontOfATarget(t *testing.T) {
	w := newWorld(t)
	at := w.listen("redis")
	for _, target := range []string{"http://" + at + "/webchat/webhook", "https://elsewhere.example.test"} {
		d := New(Config{URL: w.url(), Session: session, Targets: []*url.URL{parse(t, target)}})
		fact, check := used(plan(t, d, "redis_outage", nil))
		if behind := strings.Contains(target, at); behind != (check.Text != "") || behind != (fact == "what squall itself sends to "+at) {
			t.Errorf("%s: %q, %+v", target, fact, check)
		}
	}
	for listen, target := range map[string]string{"[::]:443": "https://proxies.example.test/x", "0.0.0.0:80": "http://PROXIES.example.test", ":8666": "http://proxies.example.test:8666"} {
		f := fault{driver: New(Config{URL: parse(t, "http://proxies.example.test:8474"), Targets: []*url.URL{parse(t, target)}})}
		if f.targetBehind(listen) == nil {
			t.Errorf("a proxy on %s is not in front of %s", listen, target)
		}
	}
	f := fault{driver: New(Config{URL: parse(t, "http://proxies.example.test:8474"), Targets: []*url.URL{parse(t, "http://gateway.example.test:8666")}})}
	for _, listen := range []string{"[::]:8666", "10.0.0.1:8666", "gateway.example.test:8667", "nonsense"} {
		if got := f.targetBehind(listen); got != nil {
			t.Errorf("a proxy on %s is in front of %s", listen, got)
		}
	}
}

// Metrics that cannot be read are no reason not to plan, and no sign that nothing uses the proxy.
func TestMetricsThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"an error":   {func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusInternalServerError) }, "HTTP 500"},
		"a web page": {func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "<html>Sign in</html>") }, "they are in no format of Prometheus"},
		"others":     {func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "go_goroutines 5\n") }, "name no proxy"},
		"nothing":    {func(http.ResponseWriter, *http.Request) {}, "name no proxy"},
		"silence":    {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			routes := w.server.Routes()
			front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/metrics" {
					c.answer(rw, r)
					return
				}
				routes.ServeHTTP(rw, r)
			}))
			defer front.Close()
			d := New(Config{URL: parse(t, front.URL), Session: session, Timeout: time.Second})
			fact, check := used(plan(t, d, "redis_outage", nil))
			if check.Text != "" || !strings.HasPrefix(fact, "not known: ") || !strings.Contains(fact, c.want) {
				t.Errorf("%q, %+v; want %q", fact, check, c.want)
			}
		})
	}
}
