package metric

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

// The flows of the tests: one with channels and a check of bodies, and two that share a metric.
var (
	gateway = &Flow{
		Name: "gateway", Title: "Gateway", Metric: "gateway_latency", Status: 202,
		Check: "gateway answers 202", BodyCheck: "gateway accepts", Channels: []string{"webchat", "telegram"},
	}
	uploads  = &Flow{Name: "uploads", Title: "Uploads", Metric: "orchestrator_latency", Status: 201, Check: "upload answers 201", Channels: []string{"upload"}}
	reads    = &Flow{Name: "reads", Title: "Reads", Metric: "orchestrator_latency", Status: 200, Check: "read answers 200", Channels: []string{"read"}}
	probes   = &Flow{Name: "probes", Title: "Probes", Status: 401, Check: "probe answers 401", Channels: []string{"probe"}, Diagnostic: true}
	registry = NewRegistry(gateway, uploads, reads, probes)

	webchat, telegram, upload, probe = gateway.Series("webchat"), gateway.Series("telegram"), uploads.Series("upload"), probes.Series("probe")
)

func TestRegistry(t *testing.T) {
	for id, s := range registry.Series() {
		if found, err := registry.Parse(s.String()); err != nil || found != SeriesID(id) {
			t.Errorf("%s is found as %d, %v", s, found, err)
		}
	}
	if _, err := registry.Parse("gateway/upload"); err == nil {
		t.Error("a series is found that there is not")
	}
	if got, want := registry.Metrics(), []string{"gateway_latency", "orchestrator_latency"}; !slices.Equal(got, want) {
		t.Errorf("metrics %v, want %v", got, want)
	}
	for _, c := range []struct {
		metric, channel string
		want            []SeriesID
	}{
		{"gateway_latency", "", []SeriesID{webchat, telegram}},
		{"gateway_latency", "telegram", []SeriesID{telegram}},
		{"orchestrator_latency", "", []SeriesID{upload, reads.Series("read")}},
		{"orchestrator_latency", "telegram", nil},
		{"http_req_failed", "", []SeriesID{0, 1, 2, 3, 4}},
		{"http_req_failed", "read", []SeriesID{reads.Series("read")}},
	} {
		if got := registry.SeriesOf(c.metric, c.channel); !slices.Equal(got, c.want) {
			t.Errorf("%s{%s} has %v, want %v", c.metric, c.channel, got, c.want)
		}
	}
}

// What a wrong request meets is in the error table, and never the platform's failure.
func TestDiagnosticFailuresDoNotCount(t *testing.T) {
	a := newAggregate(registry)
	o := outcomeOf(probe, time.Millisecond, 0)
	o.Class, o.Status = BadStatus, 202
	a.add(&o, false)
	if got := a.counts[probe]; got != (Counts{Count: 1}) || len(a.errorTotals()) != 1 {
		t.Errorf("counts %+v, errors %+v", got, a.errorTotals())
	}
}

// healthy finds nothing wrong with any window.
func healthy(Window, string) Health { return Health{} }

// outcomeOf is a request that took so long, sent late by as much.
func outcomeOf(id SeriesID, took, late time.Duration) Outcome {
	sent := time.Unix(1000, 0)
	return Outcome{Series: id, Due: sent.Add(-late), Sent: sent, Done: sent.Add(took), Status: registry.Series()[id].Flow.Status, Body: true}
}

// Known samples give the same percentiles everywhere as a histogram filled by hand.
func TestPercentilesAreThoseOfTheSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	r := NewRecorder(registry, 4)
	start := time.Unix(1000, 0)
	a := NewAggregator(registry, start)
	flow := make([]*hdr.Histogram, len(registry.Flows()))
	all, service := NewHistogram(), NewHistogram()
	for f := range flow {
		flow[f] = NewHistogram()
	}
	var last Observation
	for second := range 7 {
		inWindow := NewHistogram()
		for i := range 1000 {
			id := SeriesID(rng.IntN(len(registry.Series())))
			took := time.Duration(rng.ExpFloat64() * float64(80*time.Millisecond)).Truncate(time.Microsecond)
			late := time.Duration(rng.IntN(3)) * time.Millisecond
			took = max(took, time.Microsecond)
			o := outcomeOf(id, took, late)
			r.Shard(uint64(i)).Record(&o, true)
			corrected := (took + late).Microseconds()
			for _, into := range []*hdr.Histogram{flow[registry.Series()[id].Flow.ID()], all} {
				if err := into.RecordValue(corrected); err != nil {
					t.Fatal(err)
				}
			}
			if registry.Series()[id].Flow == gateway {
				_ = inWindow.RecordValue(corrected)
			}
			if id == telegram {
				_ = service.RecordValue(took.Microseconds())
			}
		}
		last = a.Close(r, start.Add(time.Duration(second+1)*time.Second), Window{}, healthy)
		same(t, "window", last.Window.Flows[gateway.ID()], inWindow)
	}
	s := a.Summary()
	for f := range flow {
		same(t, registry.Flows()[f].Name+" in total", s.Total[f], flow[f])
		same(t, registry.Flows()[f].Name+" recently", s.Recent[f], flow[f]) // seven windows are recent
		trend := last.Total.Trend("http_req_duration", "")
		same(t, "objective", Statistics(trend), all)
	}
	same(t, "everything", s.All, all)
	same(t, "gateway trend", Statistics(last.Total.Trend("gateway_latency", "")), flow[gateway.ID()])
	for _, total := range s.Totals {
		if total.Series == registry.Series()[telegram] {
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
	a := newAggregate(registry)
	for _, took := range []time.Duration{0, time.Nanosecond, time.Second, 3 * time.Minute, 3*time.Minute + time.Microsecond, time.Hour, -time.Second} {
		o := outcomeOf(upload, took, 0)
		a.add(&o, false)
	}
	if a.clamped != 3 {
		t.Errorf("clamped %d, want the two above the bounds and the negative one", a.clamped)
	}
	if got := a.latency[upload].TotalCount(); got != 7 {
		t.Errorf("%d of 7 samples", got)
	}
	if s := Statistics(a.latency[upload]); s.Max < 3*time.Minute || s.Max > 181*time.Second || s.Min != time.Microsecond {
		t.Errorf("min %s and max %s", s.Min, s.Max)
	}
	if Statistics(nil) != (Stats{}) || Statistics(NewHistogram()) != (Stats{}) {
		t.Error("no samples have statistics")
	}
}

// What was under way while the generator was away counts, and has no latency.
func TestAbsenceLeavesNoLatency(t *testing.T) {
	a := newAggregate(registry)
	o := outcomeOf(webchat, time.Second, 0)
	o.Away = true
	a.add(&o, true)
	if a.counts[webchat] != (Counts{1, 0}) || len(a.checkTotals()) == 0 || a.latency[webchat] != nil || a.service[webchat] != nil {
		t.Errorf("counts %+v, checks %v, latency %v", a.counts[webchat], a.checkTotals(), a.latency[webchat])
	}
}

func TestOnlyThePlatformsFailuresCount(t *testing.T) {
	for class := range ErrorClass(NumErrorClasses) {
		a := newAggregate(registry)
		o := outcomeOf(webchat, time.Millisecond, 0)
		o.Class = class
		if class == BadStatus {
			o.Status = 503
		}
		a.add(&o, true)
		ours := class == LocalLimit || class == Interrupted || class == Away
		wantCount, wantFailed := uint64(1), uint64(1)
		if ours {
			wantCount, wantFailed = 0, 0
		}
		if class == OK {
			wantFailed = 0
		}
		if got := a.counts[webchat]; got != (Counts{wantCount, wantFailed}) {
			t.Errorf("%s: counts %+v", class, got)
		}
		wantLatency := class == OK || class == BadStatus || class == BadBody || class == Timeout
		if got := a.latency[webchat] != nil; got != wantLatency {
			t.Errorf("%s: latency %v, want %v", class, got, wantLatency)
		}
		if got := len(a.errorTotals()); (got == 1) != (class != OK) {
			t.Errorf("%s: %d lines in the error table", class, got)
		}
		if got := len(a.checkTotals()); (got > 0) == ours {
			t.Errorf("%s: %d checks", class, got)
		}
	}
}

// Windows add up to the totals while many goroutines record and the windows close under them.
func TestWindowsAddUpUnderConcurrentRecording(t *testing.T) {
	const workers, each = 8, 20_000
	r := NewRecorder(registry, 3)
	start := time.Unix(1000, 0)
	a := NewAggregator(registry, start)
	var work sync.WaitGroup
	for w := range workers {
		work.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 0))
			for i := range each {
				o := outcomeOf(SeriesID(i%len(registry.Series())), time.Duration(1+rng.IntN(1e6))*time.Microsecond, 0)
				if i%10 == 0 {
					o.Class, o.Status = BadStatus, 500
				}
				r.Shard(uint64(w)).Record(&o, w%2 == 0)
			}
		})
	}
	done := make(chan struct{})
	go func() { work.Wait(); close(done) }()
	now := start
	var samples, failed, requests, errors uint64
	shut := func() {
		now = now.Add(time.Second)
		o := a.Close(r, now, Window{}, healthy)
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
	s := a.Summary()
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
	answered := s.Total[gateway.ID()].Requests
	if onChecks != answered {
		t.Errorf("%d checks of %d gateway answers", onChecks, answered)
	}
}

func TestHistoryIsBoundedAndNeverChangesWhatItHandedOut(t *testing.T) {
	start := time.Unix(1000, 0)
	a := NewAggregator(registry, start)
	type handed struct {
		slice []Window
		copy  []Window
	}
	var early []handed
	for i := 1; i <= 3*HistoryWindows; i++ {
		w := Window{VUs: i}
		a.missed = 0
		a.keepOnly(start.Add(time.Duration(i)*time.Second), w)
		if i%1000 == 7 {
			slice := a.windows[max(0, len(a.windows)-HistoryWindows):]
			early = append(early, handed{slice, slices.Clone(slice)})
		}
		if cap(a.windows) > 2*HistoryWindows {
			t.Fatalf("after %d windows there is room for %d", i, cap(a.windows))
		}
	}
	for _, e := range early {
		if !reflect.DeepEqual(e.slice, e.copy) {
			t.Fatal("a slice that was handed out has changed")
		}
	}
	a.summarise(Window{})
	last := a.Summary().Windows
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
func (a *Aggregator) keepOnly(now time.Time, w Window) {
	w.Start, w.Length = a.start, now.Sub(a.start)
	a.start = now
	a.keep(w)
}

func TestMemoryOfARunIsConstant(t *testing.T) {
	r := NewRecorder(registry, 2)
	start := time.Unix(1000, 0)
	a := NewAggregator(registry, start)
	now := start
	run := func(seconds int) uint64 {
		for range seconds {
			for id := range SeriesID(2) {
				o := outcomeOf(id, time.Duration(1+int(id))*time.Millisecond, time.Millisecond)
				r.Shard(uint64(id)).Record(&o, true)
			}
			now = now.Add(time.Second)
			a.Close(r, now, Window{}, healthy)
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
	runtime.KeepAlive(a)
	runtime.KeepAlive(r)
}

// Totals keep nothing of the window that they add.
func TestTotalsAddAWindow(t *testing.T) {
	obs := registry.NewObservation()
	obs.Latency[webchat] = NewHistogram()
	_ = obs.Latency[webchat].RecordValue(1000)
	obs.Window.Series[webchat] = Counts{Count: 1}
	totals := registry.NewTotals()
	totals.Add(obs)
	if failed, total := totals.Rate("http_req_failed", ""); failed != 0 || total != 1 || totals.Trend("gateway_latency", "").TotalCount() != 1 {
		t.Errorf("totals %+v", totals)
	}
}
