package session

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
)

// scriptedSource is a source that hands out what a test puts into it.
type scriptedSource struct {
	sink chan evidence.Sink
}

func newScriptedSource() *scriptedSource { return &scriptedSource{make(chan evidence.Sink, 1)} }

func (*scriptedSource) Name() string                                              { return "prometheus" }
func (*scriptedSource) Check(context.Context, evidence.Wanted) []evidence.Finding { return nil }
func (s *scriptedSource) Run(ctx context.Context, sink evidence.Sink) error {
	s.sink <- sink
	<-ctx.Done()
	return nil
}

func (*scriptedSource) Export(context.Context, time.Time, time.Time, string) ([]evidence.File, error) {
	return nil, nil
}

func queueMonitoring(s evidence.Source) Monitoring {
	m := Monitoring{Panels: evidence.Panels(), Metrics: true, Interval: 5 * time.Second}
	if s != nil {
		m.Sources = []evidence.Source{s}
	}
	return m
}

func stopRule(t *testing.T, line string) slo.StopRule {
	t.Helper()
	rule, err := slo.ParseStopRule(load.Registry(), line)
	if err != nil {
		t.Fatal(err)
	}
	return rule
}

func steadyCondition(t *testing.T, line string) slo.SteadyCondition {
	t.Helper()
	c, err := slo.ParseSteadyCondition(line)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const queueDepth = "automation_queue_depth"

// A rule fires once its series has been beyond the bound for its whole time, and a gap starts the wait again.
func TestPlatformRuleFires(t *testing.T) {
	unread := evidence.Gap{Source: "prometheus", Panel: queueDepth, Problem: evidence.Problem{Cause: evidence.NoSeries}}
	down := evidence.Gap{Source: "prometheus", Problem: evidence.Problem{Cause: evidence.TimedOut}}
	otherDown := evidence.Gap{Source: "alertmanager", Problem: evidence.Problem{Cause: evidence.TimedOut}}
	otherPanel := evidence.Gap{Source: "prometheus", Panel: "ingestion_lag", Problem: evidence.Problem{Cause: evidence.NoSeries}}
	for name, c := range map[string]struct {
		read []any // values and gaps, 5 s apart
		want []string
	}{
		"after its time":               {[]any{60, 60, 61, 62}, []string{"61 (tenant_id a)"}},
		"again after its time":         {[]any{60, 60, 61, 62, 63, 64}, []string{"61 (tenant_id a)", "64 (tenant_id a)"}},
		"not before":                   {[]any{60, 60, 3, 60, 60}, nil},
		"a gap starts the wait again":  {[]any{60, 60, unread, 60, 60}, nil},
		"so does a source that is off": {[]any{60, 60, down, 60, 60}, nil},
		"other sources do not matter":  {[]any{60, 60, otherDown, otherPanel, 61}, []string{"61 (tenant_id a)"}},
	} {
		t.Run(name, func(t *testing.T) {
			var fired []string
			rule := stopRule(t, "prometheus: automation_queue_depth > 50 for 10s")
			p := newPlatformConditions(Config{Monitoring: queueMonitoring(nil), StopRules: []slo.StopRule{rule}}, func(r slo.StopRule, v slo.PlatformValue) {
				if r != rule {
					t.Errorf("rule %v fires", r)
				}
				fired = append(fired, platformValue(v))
			})
			at := time.Unix(0, 0)
			for _, r := range c.read {
				switch r := r.(type) {
				case int:
					p.sample(value(queueDepth, "a", at, float64(r)))
					at = at.Add(5 * time.Second)
				case evidence.Gap:
					p.gap(r)
				}
			}
			if strings.Join(fired, "; ") != strings.Join(c.want, "; ") {
				t.Errorf("fired at %v, want %v", fired, c.want)
			}
		})
	}
}

// What is not known of the platform is not well.
func TestPlatformSteadyState(t *testing.T) {
	now := time.Unix(1000, 0)
	for name, c := range map[string]struct {
		line string
		read func(*platformConditions)
		want string // reason; "" passes
	}{
		"nothing read": {"prometheus: automation_queue_depth < 50", func(*platformConditions) {}, "not known: nothing was read yet"},
		"holds":        {"prometheus: automation_queue_depth < 50", func(p *platformConditions) { p.sample(value(queueDepth, "a", now, 3)) }, ""},
		"one of two does not": {"prometheus: automation_queue_depth < 50", func(p *platformConditions) {
			p.sample(value(queueDepth, "a", now, 3))
			p.sample(value(queueDepth, "b", now, 50))
		}, "it is 50 (tenant_id b) now (prometheus)"},
		"too short": {"prometheus: automation_queue_depth < 50 for 10s", func(p *platformConditions) {
			p.sample(value(queueDepth, "a", now.Add(-5*time.Second), 3))
			p.sample(value(queueDepth, "a", now, 4))
		}, "it has held for 5 s only, and is 4 (tenant_id a) now (prometheus)"},
		"long enough": {"prometheus: automation_queue_depth < 50 for 10s", func(p *platformConditions) {
			for i := range 3 {
				p.sample(value(queueDepth, "a", now.Add(time.Duration(i-2)*5*time.Second), 3))
			}
		}, ""},
		"old": {"prometheus: automation_queue_depth < 50", func(p *platformConditions) {
			p.sample(value(queueDepth, "a", now.Add(-40*time.Second), 3))
		}, "not known: the last reading is 40 s old (prometheus)"},
		"gap": {"prometheus: automation_queue_depth < 50", func(p *platformConditions) {
			p.sample(value(queueDepth, "a", now, 3))
			p.gap(evidence.Gap{Source: "prometheus", Panel: queueDepth, Problem: evidence.Problem{Cause: evidence.NoSeries}})
		}, "not known: " + (&evidence.Problem{Cause: evidence.NoSeries}).Error() + " (prometheus)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatformConditions(Config{Monitoring: queueMonitoring(nil), Steady: []slo.SteadyCondition{steadyCondition(t, c.line)}}, nil)
			c.read(p)
			for how, bad := range map[SteadyState]event.Answer{WarnUnsteady: chaos.Warns, RefuseUnsteady: chaos.Refuses} {
				condition := strings.TrimPrefix(c.line, "prometheus: ")
				want := chaos.Check{Text: "steady state: " + condition, Answer: chaos.Passes, Steady: true}
				if c.want != "" { // a refusal is told by its reason alone: it names the condition and who gave the values
					want.Text, want.Reason = "steady state of the platform", condition+": "+c.want
				}
				if c.want != "" {
					want.Answer = bad
				}
				if checks := p.checks(how, now); len(checks) != 1 || checks[0] != want {
					t.Errorf("%s: %+v, want %+v", how, checks, want)
				}
			}
		})
	}
}

// A rule on the platform's own metrics ends a run with nothing to take back, and says at which value.
func TestPlatformRuleEndsTheRun(t *testing.T) {
	source := newScriptedSource()
	c := config(t, platform(t))
	c.Monitoring, c.StopRules = queueMonitoring(source), []slo.StopRule{stopRule(t, "prometheus: automation_queue_depth > 50 for 5s")}
	s := start(t, c)
	sink := <-source.sink
	now := time.Now()
	sink.Sample(value(queueDepth, "a", now, 51))
	sink.Sample(value(queueDepth, "a", now.Add(5*time.Second), 77))
	<-s.Done()
	var met []event.StopRuleMet
	for e := range s.Subscribe(context.Background()) {
		if d, is := e.Data.(event.StopRuleMet); is {
			met = append(met, d)
		}
	}
	want := event.StopRuleMet{Rule: "prometheus: automation_queue_depth > 50 for 5s", Title: "automation_queue_depth > 50", For: 5, Value: 77, Measured: "77 (tenant_id a)"}
	if len(met) != 1 || met[0] != want {
		t.Errorf("met %+v, want %+v", met, want)
	}
	if end := s.Snapshot().Timeline.End; end == nil || end.Data.Cause != event.EndStopRule {
		t.Errorf("the run ended by %+v", end)
	}
}

// Of which conditions nothing was known is said at the end of a run, and for how long.
func TestUnreadConditions(t *testing.T) {
	started := time.Unix(1000, 0)
	const length = 2 * time.Minute
	for name, c := range map[string]struct {
		read   []int // seconds of the run
		unread float64
		never  bool
	}{
		"read throughout":           {read: seconds(5, 120, 5)},
		"a rate has no value first": {read: seconds(30, 120, 5)},
		"never":                     {unread: 120, never: true},
		"not at the beginning":      {read: seconds(60, 120, 5), unread: 60},
		"not at the end":            {read: seconds(0, 60, 5), unread: 60},
		"not in the middle":         {read: append(seconds(0, 40, 5), seconds(80, 120, 5)...), unread: 40},
		"a break too short to hide": {read: append(seconds(0, 40, 5), seconds(50, 120, 5)...)},
	} {
		t.Run(name, func(t *testing.T) {
			rule := stopRule(t, "prometheus: automation_queue_depth > 50 for 10s")
			p := newPlatformConditions(Config{Monitoring: queueMonitoring(nil), StopRules: []slo.StopRule{rule}}, nil)
			p.gap(evidence.Gap{Source: "prometheus", Panel: queueDepth, Problem: evidence.Problem{Cause: evidence.NoSeries}})
			for _, at := range c.read {
				p.sample(value(queueDepth, "a", started.Add(time.Duration(at)*time.Second), 1))
			}
			var want []event.ConditionUnread
			if c.unread > 0 {
				want = append(want, event.ConditionUnread{
					What: event.ConditionStopRule, Rule: "prometheus: automation_queue_depth > 50 for 10s", Title: "automation_queue_depth > 50",
					Unread: c.unread, Of: 120, Never: c.never, Reason: "it has no series",
				})
			}
			if got := p.unread(started, started.Add(length)); !slices.Equal(got, want) {
				t.Errorf("unread: %+v, want %+v", got, want)
			}
		})
	}
}

// seconds are every step of a part of a run.
func seconds(from, until, step int) (all []int) {
	for at := from; at <= until; at += step {
		all = append(all, at)
	}
	return all
}

// A run whose stop rule nothing was ever read for is not one that passed, and says so in its journal.
func TestUnreadRuleIsInTheJournal(t *testing.T) {
	c := config(t, platform(t))
	c.Monitoring = queueMonitoring(newScriptedSource())
	c.StopRules = []slo.StopRule{stopRule(t, "prometheus: automation_queue_depth > 50 for 5s"), stopRule(t, "automation_latency: p(95)>3000 for 1s")}
	c.Options.Keys.SetToken("") // so that nothing of automation is sent
	c.Duration = 2500 * time.Millisecond
	s := start(t, c)
	<-s.Done()
	var rules []string
	for _, u := range s.Snapshot().Timeline.Unread {
		if u.Data.Never {
			rules = append(rules, u.Data.Title+": "+u.Data.Reason)
		}
	}
	slices.Sort(rules)
	if want := []string{"automation latency p(95)>3000: nothing was measured", "automation_queue_depth > 50: nothing was read"}; !slices.Equal(rules, want) {
		t.Errorf("never told: %q, want %q", rules, want)
	}
}

// A fault that is injected although the platform was not known to be well is warned of where everybody looks.
func TestUnsteadyFaultIsWarnedOf(t *testing.T) {
	s := start(t, config(t, platform(t)))
	d := event.FaultStarted{Injection: event.Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}, Checks: []event.Check{
		{Text: "steady state of the platform", Answer: event.Warns, Reason: "max(automation_queue_depth) < 0: it is 3 now (prometheus)", Steady: true},
		{Text: "steady state: objectives are green", Answer: event.Passes, Steady: true},
		{Text: "alert x is defined", Answer: event.Warns, Reason: "it is not"},
	}}
	s.warnUnsteady(d)
	want := []string{"LLM latency was injected all the same: steady state of the platform: max(automation_queue_depth) < 0: it is 3 now (prometheus)"}
	if got := s.Snapshot().Timeline.Warnings; !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}
