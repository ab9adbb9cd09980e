package tui

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
)

// fakeChaos is the faults of a scripted session. Nothing is applied; states move as they would.
type fakeChaos struct {
	faults    []session.FaultState
	scaling   []session.Scaling
	protected bool
	runs      int

	preflight func(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error) // nil: fakePlan
}

// fakeInfos are faults as the drivers describe them.
func fakeInfos() []chaos.Info {
	recovers := chaos.Expectation{Sight: chaos.Recovers, Within: 2 * time.Minute, Text: "recovers within 2 min"}
	return []chaos.Info{
		{
			ID: "llm_latency", Title: "LLM latency", Driver: "Toxiproxy",
			Summary: "Slows the answers of the LLM provider, and can fail some of them.",
			Params: []chaos.Param{
				{Name: "latency", Label: "Latency", Type: chaos.Duration, Default: "3s", Max: 60, Live: true, Help: "added to each answer"},
				{Name: "jitter", Label: "Jitter", Type: chaos.Duration, Default: "500ms", Max: 60, Live: true, Help: "more or less than that"},
				{Name: "errors", Label: "Errors", Type: chaos.Choice, Default: "none", Choices: []string{"none", "timeout", "reset"}, Help: "what fails: none, timeout or reset"},
				{Name: "share", Label: "Share", Type: chaos.Percent, Default: "10", Only: "errors=timeout|reset", Live: true, Help: "of the connections that fail"},
				{Name: "toxicity", Label: "Connections", Type: chaos.Percent, Default: "100", Help: "that are slowed"},
				{Name: "proxy", Label: "Proxy", Type: chaos.Text, Default: "llm-upstream", Help: "as Toxiproxy names it"},
				chaos.Lasts(10*time.Minute, "UPTIME_SECONDS"),
			},
			Expect: []chaos.Expectation{{Sight: chaos.FallsBack, Text: "falls back to another model"}, {Sight: chaos.Alerts, Text: "HighLatencyLLM fires within 2 min"}, recovers},
		},
		{
			ID: "redis_outage", Title: "Redis outage", Driver: "Kubernetes", Summary: "Evicts the pods of Redis, or holds them down.",
			Params: []chaos.Param{
				{Name: "way", Label: "Way", Type: chaos.Choice, Default: "evict", Choices: []string{"evict", "delete", "scale"}, Help: "evict, delete or scale"},
				{Name: "replicas", Label: "Replicas", Type: chaos.Whole, Default: "0", Max: 10, Only: "way=scale", Help: "while it lasts"},
				chaos.Lasts(2*time.Minute, "DISRUPTION_SECONDS"),
			},
			Expect: []chaos.Expectation{recovers, {Sight: chaos.StaysLow, Text: "queue depth stays below 50"}},
		},
		{
			ID: "qdrant_throttle", Title: "Qdrant throttle", Driver: "Kubernetes", Summary: "Slows and thins the network of Qdrant's pods.",
			Params: []chaos.Param{
				{Name: "delay", Label: "Delay", Type: chaos.Duration, Default: "800ms", Max: 60, Live: true, Help: "of each packet"},
				{Name: "loss", Label: "Loss", Type: chaos.Percent, Default: "5", Live: true, Help: "of packets"},
				chaos.Lasts(5*time.Minute, "DURATION_SECONDS"),
			},
			Expect: []chaos.Expectation{recovers},
		},
		{
			ID: "channel_spike", Title: "Channel spike", Driver: "load generator", Summary: "Sends several times the load while autoscalers are watched.",
			Params: []chaos.Param{
				{Name: "factor", Label: "Factor", Type: chaos.Number, Default: "5", Min: 1, Max: 100, Unit: "times", Live: true, Help: "of the load"},
				chaos.Lasts(5*time.Minute, "DURATION"),
			},
			Expect: []chaos.Expectation{{Sight: chaos.Scales, Text: "gateway scales to 8 pods"}, recovers},
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
		c.faults = append(c.faults, session.FaultState{Status: chaos.Status{Info: info, Given: given, Summary: summaries[i]}})
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
	return chaos.Plan{
		Scope: "2 pods of redis", Params: p["way"] + " 2 pods", Momentary: p["way"] == "evict",
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

// faultEvent writes an event of a fault's last injection.
func (s *fakeSession) faultEvent(kind rundir.Kind, f *session.FaultState, text string) {
	s.event(kind, "operator", text, rundir.Fault{Fault: f.Info.ID, Title: f.Info.Title, Run: f.Run})
}

// applied lets a fault that was asked for become active.
func (s *fakeSession) applied(id string, lasts time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faultOf(id)
	plan := fakePlan(id, f.Given)
	s.chaos.runs++
	f.State, f.Run, f.Params, f.Scope = chaos.Active, s.chaos.runs, f.Given, plan.Scope
	f.Injected = s.started.Add(s.elapsed)
	f.Until = f.Injected.Add(lasts)
	for _, x := range f.Info.Expect {
		f.Findings = append(f.Findings, chaos.Finding{Text: x.Text})
	}
	s.faultEvent(rundir.FaultOn, f, f.Info.Title+" on "+f.Scope+" ("+f.Summary+")")
	s.faultEvent(rundir.FaultActive, f, f.Info.Title+" is active")
}

// undone lets a fault be off, and the clock of the recovery run.
func (s *fakeSession) undone(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faultOf(id)
	f.State, f.Params, f.Until, f.Undone = chaos.Idle, nil, time.Time{}, s.started.Add(s.elapsed)
	f.Recovery = session.Recovery{Watching: true, Goal: 2 * time.Minute}
	s.faultEvent(rundir.FaultOff, f, f.Info.Title+" taken back")
}

// recovered stops the clock.
func (s *fakeSession) recovered(id string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faultOf(id)
	f.Recovery = session.Recovery{Done: true, Took: took, Goal: 2 * time.Minute}
	s.faultEvent(rundir.FaultRecovered, f, fmt.Sprintf("recovered from %s in %.0f s", f.Info.Title, took.Seconds()))
	for i := range f.Findings {
		f.Findings[i].Verdict, f.Findings[i].Reason = chaos.Pass, "seen"
		if i == 1 {
			f.Findings[i].Verdict, f.Findings[i].Reason = chaos.Unknown, "no Alertmanager is configured"
		}
		s.event(rundir.Expectation, "squall", f.Info.Title+": "+f.Findings[i].Text+", "+string(f.Findings[i].Verdict),
			rundir.Expected{Fault: f.Info.ID, Title: f.Info.Title, Run: f.Run, Finding: f.Findings[i]})
	}
}

// left lets an undo fail.
func (s *fakeSession) left(id string, moved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faultOf(id)
	f.State, f.Moved = chaos.Stuck, moved
	f.Detail = "scale statefulset xin-staging/redis: connection refused"
	f.Remedies = []string{
		"kubectl --context xin-staging-admin -n xin-staging scale statefulset redis --replicas=2 --timeout=60s --request-timeout=10s",
		`kubectl --context xin-staging-admin -n xin-staging annotate statefulset redis squall.xinbot.ir/undo='{"replicas": 2}' --overwrite`,
	}
	s.faultEvent(rundir.FaultStuck, f, f.Info.Title+" was left behind: "+f.Detail)
}

// scaled moves the pods of the gateway.
func (s *fakeSession) scaled(ready, wanted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chaos.scaling == nil {
		s.chaos.scaling = []session.Scaling{
			{Workload: "deployment xin-staging/gateway", Name: "gateway", Min: 2, Max: 8},
			{Workload: "deployment xin-staging/orchestrator", Name: "orchestrator", Min: 2, Max: 8, Points: []session.ScalePoint{{Ready: 2, Wanted: 2}}},
		}
	}
	w := &s.chaos.scaling[0]
	w.Points = append(w.Points, session.ScalePoint{At: s.elapsed, Ready: ready, Wanted: wanted})
	if len(w.Points) > 1 {
		s.event(rundir.Scaled, "Kubernetes", fmt.Sprintf("gateway: %d of %d pods ready", ready, wanted),
			rundir.Scale{Workload: w.Workload, Ready: ready, Wanted: wanted, Min: 2, Max: 8})
	}
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

// tell notes a command of a fault.
func (s *fakeSession) tell(call, fault string, do func(*session.FaultState)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	if s.fail != nil {
		return s.fail
	}
	do(s.faultOf(fault))
	return nil
}

func (s *fakeSession) Inject(fault string, p chaos.Params, confirm string) error {
	return s.tell(strings.TrimSpace("inject "+fault+" "+paramsText(p)+" "+confirm), fault, func(f *session.FaultState) {
		f.State, f.Given = chaos.Checking, p
	})
}

func (s *fakeSession) Adjust(fault string, p chaos.Params) error {
	return s.tell("adjust "+fault+" "+paramsText(p), fault, func(f *session.FaultState) { f.Params = f.Params.With(p) })
}

func (s *fakeSession) Revert(fault string) error {
	return s.tell("revert "+fault, fault, func(f *session.FaultState) {
		f.State = chaos.Reverting
		if f.Run > 0 {
			s.faultEvent(rundir.FaultUndo, f, "taking back "+f.Info.Title)
		}
	})
}

func (s *fakeSession) Settle(fault string, d chaos.Decision) error {
	word := [...]string{"again", "overwrite", "keep"}[d]
	return s.tell("settle "+fault+" "+word, fault, func(f *session.FaultState) { f.State = chaos.Reverting })
}

// paramsText writes parameters in a fixed order.
func paramsText(p chaos.Params) string {
	parts := make([]string, 0, len(p))
	for _, name := range slices.Sorted(maps.Keys(p)) {
		parts = append(parts, name+"="+p[name])
	}
	return strings.Join(parts, ",")
}
