package report

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// A synthetic run, the same on every machine: 100 s baseline, a spike of 60 s that the gateway
// answers late and in part with 502, a recovery, a pause, and a calm end.
var began = time.Date(2026, 7, 30, 9, 15, 0, 0, time.UTC)

type synthetic struct {
	open      bool // arrival rate, with service times and missed sends
	openFrom  int  // the open model only from this second on; 0: not
	killed    bool // no finished event
	adminOff  bool // no admin token
	saturated bool
	seconds   int
	change    func(*event.RunStarted)
	quiet     bool // no spike and no pause
	slow      slowdowns
	leftOver  []string
	events    []event.Event // beside the usual ones; their place in the journal goes by their time
}

// slowdowns are times in which the gateway is slower than usual.
type slowdowns [4]struct {
	from, to int // seconds; to is not in it
	times    float64
}

// at is how many times as slow as usual it is.
func (s slowdowns) at(second int) float64 {
	times := 1.0
	for _, one := range s {
		if second >= one.from && second < one.to {
			times *= one.times
		}
	}
	return times
}

// write makes the run in a new directory.
func (s synthetic) write(t testing.TB) string {
	t.Helper()
	if s.seconds == 0 {
		s.seconds = 240
	}
	dir := s.writeJournal(t)
	for name, text := range s.measured(t) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// writeJournal makes a run of which nothing was measured.
func (s synthetic) writeJournal(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	events := slices.Clone(s.events)
	add := func(at float64, by event.Role, data any) {
		if at <= float64(s.seconds) {
			events = append(events, happened(at, by, data))
		}
	}
	add(0, event.RoleSquall, s.header())
	add(20.2, event.RoleOperator, event.VUsSet{From: 200, To: 250})
	if !s.quiet {
		spike := event.Injection{Fault: "channel_spike", Title: "Channel spike", Run: 99}
		add(100.4, event.RoleOperator, event.FaultStarted{Injection: spike, Driver: "load generator", Summary: "250 VUs → 1,250 VUs", Scope: "all channels"})
		add(100.4, event.RoleOperator, event.FaultActive{Injection: spike, Scope: "all channels"})
		add(112.1, event.RoleObjectives, event.ObjectiveBroken{Objective: "gateway_latency: p(95)<1500", Title: "gateway latency p(95)<1500", Value: 1900, Measured: "1.9 s"})
		add(160.6, event.RoleOperator, event.FaultReverting{Injection: spike, Cause: event.CauseAsked})
		add(160.6, event.RoleSquall, event.FaultReverted{Injection: spike, Cause: event.CauseAsked})
		add(200, event.RoleOperator, event.Paused{})
		add(215, event.RoleOperator, event.Resumed{})
	}
	add(130, event.RoleOperator, event.Noted{Note: "Autoscaler woke up | *really*? <b>yes</b> Bearer abcdefgh12345678"})
	if !s.killed {
		add(float64(s.seconds), event.RoleOperator, event.RunEnded{Cause: event.EndAsked, NotReverted: s.leftOver})
	}
	slices.SortStableFunc(events, func(a, b event.Event) int { return cmp.Compare(a.At, b.At) })
	for _, e := range events {
		if err := w.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// measurements are the files of the seconds of runs that were written before: histograms take long to
// encode, above all with the race detector.
var measurements sync.Map // of [measurement] to map[string][]byte

// measurement is what the seconds of a run depend on.
type measurement struct {
	open, adminOff, saturated, quiet bool
	openFrom, seconds                int
	slow                             slowdowns
}

// measured returns the files of the run's seconds, by name.
func (s synthetic) measured(t testing.TB) map[string][]byte {
	t.Helper()
	key := measurement{s.open, s.adminOff, s.saturated, s.quiet, s.openFrom, s.seconds, s.slow}
	if before, found := measurements.Load(key); found {
		return before.(map[string][]byte)
	}
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range s.seconds {
		obs := s.second(i, rng)
		if err := w.Second(rundir.NewSecond(float64(i), obs), obs); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range []string{rundir.WindowsFile, rundir.HistogramFile} {
		if files[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	measurements.Store(key, files)
	return files
}

func (s synthetic) header() event.RunStarted {
	m := event.RunStarted{
		RunID: "20260730T091500Z-staging", Version: "v0.1.0", GoVersion: "go1.26.0", OS: "linux", Arch: "amd64", CPUs: 2, Host: "bench-1",
		Command: []string{"squall", "run", "--vus", "200", "--duration", "15m"},
		Target:  "staging", Gateway: "https://gateway.example.test/webchat/webhook", Orchestrator: "https://api.example.test",
		Workload: "tests/perf/workload_mix.yaml", Tenants: 2, Brands: 3, Model: "closed", VUs: 200, Think: event.Think{Max: 1.5}, Ramp: "5s",
		SpikeFactor: 5, Seed: 42,
		Secrets:  map[string]string{"webchat secret": "sha256:1f2e3d4c", "admin token": "sha256:aabbccdd"},
		Settings: []event.Provenance{{Name: "vus", Value: "200", Source: "--vus"}, {Name: "think", Value: "0s-1.5s", Source: "default"}, {Name: "admin-token", Value: "sha256:aabbccdd", Source: "ADMIN_TOKEN"}},
		FlowsOff: map[string]string{"knowledge": "not asked for (--knowledge)"},
	}
	for _, o := range slo.DefaultObjectives() {
		m.Objectives = append(m.Objectives, o.String())
	}
	m.Objectives = append(m.Objectives, "gateway_latency{channel:telegram}: p(99)<5000", "checks: rate>0.9", "automation_latency: count>5")
	if s.adminOff {
		for _, f := range []string{"ingestion", "automation", "rules"} {
			m.FlowsOff[f] = "no admin token"
		}
	}
	if s.open {
		m.Model, m.Rate, m.VUs = "open", 200, 0
	}
	if s.change != nil {
		s.change(&m)
	}
	return m
}

// second is what happened in the i-th second.
func (s synthetic) second(i int, rng *rand.Rand) metric.Observation {
	s.open = s.open || s.openFrom > 0 && i >= s.openFrom
	obs := load.Registry().NewObservation()
	win := &obs.Window
	win.Start, win.Length = began.Add(time.Duration(i)*time.Second), time.Second
	win.Health = metric.Health{Lag: time.Duration(200+rng.IntN(300)) * time.Microsecond, CPU: 0.2}
	spike := i >= 100 && i < 161 && !s.quiet
	paused := i >= 200 && i < 215 && !s.quiet
	users, slow, requests := 200, 1.0, 120
	if i >= 20 {
		users, requests = 250, 150
	}
	if spike {
		users, requests = 1250, 600
		slow = 1 + 22*math.Min(1, float64(i-100)/20)
		win.Health.CPU = 0.7
	} else if i >= 161 && i < 185 && !s.quiet {
		slow = 1 + 22*math.Exp(-float64(i-160)/6)
	}
	slow *= s.slow.at(i)
	win.WantedVUs, win.VUs = users, users
	if spike && i < 104 {
		win.VUs = 250 + (i-99)*250
	}
	if s.open {
		win.WantedVUs, win.VUs, win.Rate = 0, 0, float64(requests)
		if spike && i%10 == 0 {
			win.Missed = 7
		}
	}
	if paused {
		return obs
	}
	if s.saturated && i >= 150 && i < 153 {
		win.Health.Saturated, win.Health.Reason = true, "timers fire 31ms late"
	}
	add := func(id metric.SeriesID, n int, median, spread float64) {
		if n == 0 {
			return
		}
		obs.Latency[id] = metric.NewHistogram()
		if s.open {
			obs.Service[id] = metric.NewHistogram()
		}
		for range n {
			ms := median * math.Exp(rng.NormFloat64()*spread)
			micros := min(max(int64(ms*1000), metric.LowestMicros), metric.HighestMicros)
			record(obs.Latency[id], micros)
			if s.open {
				record(obs.Service[id], micros-micros/4)
			}
		}
		win.Series[id].Count += uint64(n)
	}
	var failed uint64
	for c, share := range []float64{0.40, 0.25, 0.15, 0.10, 0.10} {
		add(metric.SeriesID(c), int(share*float64(requests)), 80*slow, 0.45)
		if spike && i >= 120 && i%3 == 0 {
			win.Series[c].Failed = uint64(3 - c/2)
			failed += win.Series[c].Failed
			obs.Errors = append(obs.Errors, metric.ErrorTotal{Series: load.Registry().Series()[c], Class: metric.BadStatus, Status: 502, Count: win.Series[c].Failed})
		}
	}
	if spike && i%5 == 4 {
		obs.Errors = append(obs.Errors,
			metric.ErrorTotal{Series: load.Registry().Series()[0], Class: metric.Timeout, Count: 2, Sample: "no answer within 10s"},
			metric.ErrorTotal{Series: load.Registry().Series()[0], Class: metric.LocalLimit, Count: 1, Sample: "no free port"})
		win.Series[0].Failed += 2
		failed += 2
	}
	if !s.adminOff {
		if i%10 == 0 {
			add(load.Ingestion.Series("upload"), 1, 210, 0.3)
		}
		if i%6 == 3 {
			add(load.Automation.Series("webhook")+metric.SeriesID(i/6%3), 1, 300*math.Sqrt(slow), 0.3)
		}
	}
	var total uint64
	for c := range load.NumChannels {
		total += win.Series[c].Count
	}
	obs.Checks = []metric.Check{{Name: "gateway answers 202", Passes: total - failed, Fails: failed}}
	return obs
}

func record(h *hdr.Histogram, micros int64) {
	if err := h.RecordValue(micros); err != nil {
		panic(fmt.Sprint("synthetic run: ", err))
	}
}
