package timeline

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// at is an event of the operator's.
func at(seconds float64, data any) event.Event {
	return event.Make(time.Time{}, seconds, event.By(event.RoleOperator), data)
}

var (
	llm   = event.Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}
	redis = event.Injection{Fault: "redis_outage", Title: "Redis outage", Run: 2}
	spike = event.Injection{Fault: ChannelSpike, Title: "Channel spike", Run: 1}
)

func numberedRun(i event.Injection, run int) event.Injection {
	i.Run = run
	return i
}

func on(seconds float64, i event.Injection) event.Event {
	return at(seconds, event.FaultStarted{Injection: i})
}

func off(seconds float64, i event.Injection) event.Event {
	return at(seconds, event.FaultReverted{Injection: i})
}

func TestPhases(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []event.Event
		want   string
	}{
		{"nothing happens", nil, "baseline 0-100"},
		{"one", []event.Event{on(10, llm), at(11, event.FaultActive{Injection: llm}), at(19, event.FaultReverting{Injection: llm}), off(20, llm)}, "baseline 0-10, LLM latency 10-20, recovery 1 20-100"},
		{"from the start", []event.Event{on(0, llm)}, "LLM latency 0-100"},
		{"killed while it is on", []event.Event{on(10, llm)}, "baseline 0-10, LLM latency 10-100"},
		{"not reverted", []event.Event{on(10, llm), at(20, event.FaultReverting{Injection: llm}), at(30, event.FaultNotReverted{Injection: llm})}, "baseline 0-10, LLM latency 10-100"},
		{"not reverted, and then it is", []event.Event{on(10, llm), at(30, event.FaultNotReverted{Injection: llm}), off(40, llm)}, "baseline 0-10, LLM latency 10-40, recovery 1 40-100"},
		{"refused", []event.Event{at(10, event.FaultRefused{Injection: numberedRun(llm, 0)})}, "baseline 0-100"},
		{
			"two that overlap",
			[]event.Event{on(10, llm), on(20, redis), off(30, llm), off(40, redis)},
			"baseline 0-10, LLM latency 10-20, LLM latency + Redis outage 20-30, Redis outage 30-40, recovery 1 40-100",
		},
		{
			"one within another",
			[]event.Event{on(10, llm), on(20, redis), off(30, redis), off(40, llm)},
			"baseline 0-10, LLM latency 10-20, LLM latency + Redis outage 20-30, LLM latency, continued 30-40, recovery 1 40-100",
		},
		{
			"two within another",
			[]event.Event{on(10, llm), on(20, redis), off(30, redis), on(40, numberedRun(redis, 3)), off(50, numberedRun(redis, 3))},
			"baseline 0-10, LLM latency 10-20, LLM latency + Redis outage 20-30, LLM latency, continued 30-40, LLM latency + Redis outage 2 40-50, LLM latency, continued 2 50-100",
		},
		{
			"the same again",
			[]event.Event{on(10, llm), off(20, llm), on(30, numberedRun(llm, 2)), off(40, numberedRun(llm, 2))},
			"baseline 0-10, LLM latency 10-20, recovery 1 20-30, LLM latency 2 30-40, recovery 2 40-100",
		},
		{
			"a pause in a fault",
			[]event.Event{on(10, llm), at(20, event.Paused{}), at(30, event.Resumed{}), off(40, llm)},
			"baseline 0-10, LLM latency 10-20, paused 20-30, LLM latency, continued 30-40, recovery 1 40-100",
		},
		{
			"a fault that ends in a pause",
			[]event.Event{on(10, llm), at(20, event.Paused{}), off(25, llm), at(30, event.Resumed{})},
			"baseline 0-10, LLM latency 10-20, paused 20-30, recovery 1 30-100",
		},
		{
			"a fault within a pause",
			[]event.Event{at(10, event.Paused{}), on(20, llm), off(30, llm), at(40, event.Resumed{}), at(50, event.Paused{}), at(60, event.Resumed{})},
			"baseline 0-10, paused 10-40, recovery 1 40-50, paused 2 50-60, recovery 1, continued 60-100",
		},
		{
			"a halt reverts what is on, which takes its time",
			[]event.Event{on(10, llm), on(15, redis), at(20, event.Halted{}), off(20, redis), off(25, llm), at(50, event.HaltReleased{}), at(60, event.Halted{}), at(70, event.HaltReleased{})},
			"baseline 0-10, LLM latency 10-15, LLM latency + Redis outage 15-20, LLM latency, continued 20-25, halted 25-50, after halt 50-60, halted 2 60-70, after halt 2 70-100",
		},
		{
			"what a halt reverts has no recovery of its own",
			[]event.Event{on(10, llm), at(20, event.Halted{}), off(25, llm), at(30, event.HaltReleased{}), on(40, redis), off(50, redis)},
			"baseline 0-10, LLM latency 10-25, halted 25-30, after halt 30-40, Redis outage 40-50, recovery 1 50-100",
		},
		{
			"halt in a pause",
			[]event.Event{at(10, event.Paused{}), at(20, event.Halted{}), at(30, event.Resumed{}), at(40, event.HaltReleased{})},
			"baseline 0-10, paused 10-30, halted 30-40, after halt 40-100",
		},
		{
			"times that are not in order",
			[]event.Event{on(20, llm), on(19.99, redis), off(40, llm), off(50, redis)},
			"baseline 0-20, LLM latency + Redis outage 20-40, Redis outage 40-50, recovery 1 50-100",
		},
		{"an injection without a number begins nothing", []event.Event{on(30, numberedRun(llm, 0))}, "baseline 0-100"},
		{"what begins no phase", []event.Event{at(10, event.VUsSet{}), at(20, event.Noted{Note: "x"}), at(40, event.Resumed{})}, "baseline 0-100"},
		{"its beginning is lost", []event.Event{at(20, event.FaultActive{Injection: llm}), off(30, llm)}, "baseline 0-20, LLM latency 20-30, recovery 1 30-100"},
		{"its end is lost, its recovery is not", []event.Event{on(20, llm), at(40, event.PlatformRecovered{Injection: llm})}, "baseline 0-20, LLM latency 20-40, recovery 1 40-100"},
		{"announced twice", []event.Event{on(20, llm), on(30, llm), off(40, llm), off(50, llm)}, "baseline 0-20, LLM latency 20-40, recovery 1 40-100"},
		{"paused twice", []event.Event{at(10, event.Paused{}), at(11, event.Paused{}), at(20, event.Resumed{})}, "baseline 0-10, paused 10-20, baseline, continued 20-100"},
		{"a pause that lasts no time", []event.Event{at(10, event.Paused{}), at(10, event.Resumed{})}, "baseline 0-10, baseline, continued 10-100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range Of(c.events).Phases(100) {
				got = append(got, fmt.Sprintf("%s %g-%g", p.Name, p.From, p.To))
			}
			if g := strings.Join(got, ", "); g != c.want {
				t.Errorf("phases %s\nwant   %s", g, c.want)
			}
		})
	}
}

func TestPhaseSaysWhatIsOn(t *testing.T) {
	phases := Of([]event.Event{on(10, llm), on(20, redis), off(30, llm), off(40, redis)}).Phases(50)
	if !reflect.DeepEqual(phases[2].Runs, []int{1, 2}) || phases[2].Kind != Disturbed || phases[0].Kind != Baseline || phases[4].Kind != Recovery {
		t.Errorf("phases are %+v", phases)
	}
}

func TestInjection(t *testing.T) {
	finding := event.Finding{Signal: event.Recovers, Text: "recovers", Verdict: event.ExpectationUnknown}
	later := finding
	later.Verdict = event.ExpectationMet
	line := Of([]event.Event{
		at(10, event.FaultStarted{Injection: llm, Scope: "proxy llm"}),
		at(11, event.FaultActive{Injection: llm}),
		at(12, event.ExpectationDecided{Injection: llm, Finding: finding}),
		at(15, event.FaultChanged{Injection: llm, Summary: "5 s"}),
		at(18, event.FaultReverting{Injection: llm, Cause: event.CauseTimeUp}),
		at(19, event.FaultReverting{Injection: llm, Cause: event.CauseAsked}),
		at(20, event.FaultNotReverted{Injection: llm, Reason: "no"}),
		at(21, event.FaultDecided{Injection: llm, Decision: event.Overwrite}),
		at(22, event.FaultReverted{Injection: llm, Cause: event.CauseTimeUp}),
		at(30, event.PlatformRecovered{Injection: llm, Seconds: 8}),
		at(30, event.ExpectationDecided{Injection: llm, Finding: later}),
		at(40, event.FaultStarted{Injection: numberedRun(llm, 2)}),
		at(41, event.FaultReverting{Injection: numberedRun(llm, 2), Cause: event.CauseFailed, Detail: "405"}),
	})
	if n := len(line.Injections); n != 2 {
		t.Fatalf("%d injections", n)
	}
	i := line.Injections[0]
	if !i.Applied() || i.StillChanged() || i.Abandoned() || i.NotApplied() || i.Lost || i.To() != 22 || i.Reverting.Data.Cause != event.CauseTimeUp ||
		len(i.Changes) != 1 || len(i.Decisions) != 1 || i.Recovered.Data.Seconds != 8 || !reflect.DeepEqual(i.Findings, []event.Finding{later}) {
		t.Errorf("injection is %+v", i)
	}
	second := line.Injections[1]
	if second.Label != "LLM latency 2" || second.Applied() || !second.NotApplied() || second.To() != Open {
		t.Errorf("second injection is %+v", second)
	}
}

func TestSpans(t *testing.T) {
	line := Of([]event.Event{
		at(1, event.HoldOn{}), at(2, event.Paused{}), at(3, event.Paused{}), at(4, event.Resumed{}),
		at(5, event.FaultStarted{Injection: spike}), at(7, event.FaultNotReverted{Injection: spike}), at(8, event.FaultNotReverted{Injection: spike}),
		at(9, event.Halted{}), at(10, event.FaultReverted{Injection: spike}),
	})
	want := []Span{{HoldSpan, 0, 1, 9}, {PauseSpan, 0, 2, 4}, {FaultSpan, 1, 5, 7}, {NotRevertedSpan, 1, 7, 10}, {HaltSpan, 0, 9, Open}}
	if !reflect.DeepEqual(line.Spans, want) {
		t.Errorf("spans are %v, want %v", line.Spans, want)
	}
	if !line.Halted || line.Paused {
		t.Error("it is not known to be halted")
	}
}

func TestRun(t *testing.T) {
	start := event.RunStarted{Think: event.Think{Min: 1, Max: 1}}
	line := Of([]event.Event{
		at(0, start), at(1, event.ThinkSet{}), at(2, event.ThinkSet{}), at(3, event.Halted{}),
		at(4, event.Warned{Warning: "w"}), at(5, event.Warned{Warning: "w"}), at(6, event.FlowOff{Flow: "rules"}),
		at(7, event.CommandRefused{Command: "spike"}), at(8, event.RunEnded{Cause: event.EndDuration}),
	})
	if want := []event.Think{start.Think, {}, start.Think}; !slices.Equal(line.Thinks, want) {
		t.Errorf("think times %v, want %v", line.Thinks, want)
	}
	if len(line.Warnings) != 1 || len(line.FlowsOff) != 1 || len(line.Commands) != 1 || line.End == nil || line.Start.Think != start.Think {
		t.Errorf("timeline is %+v", line)
	}
}

func TestWorkloads(t *testing.T) {
	line := Of([]event.Event{
		at(0, event.WorkloadScaled{Workload: "deployment x/xin-gateway", Ready: 2, Wanted: 2, Max: 8}),
		at(0, event.WorkloadScaled{Workload: "deployment x/xin-worker-a", Ready: 1, Wanted: 1}),
		at(5, event.WorkloadScaled{Workload: "deployment x/xin-gateway", Ready: 6, Wanted: 8, Max: 8}),
		at(9, event.WorkloadScaled{Workload: "deployment x/xin-gateway", Ready: 3, Wanted: 3, Max: 8}),
		at(9, event.WorkloadScaled{}),
	})
	if len(line.Workloads) != 2 || line.Workloads[0].Name != "gateway" || line.Workloads[1].Name != "worker-a" {
		t.Fatalf("workloads are %+v", line.Workloads)
	}
	w := line.Workloads[0]
	for from, want := range map[float64]int{0: 6, 6: 6, 9: 6, 9.5: 3} {
		if got := w.Most(from); got != want {
			t.Errorf("most pods from %v on: %d, want %d", from, got, want)
		}
	}
}

// Folding event by event, with clones in between, comes to the same as folding at once; and what a
// clone says does not change.
func TestIncremental(t *testing.T) {
	events := []event.Event{
		at(0, event.RunStarted{Think: event.Think{Min: 1, Max: 1}}), on(10, llm), at(11, event.FaultActive{Injection: llm}), on(12, redis),
		at(13, event.HoldOn{}), at(14, event.WorkloadScaled{Workload: "a/b", Ready: 1}), at(15, event.WorkloadScaled{Workload: "a/c", Ready: 1}),
		at(16, event.ExpectationDecided{Injection: llm, Finding: event.Finding{Text: "x"}}),
		at(17, event.ExpectationDecided{Injection: llm, Finding: event.Finding{Text: "x", Verdict: event.ExpectationMet}}),
		at(18, event.Halted{}), off(20, llm), at(21, event.FaultNotReverted{Injection: redis}), off(22, redis), on(30, numberedRun(llm, 3)),
	}
	live := new(Timeline)
	var clones []*Timeline
	for _, e := range events {
		live.Apply(e)
		clones = append(clones, live.Clone())
	}
	for i, clone := range clones {
		want := Of(events[:i+1])
		if got, want := describe(clone), describe(want); got != want {
			t.Errorf("after %d events\n%s\nwant\n%s", i+1, got, want)
		}
	}
}

func describe(t *Timeline) string {
	text := fmt.Sprintf("%+v %+v %+v %v", t.Spans, t.Workloads, t.Phases(100), t.Thinks)
	for _, i := range t.Injections {
		text += fmt.Sprintf(" [%s %g-%g %v %v %v]", i.Label, i.From, i.To(), i.Applied(), i.StillChanged(), i.Findings)
	}
	return text
}

func TestWorkloadsAreNamedByWhatTellsThemApart(t *testing.T) {
	for _, c := range []struct{ workloads, want []string }{
		{[]string{"deployment a/xin-xin-platform-channel-gateway"}, []string{"xin-xin-platform-channel-gateway"}},
		{[]string{"deployment a/xin-xin-platform-channel-gateway", "deployment a/xin-xin-platform-orchestrator"}, []string{"channel-gateway", "orchestrator"}},
		{[]string{"deployment a/api", "deployment a/api-admin"}, []string{"api", "api-admin"}},
		{[]string{"deployment a/gateway", "deployment b/gateway"}, []string{"gateway", "gateway"}},
	} {
		var all []Workload
		for _, w := range c.workloads {
			all = append(all, Workload{Workload: w})
		}
		shorten(all)
		for i, w := range all {
			if w.Name != c.want[i] {
				t.Errorf("%s is called %q, want %q", w.Workload, w.Name, c.want[i])
			}
		}
	}
}

func TestOutside(t *testing.T) {
	active := func(seconds float64, i event.Injection) event.Event {
		return at(seconds, event.FaultActive{Injection: i})
	}
	recovered := func(seconds float64, i event.Injection) event.Event {
		return at(seconds, event.PlatformRecovered{Injection: i})
	}
	for _, c := range []struct {
		name   string
		events []event.Event
		want   string // a letter for each second from 0: o outside, - not
	}{
		{"nothing", nil, "oooooooooo"},
		{"a fault and its recovery", []event.Event{on(2, llm), active(2, llm), off(4, llm), recovered(6, llm)}, "oo----oooo"},
		{"no end of the recovery was seen", []event.Event{on(2, llm), active(2, llm), off(4, llm)}, "oo--------"},
		{"the next recovery was seen", []event.Event{on(2, llm), active(2, llm), off(3, llm), on(4, redis), active(4, redis), off(5, redis), recovered(7, redis)}, "oo-----ooo"},
		{"could not be applied", []event.Event{on(2, llm), off(4, llm)}, "oo--oooooo"},
		{"still on", []event.Event{on(2, llm), active(2, llm)}, "oo--------"},
		{"kept", []event.Event{on(2, llm), active(2, llm), at(4, event.FaultReverted{Injection: llm, Cause: event.CauseAbandoned})}, "oo--------"},
		{"ended by somebody else", []event.Event{on(2, llm), active(2, llm), at(4, event.FaultReverted{Injection: llm, Cause: event.CauseEndedByOthers})}, "oo--oooooo"},
	} {
		line, got := Of(c.events), ""
		for second := range 10 {
			if line.Outside(float64(second)) {
				got += "o"
			} else {
				got += "-"
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDuring(t *testing.T) {
	active := func(seconds float64, i event.Injection) event.Event {
		return at(seconds, event.FaultActive{Injection: i})
	}
	again := numberedRun(llm, 3)
	line := Of([]event.Event{
		on(1, redis), off(2, redis), // was not applied
		on(2, llm), active(2, llm), off(4, llm),
		on(6, again), active(6, again),
	})
	for fault, want := range map[string]string{"llm_latency": "--oo--oooo", "redis_outage": "----------", "other": "----------"} {
		got := ""
		for second := range 10 {
			if line.During(fault, float64(second)) {
				got += "o"
			} else {
				got += "-"
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", fault, got, want)
		}
	}
}
