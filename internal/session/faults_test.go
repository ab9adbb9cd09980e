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
	"xinbot.ir/squall/internal/rundir"
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
	return chaos.Info{ID: "lamp", Title: "Lamp", Driver: "test", Params: []chaos.Param{chaos.Lasts(time.Minute, "")}, Expect: l.expect}
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

// journal reads a finished run's events.
func journal(t *testing.T, s *Session) []rundir.Event {
	t.Helper()
	run, err := rundir.Open(s.config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return run.Events
}

// faultEvents are the fault events in their order.
func faultEvents(t *testing.T, s *Session) (all []rundir.Kind, data []rundir.Fault) {
	t.Helper()
	for _, e := range journal(t, s) {
		var d rundir.Fault
		if strings.HasPrefix(string(e.Kind), "fault_") {
			if err := json.Unmarshal(e.Data, &d); err != nil {
				t.Fatal(err)
			}
			all, data = append(all, e.Kind), append(data, d)
		}
	}
	return all, data
}

func TestFaultFromInjectionToRecovery(t *testing.T) {
	l := newLamp()
	l.expect = []chaos.Expectation{
		{Sight: chaos.Recovers, Within: time.Minute, Text: "recovers within 1 min"},
		{Sight: chaos.Alerts, Name: "LampOut", Text: "alert LampOut fires"},
		{Sight: chaos.Holds, Text: "objectives hold"},
	}
	s := start(t, withLamp(t, l))
	until(t, "green objectives", func() bool { return healthOf(s.Snapshot().Live).green() })
	if err := s.Inject("lamp", nil, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "active", func() bool { return stateOf(s, "lamp").State == chaos.Active })
	if l.get() {
		t.Error("the lamp is lit")
	}
	if f := stateOf(s, "lamp"); f.Findings[1].Verdict != chaos.Unknown || f.Findings[1].Reason == "" || f.Findings[0].Verdict != chaos.Open {
		t.Errorf("findings while it is on: %+v", f.Findings)
	}
	if err := s.Revert("lamp"); err != nil {
		t.Fatal(err)
	}
	until(t, "recovery", func() bool { return stateOf(s, "lamp").Recovery.Done })
	f := stateOf(s, "lamp")
	if !l.get() || f.State != chaos.Idle || f.Recovery.Took >= time.Minute || f.Findings[0].Verdict != chaos.Pass || f.Findings[2].Verdict != chaos.Pass {
		t.Errorf("after it: lit %v, %+v", l.get(), f)
	}
	s.Finish("operator")
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	kinds, data := faultEvents(t, s)
	if want := []rundir.Kind{rundir.FaultOn, rundir.FaultActive, rundir.FaultUndo, rundir.FaultOff, rundir.FaultRecovered}; !slices.Equal(kinds, want) {
		t.Errorf("journal has %v, want %v", kinds, want)
	}
	if d := data[0]; d.Run != 1 || d.Scope != "the lamp" || d.Lasts != 60 || len(d.Facts) != 1 || d.Params[chaos.TTL] != "1m" {
		t.Errorf("first event %+v", d)
	}
}

func TestEveryWayOutTakesFaultsBack(t *testing.T) {
	for name, leave := range map[string]func(*Session){
		"finish": func(s *Session) { s.Finish("operator") },
		"abort":  func(s *Session) { s.Abort("signal interrupt") },
		"panic":  func(s *Session) { s.Panicked("boom", []byte("stack")) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLamp()
			s := start(t, withLamp(t, l))
			if err := s.Inject("lamp", nil, ""); err != nil {
				t.Fatal(err)
			}
			until(t, "dark", func() bool { return !l.get() })
			leave(s)
			<-s.Done()
			if !l.get() {
				t.Error("the lamp is dark")
			}
			if end := s.Snapshot().End; len(end.LeftOver) > 0 {
				t.Errorf("left over %v", end.LeftOver)
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
	if err := s.Inject("lamp", nil, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "dark", func() bool { return !l.get() })
	if err := s.Halt(); err != nil {
		t.Fatal(err)
	}
	until(t, "off", func() bool { return stateOf(s, "lamp").State == chaos.Idle })
	if !l.get() {
		t.Error("the lamp is dark after the halt")
	}
	if err := s.Inject("lamp", nil, ""); !errors.Is(err, chaos.ErrBlocked) {
		t.Errorf("inject after halt: %v", err)
	}
	if err := s.Release(); err != nil {
		t.Fatal(err)
	}
	if err := s.Inject("lamp", nil, ""); err != nil {
		t.Errorf("inject after release: %v", err)
	}
}

func TestStopRuleTakesFaultsBackFirst(t *testing.T) {
	l := newLamp()
	c := withLamp(t, l)
	rule, err := load.ParseStopRule("http_reqs: rate>0 for 1s")
	if err != nil {
		t.Fatal(err)
	}
	c.StopRules = []load.StopRule{rule}
	c.Settings.Paused = true
	s := start(t, c)
	if err := s.Inject("lamp", nil, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "dark", func() bool { return !l.get() })
	if err := s.Pause(false); err != nil {
		t.Fatal(err)
	}
	until(t, "halt by the stop rule", func() bool { p := s.Snapshot().Phase; return p == Halted || p == Finished })
	until(t, "light", l.get)
}

func TestLeftBehindIsNamedWithItsRemedy(t *testing.T) {
	l := newLamp()
	s := start(t, withLamp(t, l))
	if err := s.Inject("lamp", nil, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "dark", func() bool { return !l.get() })
	// The record is closed by nobody: what a run that was killed leaves.
	open := s.ledger.Open()
	if got := s.leftOver(open[0], nil); !strings.Contains(got, "lamp --on") {
		t.Errorf("left over: %s", got)
	}
	left := &chaos.LeftBehind{Object: "lamp", Remedy: "lamp --on", Err: errors.New("the switch is broken")}
	if got := s.leftOver(open[0], errors.Join(left)); !strings.Contains(got, "the switch is broken") || !strings.Contains(got, "lamp --on") {
		t.Errorf("left over: %s", got)
	}
}

func TestProtectedTargetWantsItsName(t *testing.T) {
	l := newLamp()
	c := withLamp(t, l)
	c.Protected, c.Target = true, "prod"
	s := start(t, c)
	for _, confirm := range []string{"", "staging"} {
		if err := s.Inject("lamp", nil, confirm); err == nil || !strings.Contains(err.Error(), "prod") {
			t.Errorf("confirmed with %q: %v", confirm, err)
		}
	}
	if err := s.Inject("lamp", nil, "prod"); err != nil {
		t.Error(err)
	}
}

func TestUnsteadyStateWarnsOrRefuses(t *testing.T) {
	for how, want := range map[SteadyState]chaos.Answer{WarnUnsteady: chaos.Warns, RefuseUnsteady: chaos.Refuses} {
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
	c.Schedule = []chaos.Injection{{Fault: "lamp"}, {Fault: "nothing"}}
	s := start(t, c)
	until(t, "both refused", func() bool { return len(s.refusals()) == 2 })
	s.Finish("operator")
	<-s.Done()
	for _, want := range []string{"inject lamp as scheduled", "there is no fault nothing: faults are lamp, channel_spike"} {
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestChannelSpikeIsAFault(t *testing.T) {
	s := start(t, config(t, platform(t)))
	if err := s.Inject(SpikeFault, chaos.Params{"factor": "3"}, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "15 VUs", func() bool { return s.Snapshot().Load.VUs == 15 })
	if f := stateOf(s, SpikeFault); f.Summary != "5 VUs → 15 VUs" {
		t.Errorf("summary %q", f.Summary)
	}
	if err := s.Spike(false); err == nil {
		t.Error("the s key ended the fault's spike behind its back")
	}
	until(t, "active", func() bool { return stateOf(s, SpikeFault).State == chaos.Active })
	if err := s.Adjust(SpikeFault, chaos.Params{"users": "8"}); err != nil {
		t.Fatal(err)
	}
	until(t, "8 VUs", func() bool { return s.Snapshot().Load.VUs == 8 })
	if err := s.Revert(SpikeFault); err != nil {
		t.Fatal(err)
	}
	until(t, "5 VUs", func() bool { return s.Snapshot().Load.VUs == 5 })
	set := s.Snapshot().Load.Settings
	if set.Spike || set.SpikeVUs != 0 || set.SpikeFactor != 5 {
		t.Errorf("settings after it: %+v", set)
	}
	if err := s.Spike(true); err != nil {
		t.Fatal(err)
	}
	plan, err := s.Preflight(context.Background(), SpikeFault, nil)
	if err != nil || len(plan.Refused()) != 1 {
		t.Errorf("preflight during a spike by key: %+v, %v", plan.Checks, err)
	}
	s.Finish("operator")
	<-s.Done()
	var spikes []rundir.Kind
	for _, e := range journal(t, s) {
		if e.Kind == rundir.SpikeOn || e.Kind == rundir.SpikeOff {
			spikes = append(spikes, e.Kind)
		}
	}
	if want := []rundir.Kind{rundir.SpikeOn, rundir.SpikeOff, rundir.SpikeOn}; !slices.Equal(spikes, want) {
		t.Errorf("journal has %v, want %v", spikes, want)
	}
}

func TestScalingIsWatchedAndJudged(t *testing.T) {
	c := config(t, platform(t))
	seen := make(chan func(rundir.Scale), 1)
	c.Watch = func(ctx context.Context, tell func(rundir.Scale)) { seen <- tell; <-ctx.Done() }
	s := start(t, c)
	tell := <-seen
	scale := func(ready int) {
		tell(rundir.Scale{Workload: "deployment xin-staging/gateway", Ready: ready, Wanted: ready, Min: 2, Max: 4})
	}
	scale(2)
	scale(2) // no news
	if err := s.Inject(SpikeFault, nil, ""); err != nil {
		t.Fatal(err)
	}
	until(t, "active", func() bool { return stateOf(s, SpikeFault).State == chaos.Active })
	scale(4)
	scale(2)
	if err := s.Revert(SpikeFault); err != nil {
		t.Fatal(err)
	}
	until(t, "off", func() bool { return stateOf(s, SpikeFault).State == chaos.Idle })
	if f := stateOf(s, SpikeFault).Findings[1]; f.Verdict != chaos.Pass || f.Reason != "gateway 4 of 4 pods" {
		t.Errorf("finding %+v", f)
	}
	if w := s.Snapshot().Scaling; len(w) != 1 || w[0].Name != "gateway" || len(w[0].Points) != 3 {
		t.Errorf("scaling %+v", w)
	}
}

func TestWorkloadsAreNamedByWhatTellsThemApart(t *testing.T) {
	for _, c := range []struct{ workloads, want []string }{
		{[]string{"deployment a/xin-xin-platform-channel-gateway"}, []string{"xin-xin-platform-channel-gateway"}},
		{[]string{"deployment a/xin-xin-platform-channel-gateway", "deployment a/xin-xin-platform-orchestrator"}, []string{"channel-gateway", "orchestrator"}},
		{[]string{"deployment a/api", "deployment a/api-admin"}, []string{"api", "api-admin"}},
		{[]string{"deployment a/gateway", "deployment b/gateway"}, []string{"gateway", "gateway"}},
	} {
		var all []Scaling
		for _, w := range c.workloads {
			all = append(all, Scaling{Workload: w})
		}
		shorten(all)
		for i, w := range all {
			if w.Name != c.want[i] {
				t.Errorf("%s is called %q, want %q", w.Workload, w.Name, c.want[i])
			}
		}
	}
}
