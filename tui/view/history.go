package view

import (
	"time"

	"xinbot.ir/squall/load/metric"
)

// Figures is one flow within one column of the charts. A column may cover several seconds;
// percentiles cannot be averaged, so it shows its worst second.
type Figures struct {
	Requests, Failed   uint64
	Count              uint64 // latencies
	P50, P95, P99, max time.Duration
}

// add adds a second, or another flow of the same metric, to the column.
func (c *Figures) add(s metric.Stats) {
	c.Requests += s.Requests
	c.Failed += s.Failed
	c.Count += s.Count
	c.P50, c.P95 = max(c.P50, s.P50), max(c.P95, s.P95)
	c.P99, c.max = max(c.P99, s.P99), max(c.max, s.Max)
}

// FailedShare is the share of its requests that failed, 0 to 1; 0 without requests.
func (c *Figures) FailedShare() float64 {
	if c.Requests == 0 {
		return 0
	}
	return float64(c.Failed) / float64(c.Requests)
}

// Column is one column of every chart.
type Column struct {
	Seconds  float64          // measured in it; 0: nothing was
	flows    []Figures        // by flow
	density  []metric.Density // by flow; nil: no latency
	errors   [metric.NumErrorClasses]uint64
	Requests uint64
	Failed   uint64
	missed   uint64
	VUs      int // achieved, the most
	Wanted   int // intended, the most
	Rate     float64
}

func (c *Column) add(w *metric.Window) {
	c.Seconds += w.Length.Seconds()
	for f := range w.Flows {
		if w.Flows[f].Requests > 0 {
			if c.flows == nil {
				c.flows = make([]Figures, len(w.Flows))
			}
			c.flows[f].add(w.Flows[f])
		}
	}
	for f, d := range w.Density {
		if len(d.Counts) > 0 {
			if c.density == nil {
				c.density = make([]metric.Density, len(w.Density))
			}
			c.density[f].Add(d)
		}
	}
	for class, n := range w.Errors {
		c.errors[class] += n
	}
	for i := range w.Series {
		c.Requests += w.Series[i].Count
		c.Failed += w.Series[i].Failed
	}
	c.missed += w.Missed
	c.VUs, c.Wanted = max(c.VUs, w.VUs), max(c.Wanted, w.WantedVUs)
	c.Rate = max(c.Rate, w.Rate)
}

// History is the windows of a run sorted into chart columns. Columns stand on whole multiples of
// their length since the second of the wall clock that the run began in, so a peak keeps its column while the charts scroll. A
// new second costs one window; only a new range or size reads them all again.
type History struct {
	Axis    Axis
	started time.Time
	columns []Column // oldest first; columns[len-1] is column axis.last
	until   time.Duration
	Version int // moves when anything above does
}

// Axis is the time axis that all charts share.
type Axis struct {
	Length time.Duration // of one column
	Count  int           // columns
	Last   int           // number of the newest column since the start of the run
	Lead   time.Duration // from the beginning of the run's first column to the start of the run
}

// Place is the column, from 0 at the left edge, of a moment since the start; it may be outside.
func (a Axis) Place(at time.Duration) int {
	if at < 0 {
		return -1
	}
	return int(max(0, at+a.Lead)/a.Length) - a.First()
}

// End is the moment since the start at which a column ends.
func (a Axis) End(column int) time.Duration {
	return time.Duration(a.First()+column+1)*a.Length - a.Lead
}

// First is the number of the leftmost column; negative while the run is younger than the axis.
func (a Axis) First() int { return max(a.Last, 0) - a.Count + 1 }

// TimeRange is how much time the charts show.
type TimeRange struct {
	Name string
	span time.Duration // 0: the whole run
}

// TimeRanges are the choices, the shortest first.
func TimeRanges() []TimeRange {
	return []TimeRange{
		{"1 min", time.Minute},
		{"5 min", 5 * time.Minute},
		{"15 min", 15 * time.Minute},
		{"whole run", 0},
	}
}

// columnLengths are the lengths a column may have: round, so that time labels are too.
var columnLengths = []time.Duration{
	time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, 60 * time.Minute,
}

// columnLength is the shortest round length that fits the range. A young run is shown larger: the
// picture is never mostly empty.
func columnLength(r TimeRange, elapsed time.Duration, columns int) time.Duration {
	span := max(elapsed, time.Minute)
	if r.span > 0 {
		span = min(r.span, span)
	}
	lengths := columnLengths
	for _, l := range lengths {
		if l*time.Duration(max(columns, 1)) >= span {
			return l
		}
	}
	return lengths[len(lengths)-1]
}

// Sync brings the columns up to date with the windows of a run.
func (h *History) Sync(started time.Time, windows []metric.Window, r TimeRange, count int) {
	var until time.Duration
	if n := len(windows); n > 0 {
		until = windows[n-1].Start.Sub(started) + windows[n-1].Length
	}
	count = max(count, 1)
	length := columnLength(r, until, count)
	if length != h.Axis.Length || count != h.Axis.Count || !started.Equal(h.started) || until < h.until {
		*h = History{
			Axis: Axis{Length: length, Count: count, Last: -1, Lead: started.Sub(metric.Second(started))}, started: started,
			columns: h.columns[:0], until: -1, Version: h.Version + 1,
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
		h.take(&windows[i], metric.Second(windows[i].Start).Sub(metric.Second(started)))
	}
	h.until = until
	h.Version++
}

// take sorts one window into its column, opening columns up to it.
func (h *History) take(w *metric.Window, at time.Duration) {
	number := int(max(at, 0) / h.Axis.Length)
	for h.Axis.Last < number {
		if h.Axis.Last < number-h.Axis.Count {
			h.Axis.Last = number - h.Axis.Count
			h.columns = h.columns[:0]
		}
		if len(h.columns) == h.Axis.Count {
			copy(h.columns, h.columns[1:])
			h.columns[len(h.columns)-1] = Column{}
		} else {
			h.columns = append(h.columns, Column{})
		}
		h.Axis.Last++
	}
	if i := len(h.columns) - 1 - (h.Axis.Last - number); i >= 0 {
		h.columns[i].add(w)
	}
}

// At is the column at place x from the left edge; nil when nothing was measured there.
func (h *History) At(x int) *Column {
	i := x - (h.Axis.Count - len(h.columns))
	if i < 0 || i >= len(h.columns) || h.columns[i].Seconds == 0 {
		return nil
	}
	return &h.columns[i]
}
