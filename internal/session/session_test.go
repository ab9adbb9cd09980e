package session

import (
	"context"
	"errors"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp's cleaner sleeps for the idle time of a connection before it notices the end.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"), // the demo's servers, once per process
	)
}

// platform starts the embedded platform without its simulated delays.
func platform(t *testing.T) *demo.Platform {
	t.Helper()
	p, err := demo.Start(context.Background(), demo.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// config is a small run against a platform.
func config(t *testing.T, p *demo.Platform) Config {
	t.Helper()
	w := load.DefaultWorkload()
	gateway, err := url.Parse(p.GatewayURL())
	if err != nil {
		t.Fatal(err)
	}
	orchestrator, err := url.Parse(p.OrchestratorURL())
	if err != nil {
		t.Fatal(err)
	}
	o := load.Options{
		Workload: w, Orchestrator: orchestrator, Keys: new(load.Keyring), KeepAlive: true,
		Timeout: 5 * time.Second, Drain: 3 * time.Second, UserAgent: "squall/test", Seed: 1,
	}
	for c, spec := range w.Channels {
		o.Gateway[c] = load.GatewayURL(gateway, spec.Path)
		if err := o.Keys.Set(load.Channel(c), load.Key{Current: p.Secrets()[spec.SecretOf.String()]}); err != nil {
			t.Fatal(err)
		}
	}
	o.Keys.SetToken(p.AdminToken())
	return Config{
		Options: o, Target: "demo", Version: "test", Embedded: true,
		Settings:   load.Settings{VUs: 5, Think: load.Think{Max: 20 * time.Millisecond}, SpikeFactor: 5},
		Objectives: slo.DefaultObjectives(),
		Dir:        filepath.Join(t.TempDir(), "run"),
		Report: func(dir string) (string, error) {
			path := filepath.Join(dir, "report.md")
			return path, os.WriteFile(path, []byte("report"), 0o600)
		},
	}
}

func start(t *testing.T, c Config) *Session {
	t.Helper()
	s, err := Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Abort(operator); <-s.Done() })
	return s
}

// until waits for a condition that is about to come true, and fails the test if it does not.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

var operator = event.By(event.RoleOperator)

// give gives a command of the operator's.
func give(s *Session, c command.Command) error { return s.Do(context.Background(), operator, c) }

func finish(s *Session) { _ = give(s, command.Finish{}) }

func kinds(events []event.Event) []event.Kind {
	var all []event.Kind
	for _, e := range events {
		all = append(all, e.Kind())
	}
	return all
}

func TestRunFromStartToReport(t *testing.T) {
	s := start(t, config(t, platform(t)))
	until(t, "a closed window with requests", func() bool { return s.Snapshot().Load.All.Count > 0 })

	if err := give(s, command.SetVUs{VUs: 12}); err != nil {
		t.Fatal(err)
	}
	until(t, "12 VUs", func() bool { return s.Snapshot().Load.VUs == 12 })
	if err := give(s, command.Spike{On: true}); err != nil {
		t.Fatal(err)
	}
	until(t, "60 VUs", func() bool { return s.Snapshot().Load.VUs == 60 })
	if err := give(s, command.Note{Text: "  rotate\nnow "}); err != nil {
		t.Fatal(err)
	}
	if err := give(s, command.Halt{}); err != nil {
		t.Fatal(err)
	}
	until(t, "5 VUs", func() bool { return s.Snapshot().Load.VUs == 5 })
	if got := s.Snapshot().Status; got != Halted {
		t.Errorf("phase after halt: %s", got)
	}
	if err := give(s, command.Spike{On: true}); !errors.Is(err, ErrHalted) {
		t.Errorf("spike after halt: %v, want refused", err)
	}
	if err := give(s, command.ReleaseHalt{}); err != nil {
		t.Fatal(err)
	}
	finish(s)
	<-s.Done()
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if err := give(s, command.SetVUs{VUs: 1}); !errors.Is(err, ErrEnded) {
		t.Errorf("command after the end: %v", err)
	}

	run, err := rundir.Open(s.config.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if run.End == nil || run.End.Cause != event.EndAsked || len(run.End.NotReverted) > 0 || len(run.Warnings) > 0 {
		t.Errorf("end %+v, warnings %v", run.End, run.Warnings)
	}
	for _, k := range []event.Kind{"run_started", "vus_set", "fault_started", "noted", "halted", "halt_released", "command_refused", "run_ended"} {
		if !slices.Contains(kinds(run.Events), k) {
			t.Errorf("journal lacks %s: %v", k, kinds(run.Events))
		}
	}
	var onDisk uint64
	for _, second := range run.Seconds {
		for _, c := range second.Series {
			onDisk += c[0]
		}
	}
	if sent := s.Snapshot().Load.Sent; onDisk != sent {
		t.Errorf("%d requests on disk, %d sent: samples were lost", onDisk, sent)
	}
	if errs := s.Snapshot().Load.Errors; len(errs) > 0 {
		t.Errorf("errors against the demo: %+v", errs)
	}
}

func TestSecretsStayOutOfTheRunDirectory(t *testing.T) {
	p := platform(t)
	c := config(t, p)
	s := start(t, c)
	until(t, "requests", func() bool { return s.Snapshot().Load.Sent > 50 })
	if err := give(s, command.Note{Text: "the token is " + p.AdminToken() + " and instagram has " + p.Secrets()["instagram"]}); err != nil {
		t.Fatal(err)
	}
	if events := s.Snapshot().Events; events[len(events)-1].Text() != "the token is (secret) and instagram has (secret)" {
		t.Errorf("on screen: %s", events[len(events)-1].Text())
	}
	finish(s)
	<-s.Done()
	secrets := []string{p.AdminToken()}
	for _, v := range p.Secrets() {
		secrets = append(secrets, v)
	}
	files, err := filepath.Glob(filepath.Join(c.Dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s holds a secret", filepath.Base(f))
			}
		}
	}
}

func TestWithoutTokenAdminFlowsAreOffAndUncounted(t *testing.T) {
	c := config(t, platform(t))
	c.Options.Keys.SetToken("")
	s := start(t, c)
	until(t, "a window", func() bool { return len(s.Snapshot().Load.Windows) > 0 })
	for _, f := range s.Snapshot().Flows {
		if f.On != (f.Flow == load.Gateway) {
			t.Errorf("%s on: %v", f.Flow, f.On)
		}
		if !f.On && f.Reason == "" {
			t.Errorf("%s is off without a reason", f.Flow)
		}
	}
	for _, total := range s.Snapshot().Load.Totals {
		if total.Series.Flow != load.Gateway {
			t.Errorf("%s was counted", total.Series)
		}
	}
}

func TestDurationEndsTheRun(t *testing.T) {
	c := config(t, platform(t))
	c.Duration = 300 * time.Millisecond
	s := start(t, c)
	<-s.Done()
	if end := s.Snapshot().Timeline.End; end == nil || end.Data.Cause != event.EndDuration {
		t.Errorf("end %+v", end)
	}
}

func TestStopRuleTakesBackTheSpikeFirst(t *testing.T) {
	c := config(t, platform(t))
	rule, err := slo.ParseStopRule(load.Registry(), "http_reqs: rate>0 for 1s")
	if err != nil {
		t.Fatal(err)
	}
	c.StopRules = []slo.StopRule{rule}
	c.Settings.Paused = true // nothing is sent, so the rule cannot fire before the spike
	s := start(t, c)
	if err := give(s, command.Spike{On: true}); err != nil {
		t.Fatal(err)
	}
	if err := give(s, command.Pause{On: false}); err != nil {
		t.Fatal(err)
	}
	until(t, "halt by the stop rule", func() bool { return s.Snapshot().Status == Halted })
	if s.Snapshot().Load.Settings.Spike {
		t.Error("the spike goes on")
	}
	// The baseline meets the rule too: now there is nothing left to revert.
	<-s.Done()
	if end := s.Snapshot().Timeline.End; end.Data.Cause != event.EndStopRule {
		t.Errorf("end %+v", end)
	}
}

func TestPanicStillLeavesAReport(t *testing.T) {
	s := start(t, config(t, platform(t)))
	s.Panicked("boom", []byte("stack"))
	<-s.Done()
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("err %v", err)
	}
	if snap := s.Snapshot(); snap.Report == "" || snap.Timeline.End.Data.Cause != event.EndPanic {
		t.Errorf("report %q, end %+v", snap.Report, snap.Timeline.End)
	}
}

func TestRefusesADirectoryThatHoldsARun(t *testing.T) {
	c := config(t, platform(t))
	s := start(t, c)
	finish(s)
	<-s.Done()
	if _, err := Start(context.Background(), c); err == nil {
		t.Error("a run was written over")
	}
}

// A second that cannot be written is told: on screen, in the journal, and by how the run ends.
func TestLostSecondIsTold(t *testing.T) {
	s := start(t, config(t, platform(t)))
	observe := s.observer()
	for range 2 {
		o := load.Registry().NewObservation()
		o.Window.Start, o.Window.Length, o.Window.Rate = s.started, time.Second, math.NaN()
		o.Total, o.Recent = load.Registry().NewTotals(), load.Registry().NewTotals()
		observe(o)
	}
	if s.Snapshot().Failure == "" {
		t.Error("the screen says nothing")
	}
	finish(s)
	<-s.Done()
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "measured and not written: 2 seconds") {
		t.Errorf("the run ended with %v", err)
	}
	if n := len(s.Snapshot().Timeline.Failures); n != 1 {
		t.Errorf("%d failures in the journal, want 1", n)
	}
}
