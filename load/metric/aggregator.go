package metric

import (
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Aggregator keeps what a run has measured: every closed window, the last few seconds merged, and
// everything merged. Its memory is bounded however long the run. One goroutine only.
type Aggregator struct {
	window   *aggregate // the window being closed
	recent   [RecentWindows]*aggregate
	total    *aggregate
	sliding  *aggregate
	windows  []Window
	closed   int
	started  time.Time
	start    time.Time        // of the window being closed
	missed   uint64           // up to the last close
	skipped  uint64           // up to the last close
	sent     uint64           // bytes up to the last close
	received uint64           // bytes up to the last close
	away     time.Duration    // since the start
	bad      int              // saturated windows
	scratch  []*hdr.Histogram // by flow
	result   Summary
	registry *Registry
}

// NewAggregator begins to aggregate a run that starts now.
func NewAggregator(registry *Registry, now time.Time) *Aggregator {
	a := &Aggregator{
		registry: registry, started: now, start: now,
		window: newAggregate(registry), total: newAggregate(registry), sliding: newAggregate(registry),
		scratch: make([]*hdr.Histogram, len(registry.Flows())),
	}
	for i := range a.recent {
		a.recent[i] = newAggregate(registry)
	}
	return a
}

// Close drains the recorder into a window. The given window holds the gauges of the moment, with Missed, Skipped,
// Sent and Received counted since the start of the run; health judges the window once it is counted, with what its errors
// of class [LocalLimit] say most often.
func (a *Aggregator) Close(r *Recorder, now time.Time, w Window, health func(w Window, local string) Health) Observation {
	r.drain(a.window)
	w.Start, w.Length = a.start, now.Sub(a.start)
	w.Missed, a.missed = w.Missed-a.missed, w.Missed
	w.Skipped, a.skipped = w.Skipped-a.skipped, w.Skipped
	w.Sent, a.sent = w.Sent-a.sent, w.Sent
	w.Received, a.received = w.Received-a.received, w.Received
	a.away += w.Away
	w.Flows = a.window.flows(a.scratch)
	w.Density = a.window.densities()
	w.Series = slices.Clone(a.window.counts)
	var local Texts
	for key, e := range a.window.errors {
		w.Errors[key.Class] += e.count
		if key.Class == LocalLimit {
			local.Add(e.texts.Most().Text, e.texts.Most().Count)
		}
	}
	w.Health = health(w, local.Most().Text)
	if w.Health.Saturated {
		a.bad++
	}
	a.start = now
	a.keep(w)

	a.total.merge(a.window)
	newest := a.recent[a.closed%RecentWindows]
	newest.swapIn(a.window)
	newest.away = w.Away > 0
	a.closed++
	a.sliding.reset()
	for _, second := range a.recent {
		if !second.away {
			a.sliding.merge(second)
		}
	}
	a.summarise(w)

	return Observation{
		Window:  w,
		Latency: newest.latency,
		Service: a.window.service,
		Trends:  a.window.trends,
		Errors:  a.window.errorTotals(),
		Checks:  a.window.checkTotals(),
		Clamped: a.window.clamped,
		Recent:  a.recentTotals(),
		Total:   a.runTotals(),

		Registry: a.registry,
	}
}

// NextClose is when the window that is open should be closed.
func (a *Aggregator) NextClose() time.Time { return Second(a.start).Add(time.Second) }

// keep appends a window. Readers hold older slices of the same array, so a window that was
// appended is never changed; when the array is full the newest windows move to a new one.
func (a *Aggregator) keep(w Window) {
	if len(a.windows) == cap(a.windows) {
		from := max(0, len(a.windows)-HistoryWindows+1)
		grown := make([]Window, 0, min(max(256, 2*len(a.windows)), 2*HistoryWindows))
		a.windows = append(grown, a.windows[from:]...)
	}
	a.windows = append(a.windows, w)
}

func (a *Aggregator) summarise(w Window) {
	a.result = Summary{
		Windows: a.windows[max(0, len(a.windows)-HistoryWindows):],
		Recent:  a.sliding.flows(a.scratch),
		Total:   a.total.flows(a.scratch),
		Totals:  a.total.seriesTotals(),
		Errors:  a.total.errorTotals(),
		Checks:  a.total.checkTotals(),
		Health:  w.Health,

		SaturatedWindows: a.bad, Away: a.away, Skipped: a.skipped,
	}
	a.result.All = a.total.all()
}

// Summary is the state after the last close.
func (a *Aggregator) Summary() Summary { return a.result }

// recentTotals is what the last few seconds measured, those left out in which the generator was away.
func (a *Aggregator) recentTotals() *Totals {
	t := a.sliding.totals()
	for _, w := range a.windows[max(0, len(a.windows)-RecentWindows):] {
		if w.Away > 0 {
			continue
		}
		t.Seconds += w.Length.Seconds()
		t.Missed += w.Missed
	}
	return t
}

// runTotals is what the run measured.
func (a *Aggregator) runTotals() *Totals {
	t := a.total.totals()
	t.Seconds, t.Missed = a.start.Sub(a.started).Seconds(), a.missed
	return t
}
