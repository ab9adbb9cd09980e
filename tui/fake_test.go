package tui

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// fakeSession is a scripted session: a platform with a finite capacity whose latency is a seeded
// function of the load. Its time moves only by advance, so every frame can be drawn again.
type fakeSession struct {
	mu       sync.Mutex
	started  time.Time
	elapsed  time.Duration
	duration time.Duration
	level    float64 // virtual users or rate reached
	set      load.Settings
	initial  load.Settings
	status   session.Status
	windows  []metric.Window
	events   []event.Event
	line     timeline.Timeline
	errors   map[metric.ErrorKey]*metric.ErrorTotal
	total    []metric.Stats // by series
	sent     uint64
	missed   uint64
	token    bool
	failure  string
	report   string
	outside  bool             // objectives are judged outside faults
	tiny     bool             // latencies below a millisecond
	away     time.Duration    // how long the next second's generator does not run
	down     bool             // the platform refuses every connection
	panels   []evidence.Panel // of the platform's own metrics; none: nothing reads them
	alerts   bool             // a source reads the platform's alerts
	rotation *session.RotationState
	fallback float64 // share of messages that a slow second model answers
	calls    []string
	shots    int   // snapshots taken
	fail     error // what every command returns
	boom     bool  // Snapshot panics
	done     chan struct{}
	once     sync.Once
	states   map[string]slo.State
	chaos    fakeChaos
}

func fakeStart() time.Time { return time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC) }

func newFake() *fakeSession {
	set := load.Settings{VUs: 250, Think: load.Think{Max: 1500 * time.Millisecond}, SpikeFactor: 5, Ramp: 10 * time.Second}
	s := &fakeSession{
		started: fakeStart(), duration: 15 * time.Minute,
		set: set, initial: set, status: session.Running, token: true,
		errors: map[metric.ErrorKey]*metric.ErrorTotal{}, total: make([]metric.Stats, len(load.Registry().Series())), done: make(chan struct{}), states: map[string]slo.State{},
		chaos: newFakeChaos(),
	}
	s.event(event.RoleSquall, event.RunStarted{Target: "staging", VUs: 250, Think: event.Think{Max: 1.5}})
	return s
}

func (s *fakeSession) event(by event.Role, data any) {
	e := event.Make(s.started.Add(s.elapsed), s.elapsed.Seconds(), event.By(by), data)
	s.events = append(s.events, e)
	s.line.Apply(e)
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
	if s.set.Paused || s.status == session.Draining {
		rate = 0
	}
	const capacity = 1300
	busy := rate / capacity
	base := 0.030 * (1 + 0.8*busy + 6*math.Pow(math.Max(busy-0.55, 0), 2)*4)
	if s.tiny {
		base = 0.00016
	}
	w := load.Registry().NewWindow()
	w.Start, w.Length = s.started.Add(s.elapsed.Truncate(time.Second)), time.Second
	w.WantedVUs, w.VUs = s.set.WantedVUs(), int(s.level)
	w.InFlight, w.Health = int(rate*base*1.4), metric.Health{Lag: time.Duration(600+s.noise("generator").IntN(900)) * time.Microsecond, CPU: math.Min(0.12+rate/9000, 0.99)}
	if s.set.Open() {
		w.VUs, w.WantedVUs, w.Rate = int(rate*base*1.4), 0, s.set.WantedRate()
		if busy > 2 {
			w.Missed = uint64(rate * 0.03)
			w.Health.Saturated, w.Health.Reason = true, "CPU at 98 %"
			w.Health.CPU = 0.98
		}
	}
	s.missed += w.Missed
	w.Away, s.away = s.away, 0
	mix := s.mix()
	failShare := math.Max(0, busy-1.6) * 0.05
	for c := range load.Channel(load.NumChannels) {
		noise := s.noise(c.String())
		n := uint64(rate * mix[c] * (0.95 + 0.1*noise.Float64()))
		failed := uint64(float64(n)*failShare + noise.Float64()*0.3)
		s.count(&w, metric.SeriesID(c), load.Gateway, n, min(failed, n), base*(1+0.1*float64(c)))
	}
	if s.token && rate > 0 {
		sec := int(s.elapsed / time.Second)
		if every(sec, 10, s.set.Spike) {
			s.count(&w, load.Ingestion.Series("upload"), load.Ingestion, 1, 0, 0.21+base*2.2)
		}
		if sec%3 == 0 {
			id := load.Automation.Series("webhook") + metric.SeriesID(s.noise(load.Automation.Name).IntN(3))
			s.count(&w, id, load.Automation, 1, 0, 0.31+base*3.1)
		}
	}
	s.windows = append(s.windows, w)
	if len(s.windows) > metric.HistoryWindows {
		s.windows = s.windows[1:]
	}
	s.elapsed = s.elapsed.Truncate(time.Second) + time.Second
	s.judge()
}

// noise is what is random in this second of one thing. It depends on nothing else, so that a channel or
// a flow that is added changes no figure of the others, and so no frame that does not show it.
func (s *fakeSession) noise(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Sum64(), uint64(s.elapsed/time.Second)))
}

func every(sec, n int, spike bool) bool {
	if spike {
		n /= 2
	}
	return sec%n == 0
}

func (s *fakeSession) count(w *metric.Window, id metric.SeriesID, f *metric.Flow, n, failed uint64, base float64) {
	if n == 0 {
		return
	}
	if s.down {
		w.Series[id] = metric.Counts{Count: n, Failed: n}
		w.Errors[metric.Refused] += n
		merge(&w.Flows[f.ID()], metric.Stats{Requests: n, Failed: n})
		s.total[id].Failed += n
		s.sent += n
		return
	}
	w.Series[id] = metric.Counts{Count: n, Failed: failed}
	noise := s.noise(load.Registry().Series()[id].String())
	d := func(factor float64) time.Duration {
		return time.Duration(base * factor * (0.92 + 0.16*noise.Float64()) * float64(time.Second))
	}
	st := metric.Stats{Requests: n, Count: n, Failed: failed, Min: d(0.4), Mean: d(1.2), P50: d(1), P90: d(2), P95: d(2.6), P99: d(4.4), Max: d(7)}
	merge(&w.Flows[f.ID()], st)
	merge(&s.total[id], st)
	s.dense(w, f, n, st)
	s.sent += n
	if failed > 0 {
		class, status, sample := metric.BadStatus, 503, ""
		if noise.IntN(3) == 0 {
			class, status, sample = metric.Timeout, 0, "no answer within 10s"
		}
		w.Errors[class] += failed
		key := metric.ErrorKey{Series: id, Class: class, Status: status}
		if s.errors[key] == nil {
			s.errors[key] = &metric.ErrorTotal{Series: load.Registry().Series()[id], Class: class, Status: status, Sample: sample, Most: metric.TextCount{Text: sample, Count: 1}}
		}
		s.errors[key].Count += failed
	}
}

// dense spreads a second's latencies evenly, as logarithms, between the percentiles.
func (s *fakeSession) dense(w *metric.Window, f *metric.Flow, n uint64, st metric.Stats) {
	if w.Density == nil {
		w.Density = make([]metric.SparseDensity, len(w.Flows))
	}
	d := &w.Density[f.ID()]
	if d.Counts == nil {
		d.Counts = make([]uint32, metric.NumBins)
	}
	quantiles := []struct{ at, latency float64 }{
		{0, st.Min.Seconds()}, {0.5, st.P50.Seconds()}, {0.9, st.P90.Seconds()}, {0.95, st.P95.Seconds()}, {0.99, st.P99.Seconds()}, {1, st.Max.Seconds()},
	}
	const parts = 100
	for i := range uint64(parts) {
		at, latency := (float64(i)+0.5)/parts, 0.0
		for q := range len(quantiles) - 1 {
			if low, high := quantiles[q], quantiles[q+1]; at >= low.at && at < high.at {
				latency = low.latency * math.Pow(high.latency/low.latency, (at-low.at)/(high.at-low.at))
			}
		}
		if at < s.fallback {
			latency = 1.05 + 0.2*at
		}
		d.Counts[metric.BinOf(time.Duration(latency*float64(time.Second)))] += uint32((i+1)*n/parts - i*n/parts)
	}
}

// merge is good enough for a picture; the real thing merges histograms.
func merge(to *metric.Stats, from metric.Stats) {
	to.Requests += from.Requests
	to.Count += from.Count
	to.Failed += from.Failed
	to.P50, to.P90 = max(to.P50, from.P50), max(to.P90, from.P90)
	to.P95, to.P99, to.Max = max(to.P95, from.P95), max(to.P99, from.P99), max(to.Max, from.Max)
	to.Mean = max(to.Mean, from.Mean)
	if from.Count > 0 && (to.Min == 0 || from.Min < to.Min) {
		to.Min = from.Min
	}
}

func (s *fakeSession) mix() load.Weights {
	if !s.set.Mix.IsZero() {
		return s.set.Mix.Normalised()
	}
	return load.Weights{0.40, 0.25, 0.15, 0.10, 0.10}
}

func (s *fakeSession) recent(f *metric.Flow) (sum metric.Stats) {
	for _, w := range s.windows[max(0, len(s.windows)-metric.RecentWindows):] {
		if w.Flows[f.ID()].Count > 0 {
			merge(&sum, w.Flows[f.ID()])
		}
	}
	return sum
}

func (s *fakeSession) verdicts(stats func(*metric.Flow) metric.Stats, requests, failed uint64) []slo.Result {
	latency := func(metric string, f *metric.Flow) slo.Result {
		v := slo.Result{Objective: slo.Objective{Metric: metric, Aggregate: "p(95)", Operator: "<", Bound: 1500}}
		st := stats(f)
		v.Samples, v.Value = st.Count, float64(st.P95)/1e6
		switch {
		case st.Count < 2:
			v.State, v.Reason = slo.Unknown, "too few samples"
		case v.Value < 1500:
			v.State = slo.Pass
		default:
			v.State = slo.Fail
		}
		return v
	}
	rate := slo.Result{Objective: slo.Objective{Metric: "http_req_failed", Aggregate: "rate", Operator: "<", Bound: 0.01}, Samples: requests}
	if requests > 0 {
		rate.Value, rate.State = float64(failed)/float64(requests), slo.Pass
		if rate.Value >= 0.01 {
			rate.State = slo.Fail
		}
	}
	return []slo.Result{
		latency("gateway_latency", load.Gateway), latency("orchestrator_latency", load.Ingestion),
		latency("automation_latency", load.Automation), rate,
	}
}

func (s *fakeSession) live() []slo.Result {
	var requests, failed uint64
	for _, w := range s.windows[max(0, len(s.windows)-metric.RecentWindows):] {
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
		if before != v.State && v.State != slo.Unknown && (before != slo.Unknown || v.State == slo.Fail) {
			title := fmt.Sprintf("%s %s%s%v", o.Metric, o.Aggregate, o.Operator, o.Bound)
			if v.State == slo.Pass {
				s.event(event.RoleObjectives, event.ObjectiveRecovered{Objective: name, Title: title, Value: v.Value})
			} else {
				s.event(event.RoleObjectives, event.ObjectiveBroken{Objective: name, Title: title, Value: v.Value})
			}
		}
		if v.State != slo.Unknown {
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
	all := load.Registry().Series()
	l := load.Snapshot{
		At: s.started.Add(s.elapsed), Settings: s.set, WantedVUs: s.set.WantedVUs(), VUs: int(s.level),
		Sent: s.sent, Missed: s.missed, Conns: int(s.level),
		Summary: metric.Summary{
			Recent: make([]metric.Stats, len(load.Registry().Flows())), Total: make([]metric.Stats, len(load.Registry().Flows())),
			Windows: s.windows[:len(s.windows):len(s.windows)],
		},
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
			l.Totals = append(l.Totals, metric.SeriesTotal{Series: all[id], Latency: st, Service: service})
			merge(&l.Total[all[id].Flow.ID()], st)
			merge(&l.All, st)
		}
	}
	for _, w := range s.windows[max(0, len(s.windows)-metric.RecentWindows):] {
		for c := range load.NumChannels {
			shares[c] += float64(w.Series[c].Count)
		}
	}
	for _, f := range load.Registry().Flows() {
		l.Recent[f.ID()] = s.recent(f)
	}
	for id := range all { // in a fixed order
		for _, class := range []metric.ErrorClass{metric.BadStatus, metric.Timeout} {
			for _, status := range []int{503, 0} {
				if e := s.errors[metric.ErrorKey{Series: metric.SeriesID(id), Class: class, Status: status}]; e != nil {
					l.Errors = append(l.Errors, *e)
				}
			}
		}
	}
	snap := session.Snapshot{
		Target: "staging", Host: "gateway.staging.xinbot.ir", Dir: "runs/20260314T040000Z-staging", Started: s.started,
		Elapsed: s.elapsed, Duration: s.duration, Status: s.status, Load: l, Mix: s.mix(), Shares: shares.Normalised(),
		Live: s.live(), Overall: s.verdicts(func(f *metric.Flow) metric.Stats { return l.Total[f.ID()] }, requests, failed),
		Events: s.events[:len(s.events):len(s.events)], Timeline: s.line.Clone(), Failure: s.failure, Report: s.report, Outside: s.outside,
		Faults: slices.Clone(s.chaos.faults), Phases: s.phases(), Panels: s.panelStates(), Alerts: s.alerts, Rotation: s.rotation, Protected: s.chaos.protected,
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
	snap.Flows = []load.FlowState{
		{Flow: load.Gateway, On: true, Detail: "5 channels"},
		{Flow: load.Ingestion, On: s.token, Reason: off, Detail: "3/min × 2 tenants"},
		{Flow: load.Automation, On: s.token, Reason: off, Detail: "5/min × 2 tenants"},
		{Flow: load.Rules, On: s.token, Reason: off, Detail: "1/min × 2 tenants"},
		{Flow: load.Knowledge, Reason: "not asked for"},
	}
	return snap
}

func (s *fakeSession) Done() <-chan struct{} { return s.done }

// give gives a command of the operator's.
func give(s *fakeSession, c command.Command) error {
	return s.Do(context.Background(), event.By(event.RoleOperator), c)
}

// Do carries out a command, and notes it in a few words.
func (s *fakeSession) Do(_ context.Context, by event.Actor, c command.Command) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, callText(c))
	if s.fail != nil {
		return s.fail
	}
	if done := s.carryOut(c); done != nil {
		s.event(by.Role, done)
	}
	return nil
}

// callText is a command in a few words.
func callText(c command.Command) string {
	switch c := c.(type) {
	case command.ArmRotation:
		return "arm"
	case command.DisarmRotation:
		return "disarm"
	case command.StageRotation:
		return "stage " + c.Kind
	case command.SetSigning:
		return fmt.Sprintf("sign %s %s %v", c.Channel, c.With, c.Share)
	case command.GiveSecret:
		return "secret " + c.Channel + " " + c.Secret.Reveal()
	case command.SetVUs:
		return fmt.Sprint("vus ", c.VUs)
	case command.SetRate:
		return fmt.Sprint("rate ", c.PerSecond)
	case command.SetThink:
		return "think " + load.Think{Min: time.Duration(c.Min), Max: time.Duration(c.Max)}.String()
	case command.SetRamp:
		return "ramp " + c.Over.String()
	case command.SetMix:
		if c.Brand != "" {
			return fmt.Sprint("brand ", c.Brand, " ", weightsText(c.Weights))
		}
		return "mix " + weightsText(c.Weights)
	case command.SetSpikeFactor:
		return fmt.Sprint("factor ", c.Factor)
	case command.Spike:
		return fmt.Sprint("spike ", c.On)
	case command.Pause:
		return fmt.Sprint("pause ", c.On)
	case command.Hold:
		return fmt.Sprint("hold ", c.On)
	case command.RecycleConnections:
		return "recycle"
	case command.Note:
		return "note " + c.Text
	case command.Halt:
		return "halt"
	case command.ReleaseHalt:
		return "release"
	case command.Export:
		return "export"
	case command.Finish:
		return "finish operator"
	case command.Inject:
		return strings.TrimSpace("inject " + c.Fault + " " + paramsText(c.Params) + " " + c.Confirm)
	case command.Adjust:
		return "adjust " + c.Fault + " " + paramsText(c.Params)
	case command.Revert:
		return "revert " + c.Fault
	case command.Decide:
		return "decide " + c.Fault + " " + string(c.Decision)
	}
	return string(command.KindOf(c))
}

// carryOut does what a command asks for, and returns the event of it; nil if it has none of its own.
func (s *fakeSession) carryOut(c command.Command) any {
	from := s.set
	switch c := c.(type) {
	case command.SetVUs:
		s.set.VUs, s.set.Rate = c.VUs, 0
		return event.VUsSet{From: from.VUs, To: c.VUs}
	case command.SetRate:
		s.set.Rate = c.PerSecond
		return event.RateSet{From: from.Rate, To: c.PerSecond, VUs: from.VUs}
	case command.SetThink:
		s.set.Think = load.Think{Min: time.Duration(c.Min), Max: time.Duration(c.Max)}
		return event.ThinkSet{From: event.ThinkBetween(from.Think.Min, from.Think.Max), To: event.ThinkBetween(s.set.Think.Min, s.set.Think.Max)}
	case command.SetRamp:
		s.set.Ramp = time.Duration(c.Over)
		return event.RampSet{From: from.Ramp.Seconds(), To: s.set.Ramp.Seconds()}
	case command.SetMix:
		if c.Brand != "" {
			s.set.BrandMix = map[string]load.Weights{c.Brand: weightsOf(c.Weights)}
			return event.MixSet{BrandID: c.Brand, Brand: c.Brand, To: c.Weights}
		}
		s.set.Mix = weightsOf(c.Weights)
		return event.MixSet{To: c.Weights}
	case command.SetSpikeFactor:
		s.set.SpikeFactor = c.Factor
		return event.SpikeFactorSet{From: from.SpikeFactor, To: c.Factor}
	case command.Spike:
		s.spike(c.On)
	case command.Pause:
		s.set.Paused = c.On
		if c.On {
			s.status = session.Paused
			return event.Paused{}
		}
		s.status = session.Running
		return event.Resumed{}
	case command.Hold:
		s.set.Hold = c.On
		if c.On {
			return event.HoldOn{}
		}
		return event.HoldOff{}
	case command.RecycleConnections:
		return event.ConnectionsRecycled{}
	case command.Note:
		return event.Noted{Note: c.Text}
	case command.Halt:
		s.set, s.status = s.initial, session.Halted
		for i := range s.chaos.faults {
			switch f := &s.chaos.faults[i]; {
			case f.On() && f.Info.ID == session.SpikeFault:
				s.reverted(f)
			case f.On():
				f.State = chaos.Reverting
			}
		}
		return event.Halted{}
	case command.ReleaseHalt:
		s.status = session.Running
		return event.HaltReleased{}
	case command.Export:
		s.report = "runs/20260314T040000Z-staging/report.md"
		return event.ReportExported{Path: s.report}
	case command.Finish:
		s.status = session.Draining
	default:
		s.carryOutFault(c)
	}
	return nil
}

// spike starts or ends the channel spike, which takes no time.
func (s *fakeSession) spike(on bool) {
	s.set.Spike = on
	f := s.faultOf(session.SpikeFault)
	if !on {
		if f.On() {
			s.reverted(f)
		}
		return
	}
	f.Overrides = f.Overrides.With(chaos.Params{"factor": fmt.Sprint(s.set.SpikeFactor)})
	s.inject(f, 0)
}

// end is the report being on disk.
func (s *fakeSession) end() {
	s.mu.Lock()
	s.status = session.Finished
	s.mu.Unlock()
	s.once.Do(func() { close(s.done) })
}

// gameDay plays a few minutes: a calm start, a spike that breaks objectives, recovery, a note.
func gameDay(s *fakeSession) {
	s.advance(60)
	_ = give(s, command.SetVUs{VUs: 300})
	s.advance(40)
	_ = give(s, command.Note{Text: "HPA at 3 replicas before the spike"})
	s.advance(15)
	_ = give(s, command.Spike{On: true})
	s.advance(55)
	_ = give(s, command.Spike{On: false})
	s.advance(30)
	_ = give(s, command.SetVUs{VUs: 320})
	s.advance(1)
	_ = give(s, command.SetVUs{VUs: 340})
	s.advance(51)
}

// phases are those of the timeline. Their figures are
// invented; a session's come from histograms.
func (s *fakeSession) phases() []session.PhaseStats {
	var all []session.PhaseStats
	for _, p := range s.line.Phases(s.elapsed.Seconds()) {
		all = append(all, session.PhaseStats{Phase: p, Flows: make([]metric.Stats, len(load.Registry().Flows()))})
	}
	for i := range all {
		p := &all[i]
		p.Seconds = p.To - p.From
		late := time.Duration(i+1) * 83 * time.Millisecond
		p.Flows[load.Gateway.ID()] = metric.Stats{Requests: uint64(300 * p.Seconds), Failed: uint64(i * 7), Count: uint64(300 * p.Seconds), P50: late / 3, P95: late, P99: 2 * late}
		p.Flows[load.Ingestion.ID()] = metric.Stats{Requests: 12, Count: 12, P50: late, P95: 2 * late, P99: 3 * late}
	}
	if s.elapsed < time.Second {
		return nil
	}
	return all
}

// weightsOf are the weights of channels by name.
func weightsOf(byName map[string]float64) (w load.Weights) {
	for name, weight := range byName {
		channel, err := load.ParseChannel(name)
		if err != nil {
			panic(err)
		}
		w[channel] = weight
	}
	return w
}

// weightsText is the weights in the order of the channels, without those that get nothing.
func weightsText(byName map[string]float64) string {
	var parts []string
	for c, weight := range weightsOf(byName) {
		if weight != 0 {
			parts = append(parts, fmt.Sprint(load.Channel(c), "=", weight))
		}
	}
	return cmp.Or(strings.Join(parts, " "), "none")
}
