package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
)

// happened makes one event of a run.
func happened(at float64, kind rundir.Kind, by, text string, data any) rundir.Event {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return rundir.Event{Time: began.Add(time.Duration(at * float64(time.Second))), At: at, Kind: kind, By: by, Text: text, Data: raw}
}

// faulty makes an event of a fault from the little that phases need.
func faulty(at float64, kind rundir.Kind, run int, title string) rundir.Event {
	id := strings.ReplaceAll(strings.ToLower(title), " ", "_")
	return happened(at, kind, "operator", title, rundir.Fault{Fault: id, Title: title, Run: run})
}

// drillLLM is an injection that is changed while it is on, taken back by its time, and recovered from.
func drillLLM(run int, from, to float64) []rundir.Event {
	f := rundir.Fault{
		Fault: "llm_latency", Title: "LLM latency", Run: run, Driver: "Toxiproxy", Summary: "3 s ± 500 ms", Scope: "proxy llm-upstream", Lasts: 40,
		Params: map[string]string{"latency": "3s", "jitter": "500ms", "for": "40s"},
	}
	on := f
	on.Facts = []chaos.Fact{{Name: "Toxiproxy", Text: "http://127.0.0.1:8474, version 2.12.0"}, {Name: "Proxy", Text: "llm-upstream, 127.0.0.1:9001 to llm.example.test:443"}, {Name: "Toxics of others", Text: "none"}}
	on.Checks = []chaos.Check{{Text: "the proxy is enabled"}, {Text: "steady state: objectives are green", Answer: chaos.Warns, Reason: "no objective has enough samples yet"}}
	changed := f
	changed.Summary, changed.Params = "5 s ± 500 ms", map[string]string{"latency": "5s", "jitter": "500ms", "for": "40s"}
	undo := f
	undo.Reason = "its time is up"
	back := f
	back.Seconds = 8
	expected := func(text string, v chaos.Verdict, reason string) rundir.Expected {
		return rundir.Expected{Fault: f.Fault, Title: f.Title, Run: run, Finding: chaos.Finding{Text: text, Verdict: v, Reason: reason}}
	}
	return []rundir.Event{
		happened(from, rundir.FaultOn, "operator", "LLM latency begins on proxy llm-upstream (3 s ± 500 ms)", on),
		happened(from+0.1, rundir.Expectation, "squall", "LLM latency, expected: HighLatencyLLM fires within 1 min: unknown", expected("HighLatencyLLM fires within 1 min", chaos.Unknown, "squall does not read alerts yet")),
		happened(from+0.3, rundir.FaultActive, "operator", "LLM latency is active on proxy llm-upstream for 40s", f),
		happened(from+10, rundir.FaultChanged, "operator", "LLM latency changed (5 s ± 500 ms)", changed),
		happened(to-0.4, rundir.FaultUndo, "squall", "LLM latency is taken back: its time is up", undo),
		happened(to, rundir.FaultOff, "squall", "LLM latency is taken back, and this was read back", undo),
		happened(to+8, rundir.FaultRecovered, "objectives", "LLM latency: objectives are green again, 8s after it was taken back", back),
		happened(to+8, rundir.Expectation, "squall", "LLM latency, expected: recovers within 2 min: held", expected("recovers within 2 min", chaos.Pass, "took 8 s")),
	}
}

// drillRedis is an injection that cannot be taken back; it overlaps with others.
func drillRedis(run int, from, undo float64) []rundir.Event {
	f := rundir.Fault{
		Fault: "redis_outage", Title: "Redis outage", Run: run, Driver: "Kubernetes", Summary: "scaled to 0", Scope: "statefulset xin-staging/redis", Lasts: 120,
		Params: map[string]string{"way": "scale", "for": "2m"},
	}
	on := f
	on.Facts = []chaos.Fact{
		{Name: "Context", Text: "staging-admin"},
		{Name: "Namespace", Text: "xin-staging"},
		{Name: "Pods", Text: "redis-0, redis-1"},
		{Name: "Disruption budgets", Text: "redis (minAvailable 1)"},
		{Name: "Autoscalers", Text: "none"},
	}
	on.Checks = []chaos.Check{{Text: "may patch statefulsets/scale in xin-staging"}, {Text: "may get pods in xin-staging"}}
	undone, stuck := f, f
	undone.Reason = "the operator asked for it"
	stuck.Reason = "statefulset xin-staging/redis has been changed since: found 3 replicas, the fault had left 0 replicas, it was 2 replicas before"
	stuck.Remedies = []string{"kubectl --context staging-admin -n xin-staging scale statefulset/redis --replicas=2"}
	return []rundir.Event{
		happened(from, rundir.FaultOn, "operator", "Redis outage begins on statefulset xin-staging/redis (scaled to 0)", on),
		happened(from+2.5, rundir.FaultActive, "operator", "Redis outage is active on statefulset xin-staging/redis for 2m", f),
		happened(undo, rundir.FaultUndo, "operator", "Redis outage is taken back: the operator asked for it", undone),
		happened(undo+30, rundir.FaultStuck, "squall", "Redis outage could not be taken back: "+stuck.Reason, stuck),
		happened(undo+30, rundir.Expectation, "squall", "Redis outage, expected: recovers within 2 min: failed", rundir.Expected{
			Fault: f.Fault, Title: f.Title, Run: run, Finding: chaos.Finding{Text: "recovers within 2 min", Verdict: chaos.Fail, Reason: "the fault could not be taken back"},
		}),
	}
}

// drillSpike is the channel spike, with the spike that it sets off, and pods that follow it.
func drillSpike(run int, from, to float64) []rundir.Event {
	f := rundir.Fault{
		Fault: "channel_spike", Title: "Channel spike", Run: run, Driver: "load generator", Summary: "250 VUs → 1,250 VUs", Scope: "all channels", Lasts: to - from,
		Params: map[string]string{"factor": "5", "users": "0", "for": "1m"},
	}
	undo := f
	undo.Reason = "the operator asked for it"
	pods := func(at float64, ready, wanted int) rundir.Event {
		return happened(at, rundir.Scaled, "autoscaler", fmt.Sprintf("deployment xin-staging/gateway: %d of %d pods ready (autoscaler 2 to 8)", ready, wanted),
			rundir.Scale{Workload: "deployment xin-staging/gateway", Ready: ready, Wanted: wanted, Min: 2, Max: 8})
	}
	return []rundir.Event{
		pods(0.4, 2, 2),
		happened(0.4, rundir.Scaled, "autoscaler", "deployment xin-staging/orchestrator: 2 of 2 pods ready", rundir.Scale{Workload: "deployment xin-staging/orchestrator", Ready: 2, Wanted: 2, Min: 2, Max: 8}),
		happened(from, rundir.FaultOn, "operator", "Channel spike begins on all channels (250 VUs → 1,250 VUs)", f),
		happened(from, rundir.SpikeOn, "faults", "Spike begins: 250 VUs → 1,250 VUs", nil),
		happened(from, rundir.FaultActive, "operator", "Channel spike is active on all channels for 1m", f),
		pods(from+12.6, 2, 4), pods(from+19, 4, 4), pods(from+27.6, 4, 8), pods(from+36, 6, 8), pods(from+41, 8, 8),
		happened(to, rundir.FaultUndo, "operator", "Channel spike is taken back: the operator asked for it", undo),
		happened(to, rundir.SpikeOff, "faults", "Spike ends: 1,250 VUs → 250 VUs", nil),
		happened(to, rundir.FaultOff, "squall", "Channel spike is taken back, and this was read back", undo),
		pods(to+40, 8, 2), pods(to+44, 2, 2),
		happened(to, rundir.Expectation, "squall", "Channel spike, expected: every autoscaler reaches its maximum: failed", rundir.Expected{
			Fault: f.Fault, Title: f.Title, Run: run, Finding: chaos.Finding{Text: "every autoscaler reaches its maximum", Verdict: chaos.Fail, Reason: "orchestrator 2 of 8 pods"},
		}),
	}
}

// refusedDrill is a fault that was never begun.
func refusedDrill(at float64) rundir.Event {
	return happened(at, rundir.FaultRefused, "operator", "Qdrant throttle was not injected: it carries a foreign qdisc", rundir.Fault{
		Fault: "qdrant_throttle", Title: "Qdrant throttle", Driver: "Kubernetes", Scope: "2 pods of qdrant", Reason: "eth0 of qdrant-0 carries a foreign qdisc: remove it first",
		Checks: []chaos.Check{
			{Text: "may create pods/exec in xin-staging"},
			{Text: "no foreign qdisc", Answer: chaos.Refuses, Reason: "eth0 of qdrant-0 carries a foreign qdisc: remove it first"},
			{Text: "may patch pods/ephemeralcontainers in xin-staging", Answer: chaos.Refuses, Reason: "not allowed to squall-staging"},
		},
	})
}

// slowBetween slows the gateway down in a stretch of seconds.
func slowBetween(from, to int, times float64) func(int) float64 {
	return func(i int) float64 {
		if i >= from && i < to {
			return times
		}
		return 1
	}
}

// drills is a run in which everything happens: a fault that recovers and comes again, one that
// overlaps and is stuck, a spike with pods that follow, a refusal.
func drills() synthetic {
	var events []rundir.Event
	events = append(events, drillLLM(1, 30, 70)...)
	events = append(events, drillSpike(2, 100.4, 160.6)...)
	events = append(events, refusedDrill(90))
	events = append(events, drillLLM(3, 172, 190)...)
	events = append(events, drillRedis(4, 180, 198)...)
	return synthetic{
		events: events, quiet: true, slow: func(i int) float64 {
			return slowBetween(30, 78, 12)(i) * slowBetween(101, 161, 5)(i) * slowBetween(172, 190, 20)(i) * slowBetween(182, 240, 2)(i)
		},
		leftOver: []string{"statefulset xin-staging/redis was left behind: it has been changed since; to put it back: kubectl --context staging-admin -n xin-staging scale statefulset/redis --replicas=2"},
	}
}

// killedDrills is a run that was killed with two faults on, and their records in its ledger.
func killedDrills() synthetic {
	var events []rundir.Event
	events = append(events, drillLLM(1, 30, 70)[:4]...)
	events = append(events, drillRedis(2, 44, 60)[:2]...)
	return synthetic{events: events, quiet: true, killed: true, seconds: 58, slow: slowBetween(30, 58, 12)}
}

// withLedger puts a ledger with open records beside a run.
func withLedger(t *testing.T, dir string, objects ...string) string {
	t.Helper()
	l, err := chaos.OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if _, err := l.Intend("toxic", o, map[string]string{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// settleLedger closes what a ledger holds, as squall recover does.
func settleLedger(t *testing.T, dir string) {
	t.Helper()
	l, err := chaos.OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range l.Open() {
		if err := l.Close(r.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}

// cutFile shortens a file of a run to a number of bytes.
func cutFile(t *testing.T, dir, name string, size int) {
	t.Helper()
	if err := os.Truncate(filepath.Join(dir, name), int64(size)); err != nil {
		t.Fatal(err)
	}
}
