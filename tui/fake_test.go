package tui

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
)

// fakeSession is a scripted session: a platform with a finite capacity whose latency is a seeded
// function of the load. Its time moves only by advance, so every frame can be drawn again.
type fakeSession struct {
	mu       sync.Mutex
	started  time.Time
	elapsed  time.Duration
	duration time.Duration
	noise    *rand.Rand
	level    float64 // virtual users or rate reached
	set      load.Settings
	initial  load.Settings
	phase    session.Phase
	windows  []load.Window
	events   []rundir.Event
	errors   map[load.ErrorKey]*load.ErrorTotal
	total    [load.NumSeries]load.Stats
	sent     uint64
	missed   uint64
	token    bool
	failure  string
	tiny     bool // latencies below a millisecond
	down     bool // the platform refuses every connection
	calls    []string
	shots    int   // snapshots taken
	fail     error // what every command returns
	boom     bool  // Snapshot panics
	done     chan struct{}
	once     sync.Once
	states   map[string]load.State
	chaos    fakeChaos
}

func fakeStart() time.Time { return time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC) }

func newFake() *fakeSession {
	set := load.Settings{VUs: 250, Think: load.Think{Max: 1500 * time.Millisecond}, SpikeFactor: 5, Ramp: 10 * time.Second}
	s := &fakeSession{
		started: fakeStart(), duration: 15 * time.Minute, noise: rand.New(rand.NewPCG(7, 11)),
		set: set, initial: set, phase: session.Running, token: true,
		errors: map[load.ErrorKey]*load.ErrorTotal{}, done: make(chan struct{}), states: map[string]load.State{},
		chaos: newFakeChaos(),
	}
	s.event(rundir.Started, "squall", "run started against staging: 250 virtual users, think time 0s-1.5s", nil)
	return s
}

func (s *fakeSession) event(kind rundir.Kind, by, text string, data any) {
	e := rundir.Event{Time: s.started.Add(s.elapsed), At: s.elapsed.Seconds(), Kind: kind, By: by, Text: text}
	if data != nil {
		e.Data, _ = json.Marshal(data)
	}
	s.events = append(s.events, e)
}

// advance lets whole seconds pass.
func (s *fakeSession) advance(seconds int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range seconds {
		s.second()
	}
}

// wait lets a part of a second pass, in which nothing closes.
func (s *fakeSession) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.elapsed += d
}

func (s *fakeSession) second() {
	want := float64(s.set.WantedVUs())
	if s.set.Open() {
		want = s.set.WantedRate()
	}
	if !s.set.Hold {
		step := math.Max(want, s.level) / math.Max(s.set.Ramp.Seconds(), 1)
		s.level += math.Max(-step, math.Min(step, want-s.level))
	}
	rate := s.level
	if !s.set.Open() {
		rate = s.level / (0.1 + (s.set.Think.Min+s.set.Think.Max).Seconds()/2) * 1.02
	}
	if s.set.Paused || s.phase == session.Draining {
		rate = 0
	}
	const capacity = 1300
	busy := rate / capacity
	base := 0.030 * (1 + 0.8*busy + 6*math.Pow(math.Max(busy-0.55, 0), 2)*4)
	if s.tiny {
		base = 0.00016
	}
	w := load.Window{
		Start: s.started.Add(s.elapsed.Truncate(time.Second)), Length: time.Second,
		WantedVUs: s.set.WantedVUs(), VUs: int(s.level), Rate: 0,
		InFlight: int(rate * base * 1.4), Health: load.Health{Lag: time.Duration(600+s.noise.IntN(900)) * time.Microsecond, CPU: math.Min(0.12+rate/9000, 0.99)},
	}
	if s.set.Open() {
		w.VUs, w.WantedVUs, w.Rate = int(rate*base*1.4), 0, s.set.WantedRate()
		if busy > 2 {
			w.Missed = uint64(rate * 0.03)
			w.Health.Saturated, w.Health.Reason = true, "CPU at 98 %"
			w.Health.CPU = 0.98
		}
	}
	s.missed += w.Missed
	mix := s.mix()
	failShare := math.Max(0, busy-1.6) * 0.05
	for c := range load.NumChannels {
		n := uint64(rate * mix[c] * (0.95 + 0.1*s.noise.Float64()))
		failed := uint64(float64(n)*failShare + s.noise.Float64()*0.3)
		s.count(&w, load.SeriesID(c), load.Gateway, n, min(failed, n), base*(1+0.1*float64(c)))
	}
	if s.token && rate > 0 {
		sec := int(s.elapsed / time.Second)
		if every(sec, 10, s.set.Spike) {
			s.count(&w, load.SeriesUpload, load.Ingestion, 1, 0, 0.21+base*2.2)
		}
		if sec%3 == 0 {
			id := load.SeriesWebhook + load.SeriesID(s.noise.IntN(3))
			s.count(&w, id, load.Automation, 1, 0, 0.31+base*3.1)
		}
	}
	s.windows = append(s.windows, w)
	if len(s.windows) > load.HistoryWindows {
		s.windows = s.windows[1:]
	}
	s.elapsed = s.elapsed.Truncate(time.Second) + time.Second
	s.judge()
}

func every(sec, n int, spike bool) bool {
	if spike {
		n /= 2
	}
	return sec%n == 0
}

func (s *fakeSession) count(w *load.Window, id load.SeriesID, f load.Flow, n, failed uint64, base float64) {
	if n == 0 {
		return
	}
	if s.down {
		w.Series[id] = load.Counts{Count: n, Failed: n}
		w.Errors[load.Refused] += n
		s.total[id].Failed += n
		s.sent += n
		return
	}
	w.Series[id] = load.Counts{Count: n, Failed: failed}
	d := func(factor float64) time.Duration {
		return time.Duration(base * factor * (0.92 + 0.16*s.noise.Float64()) * float64(time.Second))
	}
	st := load.Stats{Count: n, Failed: failed, Min: d(0.4), Mean: d(1.2), P50: d(1), P90: d(2), P95: d(2.6), P99: d(4.4), Max: d(7)}
	merge(&w.Flows[f], st)
	merge(&s.total[id], st)
	s.sent += n
	if failed > 0 {
		class, status, sample := load.BadStatus, 503, ""
		if s.noise.IntN(3) == 0 {
			class, status, sample = load.Timeout, 0, "no answer within 10s"
		}
		w.Errors[class] += failed
		key := load.ErrorKey{Series: id, Class: class, Status: status}
		if s.errors[key] == nil {
			s.errors[key] = &load.ErrorTotal{Series: load.AllSeries()[id], Class: class, Status: status, Sample: sample}
		}
		s.errors[key].Count += failed
	}
}

// merge is good enough for a picture; the real thing merges histograms.
func merge(to *load.Stats, from load.Stats) {
	to.Count += from.Count
	to.Failed += from.Failed
	to.P50, to.P90 = max(to.P50, from.P50), max(to.P90, from.P90)
	to.P95, to.P99, to.Max = max(to.P95, from.P95), max(to.P99, from.P99), max(to.Max, from.Max)
	to.Mean = max(to.Mean, from.Mean)
	if to.Min == 0 || from.Min < to.Min {
		to.Min = from.Min
	}
}

func (s *fakeSession) mix() load.Weights {
	if !s.set.Mix.IsZero() {
		return s.set.Mix.Normalised()
	}
	return load.Weights{0.40, 0.25, 0.15, 0.10, 0.10}
}

func (s *fakeSession) recent(f load.Flow) (sum load.Stats) {
	for _, w := range s.windows[max(0, len(s.windows)-load.RecentWindows):] {
		if w.Flows[f].Count > 0 {
			merge(&sum, w.Flows[f])
		}
	}
	return sum
}

func (s *fakeSession) verdicts(stats func(load.Flow) load.Stats, requests, failed uint64) []load.Verdict {
	latency := func(metric string, f load.Flow) load.Verdict {
		v := load.Verdict{Objective: load.Objective{Metric: metric, Aggregate: "p(95)", Operator: "<", Bound: 1500}}
		st := stats(f)
		v.Samples, v.Value = st.Count, float64(st.P95)/1e6
		switch {
		case st.Count < 2:
			v.State, v.Reason = load.Unknown, "too few samples"
		case v.Value < 1500:
			v.State = load.Pass
		default:
			v.State = load.Fail
		}
		return v
	}
	rate := load.Verdict{Objective: load.Objective{Metric: "http_req_failed", Aggregate: "rate", Operator: "<", Bound: 0.01}, Samples: requests}
	if requests > 0 {
		rate.Value, rate.State = float64(failed)/float64(requests), load.Pass
		if rate.Value >= 0.01 {
			rate.State = load.Fail
		}
	}
	return []load.Verdict{
		latency("gateway_latency", load.Gateway), latency("orchestrator_latency", load.Ingestion),
		latency("automation_latency", load.Automation), rate,
	}
}

func (s *fakeSession) live() []load.Verdict {
	var requests, failed uint64
	for _, w := range s.windows[max(0, len(s.windows)-load.RecentWindows):] {
		requests, failed = requests+w.Requests(), failed+w.Failed()
	}
	return s.verdicts(s.recent, requests, failed)
}

// judge writes an event when an objective changes its state.
func (s *fakeSession) judge() {
	for _, v := range s.live() {
		o := v.Objective
		name := fmt.Sprintf("%s: %s%s%v", o.Metric, o.Aggregate, o.Operator, o.Bound)
		before := s.states[name]
		if before != v.State && v.State != load.Unknown && (before != load.Unknown || v.State == load.Fail) {
			word := map[load.State]string{load.Pass: "holds again", load.Fail: "broken"}[v.State]
			s.event(rundir.Objective, "objectives", fmt.Sprintf("objective %s %s", name, word),
				rundir.ObjectiveChange{Objective: name, State: v.State.String(), Value: v.Value})
		}
		if v.State != load.Unknown {
			s.states[name] = v.State
		}
	}
}

func (s *fakeSession) Snapshot() session.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shots++
	if s.boom {
		panic("histogram index out of range")
	}
	all := load.AllSeries()
	l := load.Snapshot{
		At: s.started.Add(s.elapsed), Settings: s.set, WantedVUs: s.set.WantedVUs(), VUs: int(s.level),
		Sent: s.sent, Missed: s.missed, Conns: int(s.level), Windows: s.windows[:len(s.windows):len(s.windows)],
	}
	if s.set.Open() {
		l.Rate = s.set.WantedRate()
	}
	if n := len(s.windows); n > 0 {
		l.Health, l.InFlight, l.VUs = s.windows[n-1].Health, s.windows[n-1].InFlight, s.windows[n-1].VUs
	}
	var shares load.Weights
	var requests, failed uint64
	for id, st := range s.total {
		requests, failed = requests+st.Count, failed+st.Failed
		if st.Count > 0 {
			service := st
			if s.set.Open() {
				service.P50, service.P95, service.P99 = st.P50*3/4, st.P95*2/3, st.P99*3/5
			}
			l.Totals = append(l.Totals, load.SeriesTotal{Series: all[id], Latency: st, Service: service})
			merge(&l.Total[all[id].Flow], st)
			merge(&l.All, st)
		}
	}
	for _, w := range s.windows[max(0, len(s.windows)-load.RecentWindows):] {
		for c := range load.NumChannels {
			shares[c] += float64(w.Series[c].Count)
		}
	}
	for f := range load.NumFlows {
		l.Recent[f] = s.recent(load.Flow(f))
	}
	for id := range all { // in a fixed order
		for _, class := range []load.ErrorClass{load.BadStatus, load.Timeout} {
			for _, status := range []int{503, 0} {
				if e := s.errors[load.ErrorKey{Series: load.SeriesID(id), Class: class, Status: status}]; e != nil {
					l.Errors = append(l.Errors, *e)
				}
			}
		}
	}
	snap := session.Snapshot{
		Target: "staging", Host: "gateway.staging.xinbot.ir", Dir: "runs/20260314T040000Z-staging", Started: s.started,
		Elapsed: s.elapsed, Duration: s.duration, Phase: s.phase, Load: l, Mix: s.mix(), Shares: shares.Normalised(),
		Live: s.live(), Overall: s.verdicts(func(f load.Flow) load.Stats { return l.Total[f] }, requests, failed),
		Events: s.events[:len(s.events):len(s.events)], Failure: s.failure,
		Faults: slices.Clone(s.chaos.faults), Phases: s.phases(), Scaling: s.chaos.scaling, Protected: s.chaos.protected,
		Brands: []load.Brand{
			{Name: "Golestan Store", BrandID: "b1", Channels: load.Weights{0.4, 0.25, 0.15, 0.1, 0.1}},
			{Name: "فروشگاه پارس", BrandID: "b2", Channels: load.Weights{0.2, 0.5, 0.1, 0.1, 0.1}},
			{Name: "A brand with a very long name indeed", BrandID: "b3", Channels: load.Weights{1, 0, 0, 0, 0}},
		},
	}
	off := "no admin token"
	if s.token {
		off = ""
	}
	snap.Flows = []session.FlowState{
		{Flow: load.Gateway, On: true, Detail: "5 channels"},
		{Flow: load.Ingestion, On: s.token, Reason: off, Detail: "3/min × 2 tenants"},
		{Flow: load.Automation, On: s.token, Reason: off, Detail: "5/min × 2 tenants"},
		{Flow: load.Rules, On: s.token, Reason: off, Detail: "1/min × 2 tenants"},
		{Flow: load.Knowledge, Reason: "not asked for"},
	}
	return snap
}

func (s *fakeSession) Done() <-chan struct{} { return s.done }

// change carries out a command.
func (s *fakeSession) change(call string, kind rundir.Kind, text string, do func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	if s.fail != nil {
		return s.fail
	}
	do()
	s.event(kind, "operator", text, nil)
	return nil
}

func (s *fakeSession) SetVUs(n int) error {
	return s.change(fmt.Sprint("vus ", n), rundir.SetVUs, fmt.Sprintf("virtual users %d → %d", s.set.VUs, n), func() { s.set.VUs, s.set.Rate = n, 0 })
}

func (s *fakeSession) SetRate(r float64) error {
	return s.change(fmt.Sprint("rate ", r), rundir.SetRate, fmt.Sprintf("arrival rate %v/s", r), func() { s.set.Rate = r })
}

func (s *fakeSession) SetThink(t load.Think) error {
	return s.change("think "+t.String(), rundir.SetThink, "think time "+t.String(), func() { s.set.Think = t })
}

func (s *fakeSession) SetRamp(d time.Duration) error {
	return s.change("ramp "+d.String(), rundir.SetRamp, "ramp time "+d.String(), func() { s.set.Ramp = d })
}

func (s *fakeSession) SetMix(w load.Weights) error {
	return s.change(fmt.Sprint("mix ", w), rundir.SetMix, "channel mix changed", func() { s.set.Mix = w })
}

func (s *fakeSession) SetBrandMix(id string, w load.Weights) error {
	return s.change(fmt.Sprint("brand ", id, " ", w), rundir.SetMix, "channel mix of a brand changed", func() {
		s.set.BrandMix = map[string]load.Weights{id: w}
	})
}

func (s *fakeSession) SetSpikeFactor(f float64) error {
	return s.change(fmt.Sprint("factor ", f), rundir.SetFactor, fmt.Sprintf("spike multiplier %v", f), func() { s.set.SpikeFactor = f })
}

func (s *fakeSession) Spike(on bool) error {
	kind, text := rundir.SpikeOff, "spike off"
	if on {
		kind, text = rundir.SpikeOn, fmt.Sprintf("spike on: %v times the load", s.set.SpikeFactor)
	}
	return s.change(fmt.Sprint("spike ", on), kind, text, func() { s.set.Spike = on })
}

func (s *fakeSession) Pause(on bool) error {
	kind := map[bool]rundir.Kind{true: rundir.Paused, false: rundir.Resumed}[on]
	return s.change(fmt.Sprint("pause ", on), kind, string(kind), func() {
		s.set.Paused = on
		s.phase = map[bool]session.Phase{true: session.Paused, false: session.Running}[on]
	})
}

func (s *fakeSession) Hold(on bool) error {
	kind := map[bool]rundir.Kind{true: rundir.Held, false: rundir.Released}[on]
	return s.change(fmt.Sprint("hold ", on), kind, "hold "+string(kind), func() { s.set.Hold = on })
}

func (s *fakeSession) RecycleConnections() error {
	return s.change("recycle", rundir.Recycled, "connections recycled", func() {})
}

func (s *fakeSession) Note(text string) error {
	return s.change("note "+text, rundir.Note, "note: "+text, func() {})
}

func (s *fakeSession) Halt() error {
	return s.change("halt", rundir.Halted, "HALT: back to the settings of the start, spikes blocked", func() {
		s.set, s.phase = s.initial, session.Halted
		for i := range s.chaos.faults {
			if f := &s.chaos.faults[i]; f.On() {
				f.State = chaos.Reverting
			}
		}
	})
}

func (s *fakeSession) Release() error {
	return s.change("release", rundir.Unblocked, "released after the halt", func() { s.phase = session.Running })
}

func (s *fakeSession) Export() (string, error) {
	return "runs/20260314T040000Z-staging/report.md", s.change("export", rundir.Exported, "report written", func() {})
}

func (s *fakeSession) Finish(reason string) {
	_ = s.change("finish "+reason, rundir.Finished, "run ended: "+reason, func() { s.phase = session.Draining })
}

// end is the report being on disk.
func (s *fakeSession) end() {
	s.mu.Lock()
	s.phase = session.Finished
	s.mu.Unlock()
	s.once.Do(func() { close(s.done) })
}

// gameDay plays a few minutes: a calm start, a spike that breaks objectives, recovery, a note.
func gameDay(s *fakeSession) {
	s.advance(60)
	_ = s.SetVUs(300)
	s.advance(40)
	_ = s.Note("HPA at 3 replicas before the spike")
	s.advance(15)
	_ = s.Spike(true)
	s.advance(55)
	_ = s.Spike(false)
	s.advance(30)
	_ = s.SetVUs(320)
	s.advance(1)
	_ = s.SetVUs(340)
	s.advance(51)
}

// phases are a baseline and, with spikes and faults in the story, what came after it. Their figures are
// invented; a session's come from histograms.
func (s *fakeSession) phases() []session.PhaseStats {
	var all []session.PhaseStats
	begin := func(name string, strained bool, at float64) {
		if n := len(all); n > 0 {
			all[n-1].To = at
		}
		all = append(all, session.PhaseStats{Phase: rundir.Phase{Name: name, Strained: strained, From: at}})
	}
	begin("baseline", false, 0)
	for _, e := range s.events {
		var f rundir.Fault
		switch e.Kind {
		case rundir.SpikeOn:
			begin("spike 1", true, e.At)
		case rundir.FaultOn:
			if json.Unmarshal(e.Data, &f) == nil {
				begin(f.Title, true, e.At)
			}
		case rundir.SpikeOff, rundir.FaultOff:
			begin("recovery 1", false, e.At)
		}
	}
	all[len(all)-1].To = s.elapsed.Seconds()
	for i := range all {
		p := &all[i]
		p.Seconds = p.To - p.From
		late := time.Duration(i+1) * 83 * time.Millisecond
		p.Flows[load.Gateway] = load.Stats{Requests: uint64(300 * p.Seconds), Failed: uint64(i * 7), Count: uint64(300 * p.Seconds), P50: late / 3, P95: late, P99: 2 * late}
		p.Flows[load.Ingestion] = load.Stats{Requests: 12, Count: 12, P50: late, P95: 2 * late, P99: 3 * late}
	}
	if s.elapsed < time.Second {
		return nil
	}
	return all
}
