package tui

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// fakeChaos is the faults of a scripted session. Nothing is applied; states move as they would.
type fakeChaos struct {
	faults    []session.FaultState
	protected bool
	runs      int

	preflight func(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error) // nil: fakePlan
}

// fakeInfos are faults as the drivers describe them.
func fakeInfos() []chaos.Info {
	recovers := chaos.Expectation{Signal: event.Recovers, Within: 2 * time.Minute, Text: "recovers within 2 min"}
	return []chaos.Info{
		{
			ID: "llm_latency", Title: "LLM latency", Driver: "Toxiproxy",
			Summary: "Slows the answers of the LLM provider, and can fail some of them.",
			Params: []chaos.Param{
				{Name: "latency", Label: "Latency", Type: chaos.Duration, Default: "3s", Max: 60, Live: true, Help: "added to each answer"},
				{Name: "jitter", Label: "Jitter", Type: chaos.Duration, Default: "500ms", Max: 60, Live: true, Help: "more or less than that"},
				{Name: "errors", Label: "Errors", Type: chaos.Choice, Default: "none", Choices: []string{"none", "timeout", "reset"}, Help: "what fails: none, timeout or reset"},
				{Name: "share", Label: "Share", Type: chaos.Percent, Default: "10", When: "errors=timeout|reset", Live: true, Help: "of the connections that fail"},
				{Name: "toxicity", Label: "Connections", Type: chaos.Percent, Default: "100", Help: "that are slowed"},
				{Name: "proxy", Label: "Proxy", Type: chaos.Text, Default: "llm-upstream", Help: "as Toxiproxy names it"},
				chaos.TTLParam(10*time.Minute, "UPTIME_SECONDS"),
			},
			Expect: []chaos.Expectation{{Signal: event.CounterIncreases, Text: "falls back to another model"}, {Signal: event.AlertFires, Text: "HighLatencyLLM fires within 2 min"}, recovers},
		},
		{
			ID: "redis_outage", Title: "Redis outage", Driver: "Kubernetes", Summary: "Evicts the pods of Redis, or holds them down.",
			Params: []chaos.Param{
				{Name: "way", Label: "Way", Type: chaos.Choice, Default: "evict", Choices: []string{"evict", "delete", "scale"}, Help: "evict, delete or scale"},
				{Name: "replicas", Label: "Replicas", Type: chaos.Whole, Default: "0", Max: 10, When: "way=scale", Help: "while it lasts"},
				chaos.TTLParam(2*time.Minute, "DISRUPTION_SECONDS"),
			},
			Expect: []chaos.Expectation{recovers, {Signal: event.MetricBelow, Text: "queue depth stays below 50"}},
		},
		{
			ID: "qdrant_throttle", Title: "Qdrant throttle", Driver: "Kubernetes", Summary: "Slows and thins the network of Qdrant's pods.",
			Params: []chaos.Param{
				{Name: "delay", Label: "Delay", Type: chaos.Duration, Default: "800ms", Max: 60, Live: true, Help: "of each packet"},
				{Name: "loss", Label: "Loss", Type: chaos.Percent, Default: "5", Live: true, Help: "of packets"},
				chaos.TTLParam(5*time.Minute, "DURATION_SECONDS"),
			},
			Expect: []chaos.Expectation{recovers},
		},
		{
			ID: "channel_spike", Title: "Channel spike", Driver: "load generator", Summary: "Sends several times the load while autoscalers are watched.",
			Params: []chaos.Param{
				{Name: "factor", Label: "Factor", Type: chaos.Number, Default: "5", Min: 1, Max: 100, Unit: "times", Live: true, Help: "of the load"},
				chaos.TTLParam(5*time.Minute, "DURATION"),
			},
			Expect: []chaos.Expectation{{Signal: event.Scales, Text: "gateway scales to 8 pods"}, recovers},
		},
	}
}

func newFakeChaos() fakeChaos {
	c := fakeChaos{}
	summaries := []string{"3 s ± 500 ms", "evict 2 pods", "800 ms, 5 % loss", "5× for 5 min"}
	for i, info := range fakeInfos() {
		given, err := chaos.Complete(info.Params, nil)
		if err != nil {
			panic(err)
		}
		c.faults = append(c.faults, session.FaultState{Status: chaos.Status{Info: info, Overrides: given, Summary: summaries[i]}})
	}
	return c
}

// fakePlan is what the target answers.
func fakePlan(id string, p chaos.Params) chaos.Plan {
	if id == "llm_latency" {
		return chaos.Plan{
			Scope: "proxy llm-upstream", Params: p["latency"] + " ± " + p["jitter"],
			Facts: []chaos.Fact{{Name: "Toxiproxy", Text: "http://127.0.0.1:8474, version 2.12.0"}, {Name: "Proxy", Text: "llm-upstream, 127.0.0.1:9001 → llm.example:443"}, {Name: "Toxics there", Text: "1 of somebody else: it stays"}},
			Checks: []chaos.Check{
				{Text: "the proxy is enabled"},
				{Text: "a toxic can be added and removed"},
				{Text: "objectives are green", Answer: chaos.Warns, Reason: "automation p95 < 1.5 s is unknown: too few requests"},
			},
			Steps: []chaos.Step{{Command: "toxiproxy-cli toxic add -t latency -a latency=3000 -a jitter=500 llm-upstream"}},
		}
	}
	if id == session.SpikeFault {
		return chaos.Plan{Scope: "all channels", Params: p["factor"] + "×"}
	}
	return chaos.Plan{
		Scope: "2 pods of redis", Params: p["way"] + " 2 pods", OneShot: p["way"] == "evict",
		Facts: []chaos.Fact{
			{Name: "Context", Text: "xin-staging-admin"},
			{Name: "Namespace", Text: "xin-staging"},
			{Name: "Workload", Text: "statefulset redis, 2 of 2 ready"},
			{Name: "Pods", Text: "redis-0, redis-1"},
			{Name: "Budget", Text: "redis: at least 1 available; 1 may be disrupted now"},
			{Name: "Autoscaler", Text: "none"},
		},
		Checks: []chaos.Check{
			{Text: "may create pods/eviction in xin-staging"},
			{Text: "may get statefulsets in xin-staging"},
			{Text: "may list pods in xin-staging"},
			{Text: "namespace xin-staging is on the allow list"},
		},
	}
}

func (s *fakeSession) faultOf(id string) *session.FaultState {
	i := slices.IndexFunc(s.chaos.faults, func(f session.FaultState) bool { return f.Info.ID == id })
	return &s.chaos.faults[i]
}

func refOf(f *session.FaultState) event.Injection {
	return event.Injection{Fault: f.Info.ID, Title: f.Info.Title, Run: f.Run}
}

// applied lets a fault that was asked for become active.
func (s *fakeSession) applied(id string, lasts time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inject(s.faultOf(id), lasts)
}

// inject applies a fault. One that lasts 0 goes on until it is ended.
func (s *fakeSession) inject(f *session.FaultState, lasts time.Duration) {
	plan := fakePlan(f.Info.ID, f.Overrides)
	s.chaos.runs++
	f.State, f.Run, f.Params, f.Scope, f.Findings = chaos.Active, s.chaos.runs, f.Overrides, plan.Scope, nil
	f.Injected, f.Until = s.started.Add(s.elapsed), time.Time{}
	if lasts > 0 {
		f.Until = f.Injected.Add(lasts)
	}
	for _, x := range f.Info.Expect {
		f.Findings = append(f.Findings, event.Finding{Signal: x.Signal, Text: x.Text})
	}
	s.event(event.RoleOperator, event.FaultStarted{Injection: refOf(f), Scope: f.Scope, Summary: f.Summary, Params: f.Overrides})
	s.event(event.RoleOperator, event.FaultActive{Injection: refOf(f), Scope: f.Scope, TTL: lasts.Seconds()})
}

// undone lets a fault be off, and the clock of the recovery run.
func (s *fakeSession) undone(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reverted(s.faultOf(id))
}

func (s *fakeSession) reverted(f *session.FaultState) {
	f.State, f.Params, f.Until, f.Reverted = chaos.Idle, nil, time.Time{}, s.started.Add(s.elapsed)
	f.Recovery = session.TimeToGreen{Watching: true, Goal: 2 * time.Minute}
	s.event(event.RoleSquall, event.FaultReverted{Injection: refOf(f)})
}

// recovered stops the clock.
func (s *fakeSession) recovered(id string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faultOf(id)
	f.Recovery = session.TimeToGreen{Done: true, Took: took, Goal: 2 * time.Minute}
	s.event(event.RoleObjectives, event.PlatformRecovered{Injection: refOf(f), Seconds: took.Seconds()})
	for i := range f.Findings {
		f.Findings[i].Verdict, f.Findings[i].Reason = event.ExpectationMet, "seen"
		if i == 1 {
			f.Findings[i].Verdict, f.Findings[i].Reason = event.ExpectationUnknown, "no Alertmanager is configured"
		}
		s.event(event.RoleSquall, event.ExpectationDecided{Injection: refOf(f), Finding: f.Findings[i]})
	}
}

// left lets an undo fail.
func (s *fakeSession) left(id string, moved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faultOf(id)
	f.State, f.Conflict = chaos.NotReverted, moved
	f.Detail = "scale statefulset xin-staging/redis: connection refused"
	f.Remedies = []string{
		"kubectl --context xin-staging-admin -n xin-staging scale statefulset redis --replicas=2 --timeout=60s --request-timeout=10s",
		`kubectl --context xin-staging-admin -n xin-staging annotate statefulset redis squall.xinbot.ir/undo='{"replicas": 2}' --overwrite`,
	}
	s.event(event.RoleSquall, event.FaultNotReverted{Injection: refOf(f), Reason: f.Detail, Remedies: f.Remedies})
}

// scaled moves the pods of the gateway.
func (s *fakeSession) scaled(ready, wanted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.podsOf("gateway", ready, wanted)
	if len(s.line.Workloads) == 1 {
		s.podsOf("orchestrator", 2, 2)
	}
}

// pods moves those of a workload.
func (s *fakeSession) pods(workload string, ready, wanted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.podsOf(workload, ready, wanted)
}

func (s *fakeSession) podsOf(workload string, ready, wanted int) {
	s.event(event.RoleKubernetes, event.WorkloadScaled{Workload: "deployment xin-staging/" + workload, Ready: ready, Wanted: wanted, Min: 2, Max: 8})
}

func (s *fakeSession) Preflight(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error) {
	s.mu.Lock()
	ask := s.chaos.preflight
	s.mu.Unlock()
	if ask != nil {
		return ask(ctx, fault, p)
	}
	return fakePlan(fault, p), nil
}

func (s *fakeSession) DryRun(_ context.Context, fault string, p chaos.Params) (chaos.Plan, []chaos.Check, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "dry run "+fault+" "+paramsText(p))
	return fakePlan(fault, p), []chaos.Check{{Text: "add toxic squall-1f2e-llm to proxy llm-upstream", Answer: chaos.Warns, Reason: "Toxiproxy has no dry run"}}, nil
}

// carryOutFault does what a command about a fault asks for.
func (s *fakeSession) carryOutFault(c command.Command) {
	switch c := c.(type) {
	case command.Inject:
		f := s.faultOf(c.Fault)
		f.State, f.Overrides = chaos.Checking, c.Params
	case command.Adjust:
		f := s.faultOf(c.Fault)
		f.Params = f.Params.With(c.Params)
	case command.Revert:
		f := s.faultOf(c.Fault)
		f.State = chaos.Reverting
		if f.Run > 0 {
			s.event(event.RoleOperator, event.FaultReverting{Injection: refOf(f), Cause: event.CauseAsked})
		}
	case command.Decide:
		s.faultOf(c.Fault).State = chaos.Reverting
	}
}

// paramsText writes parameters in a fixed order.
func paramsText(p chaos.Params) string {
	parts := make([]string, 0, len(p))
	for _, name := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, name+"="+p[name])
	}
	return strings.Join(parts, ",")
}
