package load

import (
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// history keeps what a run has measured: every closed window, the last few seconds merged, and
// everything merged. Its memory is bounded however long the run. One goroutine only.
type history struct {
	window  *measures // the window being closed
	recent  [RecentWindows]*measures
	total   *measures
	sliding *measures
	windows []Window
	closed  int
	started time.Time
	start   time.Time        // of the window being closed
	missed  uint64           // up to the last close
	bad     int              // saturated windows
	scratch []*hdr.Histogram // by flow
	result  Snapshot
}

func newHistory(registry *Registry, now time.Time) *history {
	h := &history{window: newMeasures(registry), total: newMeasures(registry), sliding: newMeasures(registry), started: now, start: now, scratch: make([]*hdr.Histogram, len(registry.Flows()))}
	for i := range h.recent {
		h.recent[i] = newMeasures(registry)
	}
	return h
}

// close turns what was drained into a window. The given window holds the levels of the moment,
// with Missed counted since the start of the run.
func (h *history) close(now time.Time, watch *watch, w Window) Observation {
	w.Start, w.Length = h.start, now.Sub(h.start)
	w.Missed, h.missed = w.Missed-h.missed, w.Missed
	w.Flows = h.window.flows(h.scratch)
	w.Series = slices.Clone(h.window.counts)
	for key, e := range h.window.errors {
		w.Errors[key.Class] += e.count
	}
	w.Health = watch.read(now, w.Missed, w.Errors[LocalLimit])
	if w.Health.Saturated {
		h.bad++
	}
	h.start = now
	h.keep(w)

	h.total.merge(h.window)
	newest := h.recent[h.closed%RecentWindows]
	newest.take(h.window)
	h.closed++
	h.sliding.reset()
	for _, m := range h.recent {
		h.sliding.merge(m)
	}
	h.summarise(w)

	return Observation{
		Window:  w,
		Latency: newest.latency,
		Service: h.window.service,
		Errors:  h.window.errorTotals(),
		Checks:  h.window.checkTotals(),
		Clamped: h.window.clamped,
		Recent:  h.recently(),
		Total:   h.altogether(),
	}
}

// keep appends a window. Readers hold older slices of the same array, so a window that was
// appended is never changed; when the array is full the newest windows move to a new one.
func (h *history) keep(w Window) {
	if len(h.windows) == cap(h.windows) {
		from := max(0, len(h.windows)-HistoryWindows+1)
		grown := make([]Window, 0, min(max(256, 2*len(h.windows)), 2*HistoryWindows))
		h.windows = append(grown, h.windows[from:]...)
	}
	h.windows = append(h.windows, w)
}

func (h *history) summarise(w Window) {
	h.result = Snapshot{
		Windows: h.windows[max(0, len(h.windows)-HistoryWindows):],
		Recent:  h.sliding.flows(h.scratch),
		Total:   h.total.flows(h.scratch),
		Totals:  h.total.seriesTotals(),
		Errors:  h.total.errorTotals(),
		Checks:  h.total.checkTotals(),
		Health:  w.Health,

		SaturatedWindows: h.bad,
	}
	h.result.All = h.total.all()
}

func (h *history) snapshot() Snapshot { return h.result }

// recently is what the last few seconds measured.
func (h *history) recently() *Totals {
	t := h.sliding.totals()
	for _, w := range h.windows[max(0, len(h.windows)-RecentWindows):] {
		t.Seconds += w.Length.Seconds()
		t.Missed += w.Missed
	}
	return t
}

// altogether is what the run measured.
func (h *history) altogether() *Totals {
	t := h.total.totals()
	t.Seconds, t.Missed = h.start.Sub(h.started).Seconds(), h.missed
	return t
}

// take replaces what m holds by the window's latencies, counts and checks, the part that recent
// windows are asked for. The latencies change hands, for copying a histogram is slow; the window
// gets the old ones, to be emptied by the next drain.
func (m *measures) take(window *measures) {
	m.latency, window.latency = window.latency, m.latency
	copy(m.counts, window.counts)
	copy(m.checks, window.checks)
}

func (m *measures) totals() *Totals {
	return &Totals{Latency: slices.Clone(m.latency), Counts: slices.Clone(m.counts), Checks: m.checkTotals()}
}

// all merges every flow.
func (m *measures) all() Stats {
	sum := NewHistogram()
	var ended Counts
	for id := range m.counts {
		if h := m.latency[id]; h != nil {
			sum.Merge(h)
		}
		ended.add(m.counts[id])
	}
	s := Statistics(sum)
	s.Requests, s.Failed = ended.Count, ended.Failed
	return s
}
