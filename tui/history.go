package tui

import (
	"time"

	"xinbot.ir/squall/load"
)

// flowColumn is one flow within one column of the charts. A column may cover several seconds;
// percentiles cannot be averaged, so it shows its worst second.
type flowColumn struct {
	count, failed      uint64
	p50, p95, p99, max time.Duration
}

// add takes a second, or another flow of the same metric, into the column.
func (c *flowColumn) add(s load.Stats) {
	c.count += s.Count
	c.failed += s.Failed
	c.p50, c.p95 = max(c.p50, s.P50), max(c.p95, s.P95)
	c.p99, c.max = max(c.p99, s.P99), max(c.max, s.Max)
}

// column is one column of every chart.
type column struct {
	seconds  float64 // measured in it; 0: nothing was
	flows    [load.NumFlows]flowColumn
	errors   [load.NumErrorClasses]uint64
	requests uint64
	failed   uint64
	missed   uint64
	vus      int // achieved, the most
	wanted   int // intended, the most
	rate     float64
}

func (c *column) add(w *load.Window) {
	c.seconds += w.Length.Seconds()
	for f := range w.Flows {
		if w.Flows[f].Count > 0 {
			c.flows[f].add(w.Flows[f])
		}
	}
	for class, n := range w.Errors {
		c.errors[class] += n
	}
	for i := range w.Series {
		c.requests += w.Series[i].Count
		c.failed += w.Series[i].Failed
	}
	c.missed += w.Missed
	c.vus, c.wanted = max(c.vus, w.VUs), max(c.wanted, w.WantedVUs)
	c.rate = max(c.rate, w.Rate)
}

// history is the windows of a run sorted into chart columns. Columns stand on whole multiples of
// their length since the start of the run, so a peak keeps its column while the charts scroll. A
// new second costs one window; only a new range or size reads them all again.
type history struct {
	axis    axis
	started time.Time
	columns []column // oldest first; columns[len-1] is column axis.last
	until   time.Duration
	version int // moves when anything above does
}

// axis is the time axis that all charts share.
type axis struct {
	length time.Duration // of one column
	count  int           // columns
	last   int           // number of the newest column since the start of the run
}

// place is the column, from 0 at the left edge, of a moment since the start; it may be outside.
func (a axis) place(at time.Duration) int {
	if at < 0 {
		return -1
	}
	return int(at/a.length) - a.first()
}

// first is the number of the leftmost column; negative while the run is younger than the axis.
func (a axis) first() int { return max(a.last, 0) - a.count + 1 }

// timeRange is how much time the charts show.
type timeRange struct {
	name string
	span time.Duration // 0: the whole run
}

func timeRanges() []timeRange {
	return []timeRange{
		{"1 min", time.Minute},
		{"5 min", 5 * time.Minute},
		{"15 min", 15 * time.Minute},
		{"whole run", 0},
	}
}

// columnLengths are the lengths a column may have: round, so that time labels are too.
func columnLengths() []time.Duration {
	const s, m = time.Second, time.Minute
	return []time.Duration{
		s, 2 * s, 3 * s, 5 * s, 10 * s, 15 * s, 20 * s, 30 * s,
		m, 2 * m, 3 * m, 5 * m, 10 * m, 15 * m, 30 * m, 60 * m,
	}
}

// columnLength is the shortest round length that fits the range. A young run is shown larger: the
// picture is never mostly empty.
func columnLength(r timeRange, elapsed time.Duration, columns int) time.Duration {
	span := max(elapsed, time.Minute)
	if r.span > 0 {
		span = min(r.span, span)
	}
	lengths := columnLengths()
	for _, l := range lengths {
		if l*time.Duration(max(columns, 1)) >= span {
			return l
		}
	}
	return lengths[len(lengths)-1]
}

// sync brings the columns up to date with the windows of a run.
func (h *history) sync(started time.Time, windows []load.Window, r timeRange, count int) {
	var until time.Duration
	if n := len(windows); n > 0 {
		until = windows[n-1].Start.Sub(started) + windows[n-1].Length
	}
	count = max(count, 1)
	length := columnLength(r, until, count)
	if length != h.axis.length || count != h.axis.count || !started.Equal(h.started) || until < h.until {
		*h = history{
			axis: axis{length: length, count: count, last: -1}, started: started,
			columns: h.columns[:0], until: -1, version: h.version + 1,
		}
	}
	if until == h.until {
		return
	}
	// Only what is newer than the last look, and only what is still in the picture.
	oldest := time.Duration(int((until-1)/length)-count+1) * length
	next := len(windows)
	for next > 0 {
		at := windows[next-1].Start.Sub(started)
		if at < h.until || at < oldest {
			break
		}
		next--
	}
	for i := next; i < len(windows); i++ {
		h.take(&windows[i], windows[i].Start.Sub(started))
	}
	h.until = until
	h.version++
}

// take sorts one window into its column, opening columns up to it.
func (h *history) take(w *load.Window, at time.Duration) {
	number := int(max(at, 0) / h.axis.length)
	for h.axis.last < number {
		if h.axis.last < number-h.axis.count {
			h.axis.last = number - h.axis.count
			h.columns = h.columns[:0]
		}
		if len(h.columns) == h.axis.count {
			copy(h.columns, h.columns[1:])
			h.columns[len(h.columns)-1] = column{}
		} else {
			h.columns = append(h.columns, column{})
		}
		h.axis.last++
	}
	if i := len(h.columns) - 1 - (h.axis.last - number); i >= 0 {
		h.columns[i].add(w)
	}
}

// at is the column at place x from the left edge; nil when nothing was measured there.
func (h *history) at(x int) *column {
	i := x - (h.axis.count - len(h.columns))
	if i < 0 || i >= len(h.columns) || h.columns[i].seconds == 0 {
		return nil
	}
	return &h.columns[i]
}
