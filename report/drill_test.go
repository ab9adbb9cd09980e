package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

// happened makes one event of a run.
func happened(at float64, by event.Role, data any) event.Event {
	return event.Make(began.Add(time.Duration(at*float64(time.Second))), at, event.By(by), data)
}

// inject names the little of an injection that phases need.
func inject(run int, title string) event.Injection {
	return event.Injection{Fault: strings.ReplaceAll(strings.ToLower(title), " ", "_"), Title: title, Run: run}
}

// on and off are the bounds of a fault.
func on(at float64, run int, title string) event.Event {
	return happened(at, event.RoleOperator, event.FaultStarted{Injection: inject(run, title)})
}

func off(at float64, run int, title string) event.Event {
	return happened(at, event.RoleSquall, event.FaultReverted{Injection: inject(run, title)})
}

// expected is a decided expectation.
func expected(at float64, i event.Injection, signal event.Signal, text string, v event.ExpectationVerdict, reason string) event.Event {
	return happened(at, event.RoleSquall, event.ExpectationDecided{Injection: i, Finding: event.Finding{Signal: signal, Text: text, Verdict: v, Reason: reason}})
}

// drillLLM is an injection that is changed while it is on, reverted by its time, and recovered from.
func drillLLM(run int, from, to float64) []event.Event {
	const scope = "proxy llm-upstream"
	i := inject(run, "LLM latency")
	return []event.Event{
		happened(from, event.RoleOperator, event.FaultStarted{
			Injection: i, Driver: "Toxiproxy", Summary: "3 s ± 500 ms", Scope: scope, TTL: 40,
			Params: map[string]string{"latency": "3s", "jitter": "500ms", "for": "40s"},
			Facts:  []event.Fact{{Name: "Toxiproxy", Text: "http://127.0.0.1:8474, version 2.12.0"}, {Name: "Proxy", Text: "llm-upstream, 127.0.0.1:9001 to llm.example.test:443"}, {Name: "Toxics of others", Text: "none"}},
			Checks: []event.Check{{Text: "the proxy is enabled"}, {Text: "steady state: objectives are green", Answer: event.Warns, Reason: "no objective has enough samples yet"}},
		}),
		expected(from+0.1, i, event.AlertFires, "HighLatencyLLM fires within 1 min", event.ExpectationUnknown, "squall does not read alerts yet"),
		happened(from+0.3, event.RoleOperator, event.FaultActive{Injection: i, Scope: scope, TTL: 40}),
		happened(from+10, event.RoleOperator, event.FaultChanged{
			Injection: i, Summary: "5 s ± 500 ms", Scope: scope, TTL: 40, Params: map[string]string{"latency": "5s", "jitter": "500ms", "for": "40s"},
			Changes: []event.ParamChange{{Name: "latency", Label: "Latency", From: "3 s", To: "5 s"}},
		}),
		happened(to-0.4, event.RoleSquall, event.FaultReverting{Injection: i, Cause: event.CauseTimeUp}),
		happened(to, event.RoleSquall, event.FaultReverted{Injection: i, Cause: event.CauseTimeUp}),
		happened(to+1, event.RoleSquall, event.EffectJudged{
			Injection: i, Effect: event.EffectSeen, Before: 30, During: to - from, Tolerance: 0.05, Judged: []string{"Gateway"}, More: 2,
			Moved: []event.Movement{{What: "Gateway p95", Unit: "µs", Before: 290_000, During: 3_100_000}, {What: "Gateway failed", Unit: "share", Before: 0, During: 0.02}},
		}),
		happened(to+8, event.RoleObjectives, event.PlatformRecovered{Injection: i, Seconds: 8}),
		expected(to+8, i, event.Recovers, "recovers within 2 min", event.ExpectationMet, "took 8 s"),
	}
}

// drillRedis is an injection that cannot be reverted; it overlaps with others.
func drillRedis(run int, from, undo float64) []event.Event {
	const scope = "statefulset xin-staging/redis"
	i := inject(run, "Redis outage")
	return []event.Event{
		happened(from, event.RoleOperator, event.FaultStarted{
			Injection: i, Driver: "Kubernetes", Summary: "scaled to 0", Scope: scope, TTL: 120,
			Params: map[string]string{"way": "scale", "for": "2m"},
			Facts: []event.Fact{
				{Name: "Context", Text: "staging-admin"},
				{Name: "Namespace", Text: "xin-staging"},
				{Name: "Pods", Text: "redis-0, redis-1"},
				{Name: "Disruption budgets", Text: "redis (minAvailable 1)"},
				{Name: "Autoscalers", Text: "none"},
			},
			Checks: []event.Check{{Text: "may patch statefulsets/scale in xin-staging"}, {Text: "may get pods in xin-staging"}},
		}),
		happened(from+2.5, event.RoleOperator, event.FaultActive{Injection: i, Scope: scope, TTL: 120}),
		happened(undo, event.RoleOperator, event.FaultReverting{Injection: i, Cause: event.CauseAsked}),
		happened(undo+30, event.RoleSquall, event.FaultNotReverted{
			Injection: i, Reason: "statefulset xin-staging/redis has been changed since: found 3 replicas, the fault had left 0 replicas, it was 2 replicas before",
			Remedies: []string{"kubectl --context staging-admin -n xin-staging scale statefulset/redis --replicas=2"},
		}),
		expected(undo+30, i, event.Recovers, "recovers within 2 min", event.ExpectationFailed, "the fault could not be reverted"),
	}
}

// drillSpike is the channel spike, and pods that follow it.
func drillSpike(run int, from, to float64) []event.Event {
	i := inject(run, "Channel spike")
	pods := func(at float64, ready, wanted int) event.Event {
		return happened(at, event.RoleKubernetes, event.WorkloadScaled{Workload: "deployment xin-staging/gateway", Ready: ready, Wanted: wanted, Min: 2, Max: 8})
	}
	return []event.Event{
		pods(0.4, 2, 2),
		happened(0.4, event.RoleKubernetes, event.WorkloadScaled{Workload: "deployment xin-staging/orchestrator", Ready: 2, Wanted: 2, Min: 2, Max: 8}),
		happened(from, event.RoleOperator, event.FaultStarted{
			Injection: i, Driver: "load generator", Summary: "250 VUs → 1,250 VUs", Scope: "all channels", TTL: to - from,
			Params: map[string]string{"factor": "5", "users": "0", "for": "1m"},
		}),
		happened(from, event.RoleOperator, event.FaultActive{Injection: i, Scope: "all channels", TTL: 60}),
		pods(from+12.6, 2, 4), pods(from+19, 4, 4), pods(from+27.6, 4, 8), pods(from+36, 6, 8), pods(from+41, 8, 8),
		happened(to, event.RoleOperator, event.FaultReverting{Injection: i, Cause: event.CauseAsked}),
		happened(to, event.RoleSquall, event.FaultReverted{Injection: i, Cause: event.CauseAsked}),
		pods(to+40, 8, 2), pods(to+44, 2, 2),
		expected(to, i, event.Scales, "every autoscaler reaches its maximum", event.ExpectationFailed, "orchestrator 2 of 8 pods"),
	}
}

// refusedDrill is a fault that was never begun.
func refusedDrill(at float64) event.Event {
	return happened(at, event.RoleOperator, event.FaultRefused{
		Injection: inject(0, "Qdrant throttle"), Driver: "Kubernetes", Scope: "2 pods of qdrant", Reason: "eth0 of qdrant-0 carries a foreign qdisc: remove it first",
		Checks: []event.Check{
			{Text: "may create pods/exec in xin-staging"},
			{Text: "no foreign qdisc", Answer: event.Refuses, Reason: "eth0 of qdrant-0 carries a foreign qdisc: remove it first"},
			{Text: "may patch pods/ephemeralcontainers in xin-staging", Answer: event.Refuses, Reason: "not allowed to squall-staging"},
		},
	})
}

// drills is a run in which everything happens: a fault that recovers and comes again, one that
// overlaps and is stuck, a spike with pods that follow, a refusal.
func drills() synthetic {
	var events []event.Event
	events = append(events, drillLLM(1, 30, 70)...)
	events = append(events, drillSpike(2, 100.4, 160.6)...)
	events = append(events, refusedDrill(90))
	events = append(events, drillLLM(3, 172, 190)...)
	events = append(events, drillRedis(4, 180, 198)...)
	return synthetic{
		events: events, quiet: true, slow: slowdowns{{30, 78, 12}, {101, 161, 5}, {172, 190, 20}, {182, 240, 2}},
		leftOver: []string{"statefulset xin-staging/redis is not reverted: it has been changed since; to revert it: kubectl --context staging-admin -n xin-staging scale statefulset/redis --replicas=2"},
	}
}

// killedDrills is a run that was killed with two faults on, and their records in its ledger.
func killedDrills() synthetic {
	var events []event.Event
	events = append(events, drillLLM(1, 30, 70)[:4]...)
	events = append(events, drillRedis(2, 44, 60)[:2]...)
	return synthetic{events: events, quiet: true, killed: true, seconds: 58, slow: slowdowns{{30, 58, 12}}}
}

// withLedger puts a ledger with open records beside a run.
func withLedger(t *testing.T, dir string, objects ...string) string {
	t.Helper()
	l, err := chaos.OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if _, err := l.Record("toxic", o, map[string]string{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// settleLedger closes what a ledger holds, as squall recover does.
func settleLedger(t *testing.T, dir string) {
	t.Helper()
	l, err := chaos.OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range l.Unresolved() {
		if err := l.Resolve(r.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
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
