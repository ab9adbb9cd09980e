package session

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
)

// lamp is a fault on something outside of squall that can be read back: whether it is lit.
type lamp struct {
	lit    chan bool // holds one value
	stuck  chan struct{}
	expect []chaos.Expectation
}

func newLamp() *lamp {
	l := &lamp{lit: make(chan bool, 1), stuck: make(chan struct{})}
	l.lit <- true
	return l
}

func (l *lamp) get() bool {
	lit := <-l.lit
	l.lit <- lit
	return lit
}

func (l *lamp) set(lit bool) {
	<-l.lit
	l.lit <- lit
}

func (l *lamp) Info() chaos.Info {
	return chaos.Info{ID: "lamp", Title: "Lamp", Driver: "test", Params: []chaos.Param{chaos.TTLParam(time.Minute, "")}, Expect: l.expect}
}

func (l *lamp) Plan(context.Context, chaos.Params) (chaos.Plan, error) {
	return chaos.Plan{
		Scope: "the lamp", Objects: []string{"lamp"},
		Facts: []chaos.Fact{{Name: "Room", Text: "the hall"}},
		Steps: []chaos.Step{{Kind: "lamp", Object: "lamp", Undo: "on", Apply: func(context.Context) error { l.set(false); return nil }}},
	}, nil
}

func (l *lamp) Undo(context.Context, json.RawMessage, bool) error {
	select {
	case <-l.stuck:
		return errors.New("the switch is broken")
	default:
	}
	l.set(true)
	return nil
}

func (l *lamp) Describe(json.RawMessage) (chaos.Change, error) {
	return chaos.Change{Object: "lamp", Place: "the hall", Undo: "switch it on"}, nil
}

func (l *lamp) Remedy(json.RawMessage) string { return "lamp --on" }

// withLamp is a small run with the lamp as its first fault.
func withLamp(t *testing.T, l *lamp) Config {
	c := config(t, platform(t))
	c.Faults, c.Undoers = []chaos.Fault{l}, chaos.Undoers{"lamp": l}
	return c
}

func stateOf(s *Session, id string) FaultState {
	for _, f := range s.Snapshot().Faults {
		if f.Info.ID == id {
			return f
		}
	}
	return FaultState{}
}

// readJournal reads a finished run's events.
func readJournal(t *testing.T, s *Session) []event.Event {
	t.Helper()
	run, err := rundir.Open(s.config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return run.Events
}

// faultEvents are the fault events in their order.
func faultEvents(t *testing.T, s *Session) (all []event.Kind, data []any) {
	t.Helper()
	for _, e := range readJournal(t, s) {
		if strings.HasPrefix(string(e.Kind()), "fault_") {
			all, data = append(all, e.Kind()), append(data, e.Data)
		}
	}
	return all, data
}

func TestFaultFromInjectionToRecovery(t *testing.T) {
	l := newLamp()
	l.expect = []chaos.Expectation{
		{Signal: event.Recovers, Within: time.Minute, Text: "recovers within 1 min"},
		{Signal: event.AlertFires, Name: "LampOut", Text: "alert LampOut fires"},
		{Signal: event.Holds, Text: "objectives hold"},
	}
	s := start(t, withLamp(t, l))
	until(t, "green objectives", func() bool { return healthOf(s.Snapshot().Live).ok() })
	if err := give(s, command.Inject{Fault: "lamp"}); err != nil {
		t.Fatal(err)
	}
	until(t, "active", func() bool { return stateOf(s, "lamp").State == chaos.Active })
	if l.get() {
		t.Error("the lamp is lit")
	}
	if f := stateOf(s, "lamp"); f.Findings[1].Verdict != event.ExpectationUnknown || f.Findings[1].Reason == "" || f.Findings[0].Verdict != event.ExpectationPending {
		t.Errorf("findings while it is on: %+v", f.Findings)
	}
	if err := give(s, command.Revert{Fault: "lamp"}); err != nil {
		t.Fatal(err)
	}
	until(t, "recovery", func() bool { return stateOf(s, "lamp").Recovery.Done })
	f := stateOf(s, "lamp")
	if !l.get() || f.State != chaos.Idle || f.Recovery.Took >= time.Minute || f.Findings[0].Verdict != event.ExpectationUnknown || f.Findings[2].Verdict != event.ExpectationUnknown { // too short to know what it did
		t.Errorf("after it: lit %v, %+v", l.get(), f)
	}
	finish(s)
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	kinds, data := faultEvents(t, s)
	if want := []event.Kind{"fault_started", "fault_active", "fault_reverting", "fault_reverted"}; !slices.Equal(kinds, want) {
		t.Errorf("journal has %v, want %v", kinds, want)
	}
	if d := data[0].(event.FaultStarted); d.Run != 1 || d.Scope != "the lamp" || d.TTL != 60 || len(d.Facts) != 1 || d.Params[chaos.TTL] != "1m" {
		t.Errorf("first event %+v", d)
	}
}

func TestEveryWayOutTakesFaultsBack(t *testing.T) {
	for name, leave := range map[string]func(*Session){
		"finish": func(s *Session) { finish(s) },
		"abort":  func(s *Session) { s.Abort(event.Actor{Role: event.RoleSignal, Name: "interrupt"}) },
		"panic":  func(s *Session) { s.Panicked("boom", []byte("stack")) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLamp()
			s := start(t, withLamp(t, l))
			if err := give(s, command.Inject{Fault: "lamp"}); err != nil {
				t.Fatal(err)
			}
			until(t, "dark", func() bool { return !l.get() })
			leave(s)
			<-s.Done()
			if !l.get() {
				t.Error("the lamp is dark")
			}
			if end := s.Snapshot().Timeline.End; len(end.Data.NotReverted) > 0 {
				t.Errorf("left over %v", end.Data.NotReverted)
			}
			if open, err := chaos.ReadLedger(s.config.Dir); err != nil || len(open) > 0 {
				t.Errorf("open records %v, %v", open, err)
			}
		})
	}
}

func TestHaltTakesFaultsBackAndBlocksNewOnes(t *testing.T) {
	l := newLamp()
	s := start(t, withLamp(t, l))
	if err := give(s, command.Inject{Fault: "lamp"}); err != nil {
		t.Fatal(err)
	}
	until(t, "dark", func() bool { return !l.get() })
	if err := give(s, command.Halt{}); err != nil {
		t.Fatal(err)
	}
	until(t, "off", func() bool { return stateOf(s, "lamp").State == chaos.Idle })
	if !l.get() {
		t.Error("the lamp is dark after the halt")
	}
	if err := give(s, command.Inject{Fault: "lamp"}); !errors.Is(err, chaos.ErrHalted) {
		t.Errorf("inject after halt: %v", err)
	}
	if err := give(s, command.ReleaseHalt{}); err != nil {
		t.Fatal(err)
	}
	if err := give(s, command.Inject{Fault: "lamp"}); err != nil {
		t.Errorf("inject after release: %v", err)
	}
}

func TestStopRuleTakesFaultsBackFirst(t *testing.T) {
	l := newLamp()
	c := withLamp(t, l)
	rule, err := slo.ParseStopRule(load.Registry(), "http_reqs: rate>0 for 1s")
	if err != nil {
		t.Fatal(err)
	}
	c.StopRules = []slo.StopRule{rule}
	c.Settings.Paused = true
	s := start(t, c)
	if err := give(s, command.Inject{Fault: "lamp"}); err != nil {
		t.Fatal(err)
	}
	until(t, "dark", func() bool { return !l.get() })
	if err := give(s, command.Pause{On: false}); err != nil {
		t.Fatal(err)
	}
	until(t, "halt by the stop rule", func() bool { p := s.Snapshot().Status; return p == Halted || p == Finished })
	until(t, "light", l.get)
}

func TestLeftBehindIsNamedWithItsRemedy(t *testing.T) {
	l := newLamp()
	s := start(t, withLamp(t, l))
	if err := give(s, command.Inject{Fault: "lamp"}); err != nil {
		t.Fatal(err)
	}
	until(t, "dark", func() bool { return !l.get() })
	// The record is closed by nobody: what a run that was killed leaves.
	open := s.ledger.Unresolved()
	if got := s.notRevertedText(open[0], nil); !strings.Contains(got, "lamp --on") {
		t.Errorf("left over: %s", got)
	}
	left := &chaos.NotRevertedError{Object: "lamp", Remedy: "lamp --on", Err: errors.New("the switch is broken")}
	if got := s.notRevertedText(open[0], []*chaos.NotRevertedError{left}); !strings.Contains(got, "the switch is broken") || !strings.Contains(got, "lamp --on") {
		t.Errorf("left over: %s", got)
	}
}

func TestProtectedTargetWantsItsName(t *testing.T) {
	l := newLamp()
	c := withLamp(t, l)
	c.Protected, c.Target = true, "prod"
	s := start(t, c)
	for _, confirm := range []string{"", "staging"} {
		if err := give(s, command.Inject{Fault: "lamp", Confirm: confirm}); err == nil || !strings.Contains(err.Error(), "prod") {
			t.Errorf("confirmed with %q: %v", confirm, err)
		}
	}
	if err := give(s, command.Inject{Fault: "lamp", Confirm: "prod"}); err != nil {
		t.Error(err)
	}
}

func TestUnsteadyStateWarnsOrRefuses(t *testing.T) {
	for how, want := range map[SteadyState]event.Answer{WarnUnsteady: chaos.Warns, RefuseUnsteady: chaos.Refuses} {
		c := withLamp(t, newLamp())
		c.SteadyState = how
		c.Settings.Paused = true // nothing is sent: nothing is known
		s := start(t, c)
		plan, err := s.Preflight(context.Background(), "lamp", nil)
		if err != nil || len(plan.Checks) != 1 || plan.Checks[0].Answer != want {
			t.Errorf("%s: %+v, %v", how, plan.Checks, err)
		}
	}
}

func TestScheduledFaultThatIsRefusedFailsTheRun(t *testing.T) {
	c := withLamp(t, newLamp())
	c.SteadyState, c.Settings.Paused = RefuseUnsteady, true
	c.Schedule = []chaos.ScheduledFault{{Fault: "lamp"}, {Fault: "nothing"}}
	s := start(t, c)
	until(t, "both refused", func() bool { return len(s.refusals()) == 2 })
	finish(s)
	<-s.Done()
	for _, want := range []string{"inject lamp as scheduled", "there is no fault nothing: faults are lamp, channel_spike"} {
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestChannelSpikeIsAFault(t *testing.T) {
	s := start(t, config(t, platform(t)))
	if err := give(s, command.Inject{Fault: SpikeFault, Params: chaos.Params{"factor": "3"}}); err != nil {
		t.Fatal(err)
	}
	until(t, "15 VUs", func() bool { return s.Snapshot().Load.VUs == 15 })
	if f := stateOf(s, SpikeFault); f.Summary != "5 VUs → 15 VUs" {
		t.Errorf("summary %q", f.Summary)
	}
	until(t, "active", func() bool { return stateOf(s, SpikeFault).State == chaos.Active })
	if err := give(s, command.Adjust{Fault: SpikeFault, Params: chaos.Params{"users": "8"}}); err != nil {
		t.Fatal(err)
	}
	until(t, "8 VUs", func() bool { return s.Snapshot().Load.VUs == 8 })
	if err := give(s, command.Adjust{Fault: SpikeFault, Params: chaos.Params{"users": "0", "add": "4"}}); err != nil {
		t.Fatal(err)
	}
	until(t, "4 more than the 5", func() bool { return s.Snapshot().Load.VUs == 9 })
	if err := give(s, command.Revert{Fault: SpikeFault}); err != nil {
		t.Fatal(err)
	}
	until(t, "5 VUs", func() bool { return s.Snapshot().Load.VUs == 5 })
	set := s.Snapshot().Load.Settings
	if set.Spike || set.SpikeVUs != 0 || set.SpikeFactor != 5 {
		t.Errorf("settings after it: %+v", set)
	}
	finish(s)
	<-s.Done()
	kinds, _ := faultEvents(t, s)
	if want := []event.Kind{"fault_started", "fault_active", "fault_changed", "fault_changed", "fault_reverting", "fault_reverted"}; !slices.Equal(kinds, want) {
		t.Errorf("journal has %v, want %v", kinds, want)
	}
}

// An arrival rate has no virtual users that could be added to.
func TestSpikeOfARateIsByItsFactor(t *testing.T) {
	spike := channelSpike{load: notRunning{settings: load.Settings{Rate: 10, SpikeFactor: 5}}}
	for params, refused := range map[string]bool{"users": true, "add": true, "factor": false} {
		p := chaos.Params{"factor": "3", "users": "0", "add": "0"}
		p[params] = "7"
		plan, err := spike.Plan(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(plan.Checks, func(c chaos.Check) bool {
			return c.Answer == chaos.Refuses && strings.Contains(c.Reason, "give factor in place of "+params)
		})
		if said != refused {
			t.Errorf("%s: refused %v, want %v: %+v", params, said, refused, plan.Checks)
		}
	}
}

// The key of the spike and the fault are one thing: the same injection, multiplied as was last set.
func TestSpikeByKeyIsTheFault(t *testing.T) {
	s := start(t, config(t, platform(t)))
	for _, c := range []command.Command{command.SetSpikeFactor{Factor: 3}, command.Spike{On: true}} {
		if err := give(s, c); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "15 VUs", func() bool { return s.Snapshot().Load.VUs == 15 })
	until(t, "active", func() bool { return stateOf(s, SpikeFault).State == chaos.Active })
	if err := give(s, command.Spike{On: true}); err != nil {
		t.Errorf("a spike that is on: %v", err)
	}
	if err := give(s, command.SetSpikeFactor{Factor: 2}); err != nil {
		t.Fatal(err)
	}
	until(t, "10 VUs", func() bool { return s.Snapshot().Load.VUs == 10 })
	if err := give(s, command.Spike{On: false}); err != nil {
		t.Fatal(err)
	}
	until(t, "5 VUs", func() bool { return s.Snapshot().Load.VUs == 5 })
	until(t, "off", func() bool { return stateOf(s, SpikeFault).State == chaos.Idle })
	if set := s.Snapshot().Load.Settings; set.Spike || set.SpikeFactor != 2 {
		t.Errorf("settings after it: %+v", set)
	}
	if all := s.Snapshot().Timeline.Injections; len(all) != 1 || all[0].By != operator || !all[0].Spike() {
		t.Errorf("injections %+v", all)
	}
}

// Every actor is told apart in the journal, on screen and by who reads along.
func TestActorsAreToldApart(t *testing.T) {
	s := start(t, config(t, platform(t)))
	actors := []event.Actor{operator, event.By(event.RoleSchedule), {Role: event.RoleScript, Name: "x"}}
	for i, by := range actors {
		if err := s.Do(context.Background(), by, command.SetVUs{VUs: 6 + i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Do(context.Background(), actors[2], command.SetVUs{VUs: -1}); err == nil {
		t.Error("-1 virtual users were accepted")
	}
	finish(s)
	<-s.Done()
	var live []event.Event
	for e := range s.Subscribe(context.Background()) {
		live = append(live, e)
	}
	var got []string
	for _, e := range readJournal(t, s) {
		if e.Kind() == "vus_set" || e.Kind() == "command_refused" {
			got = append(got, e.By.String()+": "+e.Text())
		}
	}
	want := []string{"operator: VUs 5 → 6", "schedule: VUs 6 → 7", "script x: VUs 7 → 8", "script x: Refused: set virtual users to -1: must be 0 to 200000"}
	if !slices.Equal(got, want) {
		t.Errorf("journal has %q, want %q", got, want)
	}
	if n := len(readJournal(t, s)); len(live) != n {
		t.Errorf("a subscriber had %d events of %d", len(live), n)
	}
}

func TestScalingIsWatchedAndJudged(t *testing.T) {
	c := config(t, platform(t))
	seen := make(chan func(event.WorkloadScaled), 1)
	c.Watch = func(ctx context.Context, tell func(event.WorkloadScaled)) { seen <- tell; <-ctx.Done() }
	s := start(t, c)
	tell := <-seen
	scale := func(ready int) {
		tell(event.WorkloadScaled{Workload: "deployment xin-staging/gateway", Ready: ready, Wanted: ready, Min: 2, Max: 4})
	}
	scale(2)
	scale(2) // no news
	if err := give(s, command.Inject{Fault: SpikeFault}); err != nil {
		t.Fatal(err)
	}
	until(t, "active", func() bool { return stateOf(s, SpikeFault).State == chaos.Active })
	scale(4)
	scale(2)
	if err := give(s, command.Revert{Fault: SpikeFault}); err != nil {
		t.Fatal(err)
	}
	until(t, "off", func() bool { return stateOf(s, SpikeFault).State == chaos.Idle })
	if f := stateOf(s, SpikeFault).Findings[1]; f.Verdict != event.ExpectationMet || f.Reason != "gateway 4 of 4 pods" {
		t.Errorf("finding %+v", f)
	}
	if w := s.Snapshot().Timeline.Workloads; len(w) != 1 || w[0].Name != "gateway" || len(w[0].Points) != 3 {
		t.Errorf("scaling %+v", w)
	}
}
