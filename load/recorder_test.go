package load

import (
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// outcomeOf is a request that took so long, sent late by as much.
func outcomeOf(id SeriesID, took, late time.Duration) Outcome {
	sent := time.Unix(1000, 0)
	return Outcome{Series: id, Due: sent.Add(-late), Sent: sent, Done: sent.Add(took), Status: AllSeries()[id].Flow.Status, Body: true}
}

// Known samples give the same percentiles everywhere as a histogram filled by hand.
func TestPercentilesAreThoseOfTheSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	r := newRecorder(registry, 4)
	start := time.Unix(1000, 0)
	h := newHistory(registry, start)
	watch := newWatch(start)
	flow := make([]*hdr.Histogram, len(Flows()))
	all, service := NewHistogram(), NewHistogram()
	for f := range flow {
		flow[f] = NewHistogram()
	}
	var last Observation
	for second := range 7 {
		inWindow := NewHistogram()
		for i := range 1000 {
			id := SeriesID(rng.IntN(len(AllSeries())))
			took := time.Duration(rng.ExpFloat64() * float64(80*time.Millisecond)).Truncate(time.Microsecond)
			late := time.Duration(rng.IntN(3)) * time.Millisecond
			took = max(took, time.Microsecond)
			o := outcomeOf(id, took, late)
			r.shard(uint64(i)).record(&o, true)
			corrected := (took + late).Microseconds()
			for _, into := range []*hdr.Histogram{flow[AllSeries()[id].Flow.ID()], all} {
				if err := into.RecordValue(corrected); err != nil {
					t.Fatal(err)
				}
			}
			if AllSeries()[id].Flow == Gateway {
				_ = inWindow.RecordValue(corrected)
			}
			if id == SeriesID(Telegram) {
				_ = service.RecordValue(took.Microseconds())
			}
		}
		r.drain(h.window)
		last = h.close(start.Add(time.Duration(second+1)*time.Second), watch, Window{})
		same(t, "window", last.Window.Flows[Gateway.ID()], inWindow)
	}
	s := h.snapshot()
	for f := range flow {
		same(t, Flows()[f].Name+" in total", s.Total[f], flow[f])
		same(t, Flows()[f].Name+" recently", s.Recent[f], flow[f]) // seven windows are recent
		trend := last.Total.Trend("http_req_duration", "")
		same(t, "objective", Statistics(trend), all)
	}
	same(t, "everything", s.All, all)
	same(t, "gateway trend", Statistics(last.Total.Trend("gateway_latency", "")), flow[Gateway.ID()])
	for _, total := range s.Totals {
		if total.Series == AllSeries()[Telegram] {
			same(t, "service time", total.Service, service)
		}
	}
	if s.All.Requests != 7*1000 || last.Clamped != 0 || s.All.Failed != 0 {
		t.Errorf("requests %d, clamped %d, failed %d", s.All.Requests, last.Clamped, s.All.Failed)
	}
}

func same(t *testing.T, what string, got Stats, want *hdr.Histogram) {
	t.Helper()
	w := Statistics(want)
	w.Requests, w.Failed = got.Requests, got.Failed
	if got != w {
		t.Errorf("%s: %+v, want %+v", what, got, w)
	}
}

func TestValuesOutOfBoundsAreClampedAndCounted(t *testing.T) {
	m := newMeasures(registry)
	for _, took := range []time.Duration{0, time.Nanosecond, time.Second, 3 * time.Minute, 3*time.Minute + time.Microsecond, time.Hour, -time.Second} {
		o := outcomeOf(Ingestion.Series("upload"), took, 0)
		m.add(&o, false)
	}
	if m.clamped != 3 {
		t.Errorf("clamped %d, want the two above the bounds and the negative one", m.clamped)
	}
	if got := m.latency[Ingestion.Series("upload")].TotalCount(); got != 7 {
		t.Errorf("%d of 7 samples", got)
	}
	if s := Statistics(m.latency[Ingestion.Series("upload")]); s.Max < 3*time.Minute || s.Max > 181*time.Second || s.Min != time.Microsecond {
		t.Errorf("min %s and max %s", s.Min, s.Max)
	}
	if Statistics(nil) != (Stats{}) || Statistics(NewHistogram()) != (Stats{}) {
		t.Error("no samples have statistics")
	}
}

func TestOnlyThePlatformsFailuresCount(t *testing.T) {
	for class := range ErrorClass(NumErrorClasses) {
		m := newMeasures(registry)
		o := outcomeOf(SeriesID(Webchat), time.Millisecond, 0)
		o.Class = class
		if class == BadStatus {
			o.Status = 503
		}
		m.add(&o, true)
		ours := class == LocalLimit || class == Interrupted
		wantCount, wantFailed := uint64(1), uint64(1)
		if ours {
			wantCount, wantFailed = 0, 0
		}
		if class == OK {
			wantFailed = 0
		}
		if got := m.counts[Webchat]; got != (Counts{wantCount, wantFailed}) {
			t.Errorf("%s: counts %+v", class, got)
		}
		wantLatency := class == OK || class == BadStatus || class == BadBody || class == Timeout
		if got := m.latency[Webchat] != nil; got != wantLatency {
			t.Errorf("%s: latency %v, want %v", class, got, wantLatency)
		}
		if got := len(m.errorTotals()); (got == 1) != (class != OK) {
			t.Errorf("%s: %d lines in the error table", class, got)
		}
		if got := len(m.checkTotals()); (got > 0) == ours {
			t.Errorf("%s: %d checks", class, got)
		}
	}
}

// Windows add up to the totals while many goroutines record and the windows close under them.
func TestWindowsAddUpUnderConcurrentRecording(t *testing.T) {
	const workers, each = 8, 20_000
	r := newRecorder(registry, 3)
	start := time.Unix(1000, 0)
	h, watch := newHistory(registry, start), newWatch(start)
	var work sync.WaitGroup
	for w := range workers {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 0))
			for i := range each {
				o := outcomeOf(SeriesID(i%len(AllSeries())), time.Duration(1+rng.IntN(1e6))*time.Microsecond, 0)
				if i%10 == 0 {
					o.Class, o.Status = BadStatus, 500
				}
				r.shard(uint64(w)).record(&o, w%2 == 0)
			}
		})
	}
	done := make(chan struct{})
	go func() { work.Wait(); close(done) }()
	now := start
	var samples, failed, requests, errors uint64
	shut := func() {
		now = now.Add(time.Second)
		r.drain(h.window)
		o := h.close(now, watch, Window{})
		for _, hist := range o.Latency {
			if hist != nil {
				samples += uint64(hist.TotalCount())
			}
		}
		requests += o.Window.Requests()
		failed += o.Window.Failed()
		errors += o.Window.Errors[BadStatus]
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		shut()
	}
	shut()
	const total = workers * each
	s := h.snapshot()
	if samples != total || requests != total || s.All.Count != total || s.All.Requests != total {
		t.Errorf("windows have %d samples and %d requests, the total %d and %d, want %d", samples, requests, s.All.Count, s.All.Requests, total)
	}
	if failed != total/10 || errors != failed || s.All.Failed != failed {
		t.Errorf("windows failed %d, errors %d, total %d, want %d", failed, errors, s.All.Failed, total/10)
	}
	var onChecks uint64
	for _, c := range s.Checks {
		if c.Name == "gateway answers 202" {
			onChecks = c.Passes + c.Fails
		}
	}
	gateway := s.Total[Gateway.ID()].Requests
	if onChecks != gateway {
		t.Errorf("%d checks of %d gateway answers", onChecks, gateway)
	}
}

func TestHistoryIsBoundedAndNeverChangesWhatItHandedOut(t *testing.T) {
	start := time.Unix(1000, 0)
	h, watch := newHistory(registry, start), newWatch(start)
	type handed struct {
		slice []Window
		copy  []Window
	}
	var early []handed
	for i := 1; i <= 3*HistoryWindows; i++ {
		w := Window{VUs: i}
		h.missed = 0
		h.keepOnly(start.Add(time.Duration(i)*time.Second), watch, w)
		if i%1000 == 7 {
			slice := h.windows[max(0, len(h.windows)-HistoryWindows):]
			early = append(early, handed{slice, slices.Clone(slice)})
		}
		if cap(h.windows) > 2*HistoryWindows {
			t.Fatalf("after %d windows there is room for %d", i, cap(h.windows))
		}
	}
	for _, e := range early {
		if !reflect.DeepEqual(e.slice, e.copy) {
			t.Fatal("a slice that was handed out has changed")
		}
	}
	h.summarise(Window{})
	last := h.snapshot().Windows
	if len(last) != HistoryWindows {
		t.Fatalf("%d windows, want %d", len(last), HistoryWindows)
	}
	for i, w := range last {
		if want := 2*HistoryWindows + i + 1; w.VUs != want {
			t.Fatalf("window %d is number %d, want %d", i, w.VUs, want)
		}
	}
}

// keepOnly is close without the histograms, which would make three times two hours slow.
func (h *history) keepOnly(now time.Time, _ *watch, w Window) {
	w.Start, w.Length = h.start, now.Sub(h.start)
	h.start = now
	h.keep(w)
}

func TestMemoryOfARunIsConstant(t *testing.T) {
	r := newRecorder(registry, 2)
	start := time.Unix(1000, 0)
	h, watch := newHistory(registry, start), newWatch(start)
	now := start
	run := func(seconds int) uint64 {
		for range seconds {
			for id := range SeriesID(2) {
				o := outcomeOf(id, time.Duration(1+int(id))*time.Millisecond, time.Millisecond)
				r.shard(uint64(id)).record(&o, true)
			}
			now = now.Add(time.Second)
			r.drain(h.window)
			h.close(now, watch, Window{})
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	run(RecentWindows + 2) // every histogram exists now
	before := run(1)
	after := run(40)
	// Forty windows of history and nothing else.
	if grown := int64(after) - int64(before); grown > 256<<10 {
		t.Errorf("40 seconds took %d KB more", grown>>10)
	}
	runtime.KeepAlive(h)
	runtime.KeepAlive(r)
}

func TestSlowObserverHoldsNoTraffic(t *testing.T) {
	o := pipeOptions()
	o.Observe = func(Observation) { time.Sleep(10 * time.Second) } // a disk that hangs
	inBubble(t, &pipeGateway{}, o, func(e *engine) {
		e.begin(Settings{Rate: 50})
		time.Sleep(30 * time.Second)
		if got := e.count(); got < 1500 {
			t.Errorf("%d requests in 30 s, want 1500", got)
		}
		if got := e.Snapshot().Missed; got != 0 {
			t.Errorf("%d missed", got)
		}
		e.stop()
		if got := e.recorded(); got != uint64(e.count()) {
			t.Errorf("recorded %d of %d", got, e.count())
		}
	})
}

// The zero value of totals takes a window as one that was made does.
func TestTotalsBeginEmpty(t *testing.T) {
	obs := NewObservation()
	obs.Latency[Webchat] = NewHistogram()
	_ = obs.Latency[Webchat].RecordValue(1000)
	obs.Window.Series[Webchat] = Counts{Count: 1}
	var zero Totals
	made := NewTotals()
	for _, totals := range []*Totals{&zero, made} {
		totals.Add(obs)
		if failed, total := totals.Rate("http_req_failed", ""); failed != 0 || total != 1 || totals.Trend("gateway_latency", "").TotalCount() != 1 {
			t.Errorf("totals %+v", totals)
		}
	}
}
