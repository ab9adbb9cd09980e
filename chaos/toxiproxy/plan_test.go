package toxiproxy

import (
	"encoding/json"
	"net"
	"reflect"
	"strings"
	"testing"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

func said(p chaos.Plan, answer event.Answer) string {
	var texts []string
	for _, c := range p.Checks {
		if c.Answer == answer {
			texts = append(texts, c.Text+": "+c.Reason)
		}
	}
	return strings.Join(texts, "\n")
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}

func TestPlanSaysWhatItSaw(t *testing.T) {
	w := newWorld(t)
	w.theirs("llm-upstream", "theirs")
	p := plan(t, w.driver(), "llm_latency", chaos.Params{"errors": "reset", "toxicity": "25"})
	var facts []string
	for _, f := range p.Facts {
		facts = append(facts, f.Name+": "+f.Text)
	}
	want := []string{
		"Toxiproxy: http://" + w.address + "",
		"Proxy: llm-upstream",
		"Listens on: " + w.listen("llm-upstream"),
		"Upstream: " + w.client("llm-upstream").Upstream,
		"State: on",
		"Toxics on it: theirs (slow_close downstream)",
		"Traffic: not known: this Toxiproxy shows no metrics: it does when it is started with -proxy-metrics",
		"Will add: latency downstream jitter=500 latency=3000 for 0.25 of connections, as squall-1f2e3d4c-llm_latency-latency-downstream",
		"Will add: reset_peer downstream timeout=0 for 0.25 of connections, as squall-1f2e3d4c-llm_latency-reset_peer-downstream",
		"If squall dies: the guard of the run takes it off; Toxiproxy has no expiry",
	}
	if !reflect.DeepEqual(facts, want) {
		t.Errorf("facts\n%s\nwant\n%s", strings.Join(facts, "\n"), strings.Join(want, "\n"))
	}
	if p.Scope != "proxy llm-upstream" || p.Params != "3 s ± 500 ms, resets, 25 % of connections" || p.OneShot {
		t.Errorf("%q, %q", p.Scope, p.Params)
	}
	contains(t, said(p, chaos.Warns), "theirs (slow_close downstream)")
	for i, kind := range []string{"latency", "reset_peer"} {
		if want := "toxic squall-1f2e3d4c-llm_latency-" + kind + "-downstream on proxy llm-upstream"; p.Steps[i].Object != want || p.Steps[i].Kind != "toxic" {
			t.Errorf("step %q, want %q", p.Steps[i].Object, want)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	w := newWorld(t)
	d := w.driver()
	refused := func(id string, given chaos.Params, parts ...string) {
		t.Helper()
		p := plan(t, d, id, given)
		contains(t, said(p, chaos.Refuses), parts...)
	}
	refused("llm_latency", chaos.Params{"proxy": "lm"}, "there is no proxy lm", "it has crm, llm-upstream, qdrant, redis")
	refused("llm_latency", chaos.Params{"latency": "0s"}, "nothing would change")
	refused("qdrant_throttle", chaos.Params{"latency": "0s"}, "nothing would change")

	must(t, w.client("redis").Disable())
	refused("redis_outage", nil, "somebody switched it off", `curl -d '{"enabled":true}' http://`+w.address+"/proxies/redis")
	p := plan(t, d, "redis_outage", chaos.Params{"way": "slow"})
	contains(t, said(p, chaos.Warns), "somebody switched it off")
	if len(p.Refused()) > 0 {
		t.Errorf("refused %+v", p.Refused())
	}
	must(t, w.client("redis").Enable())

	other := New(Config{URL: w.url(), Session: "0aaa0000"})
	apply(t, plan(t, other, "redis_outage", nil))
	refused("redis_outage", nil, "session 0aaa0000 of squall (redis_outage) switched it off")
	p = plan(t, d, "redis_outage", chaos.Params{"way": "hang"})
	contains(t, said(p, chaos.Refuses), "squall recover", "toxic remove -n squall-0aaa0000-redis_outage-off-downstream redis")

	for session, want := range map[string]string{"": "must be lower-case letters and digits", "A-b": "must be lower-case"} {
		_, err := tryPlan(t, New(Config{URL: w.url(), Session: session}), "redis_outage", nil)
		wantError(t, err, want)
	}
	w.api.Close()
	_, err := tryPlan(t, d, "redis_outage", nil)
	wantError(t, err, "read version of Toxiproxy at http://"+w.address)
}

// Toxics of other sessions and other people outlive ours, whatever order they go in.
func TestOthersAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	mine, other := w.driver(), New(Config{URL: w.url(), Session: "0aaa0000"})
	a, b := plan(t, mine, "llm_latency", nil), plan(t, other, "llm_latency", nil) // both look before either injects
	apply(t, a)
	w.theirs("llm-upstream", "squall-by-hand")
	apply(t, b)
	if errs := undo(t, a); len(errs) > 0 {
		t.Fatal(errs)
	}
	var names []string
	for _, toxic := range w.client("llm-upstream").ActiveToxics {
		names = append(names, toxic.Name)
	}
	if want := []string{"squall-by-hand", "squall-0aaa0000-llm_latency-latency-downstream"}; !reflect.DeepEqual(names, want) {
		t.Errorf("left are %q, want %q", names, want)
	}
}

// Undo makes its peace with what others did meanwhile.
func TestUndoAfterOthers(t *testing.T) {
	w := newWorld(t)
	d := w.driver()
	p := plan(t, d, "redis_outage", nil)
	apply(t, p)
	must(t, w.client("redis").Enable())
	proxy := w.client("redis")
	must(t, proxy.RemoveToxic("squall-1f2e3d4c-redis_outage-off-downstream"))
	proxy = w.client("redis")
	// The driver is told to listen elsewhere: that is none of its business.
	free, err := net.Listen("tcp", loopback())
	must(t, err)
	proxy.Listen = free.Addr().String()
	must(t, free.Close())
	must(t, proxy.Save())
	before := w.state()
	if errs := undo(t, p); len(errs) > 0 || !reflect.DeepEqual(w.state(), before) {
		t.Errorf("errors %v, state %v", errs, w.state())
	}
	p = plan(t, d, "redis_outage", nil)
	apply(t, p)
	must(t, w.client("redis").Delete())
	if errs := undo(t, p); len(errs) > 0 {
		t.Error(errs)
	}
	wantError(t, p.Steps[0].Apply(t.Context()), "HTTP 404: proxy not found")
	wantError(t, p.Steps[1].Apply(t.Context()), "HTTP 404: proxy not found")
}

// A toxic of our name with another type is not what was asked for.
func TestToxicIsReadBack(t *testing.T) {
	w := newWorld(t)
	p := plan(t, w.driver(), "llm_latency", nil)
	name := "squall-1f2e3d4c-llm_latency-latency-downstream"
	_, err := w.client("llm-upstream").AddToxic(name, "bandwidth", "downstream", 1, client.Attributes{"rate": 100})
	must(t, err)
	wantError(t, p.Steps[0].Apply(t.Context()), "add toxic "+name+" to proxy llm-upstream: read back, its type is bandwidth, not latency")
	if errs := undo(t, p); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestRecordsRoundTrip(t *testing.T) {
	w := newWorld(t)
	for _, step := range plan(t, w.driver(), "redis_outage", nil).Steps {
		raw, err := json.Marshal(step.Undo)
		must(t, err)
		var back any
		if step.Kind == KindToxic {
			back, err = readToxic(raw)
		} else {
			back, err = readProxy(raw)
		}
		if err != nil || !reflect.DeepEqual(back, step.Undo) {
			t.Errorf("%+v (%v), want %+v", back, err, step.Undo)
		}
	}
}
