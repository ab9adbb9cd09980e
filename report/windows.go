package report

import (
	"strings"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// window is a closed second of the run with the latencies of its requests.
type window struct {
	rundir.Second
	latency map[metric.SeriesID]rundir.Bars // of the series that have any, from the time a send was due
}

// trendInterval is the trends of some seconds, which are kept together.
type trendInterval struct {
	at, length float64
	bars       map[metric.Trend]rundir.Bars
}

// eachWindow reads the run again, and calls window for each of its seconds in their order, and trends for each interval
// behind the last of its seconds. Latencies of a second that has no counts are left out, as everywhere.
func (run *Run) eachWindow(visit func(window) error, trends func(trendInterval) error) error {
	w := windowWalk{run: run, visit: visit, trends: trends, index: map[string]int{}, ids: seriesIDs(), trendTags: trendTags()}
	for i, s := range run.files.Seconds {
		w.index[hlogTime(s.At)] = i
	}
	if err := run.files.EachHistogram(w.histogram); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	return w.upTo(len(run.files.Seconds))
}

// windowWalk puts the lines of latency.hlog together again that were written together.
type windowWalk struct {
	run       *Run
	visit     func(window) error
	trends    func(trendInterval) error
	index     map[string]int // of seconds, by their time in the log
	ids       map[string]metric.SeriesID
	trendTags map[string]metric.Trend

	next     int    // the first second that was not visited
	second   string // whose latencies are being collected; "" for none
	latency  map[metric.SeriesID]rundir.Bars
	interval trendInterval
}

func (w *windowWalk) histogram(tag string, at, length float64, bars rundir.Bars) error {
	kept := append(rundir.Bars(nil), bars...) // they are valid during the call
	if t, is := w.trendTags[tag]; is {
		if w.interval.bars == nil || w.interval.at != at {
			if err := w.flush(); err != nil {
				return err
			}
			w.interval = trendInterval{at, length, map[metric.Trend]rundir.Bars{}}
		}
		w.interval.bars[t] = kept
		return nil
	}
	id, known := w.ids[tag]
	if !known || strings.HasSuffix(tag, rundir.ServiceSuffix) { // Load warns of what nobody knows
		return nil
	}
	if second := hlogTime(at); second != w.second {
		if err := w.flush(); err != nil {
			return err
		}
		w.second, w.latency = second, map[metric.SeriesID]rundir.Bars{}
	}
	w.latency[id] = kept
	return nil
}

// flush visits what was collected, after the seconds before it.
func (w *windowWalk) flush() error {
	if i, counted := w.index[w.second]; counted && i >= w.next {
		if err := w.upTo(i); err != nil {
			return err
		}
		w.next++
		if err := w.visit(window{w.run.files.Seconds[i], w.latency}); err != nil {
			return err
		}
	}
	w.second, w.latency = "", nil
	interval := w.interval
	w.interval = trendInterval{}
	if interval.bars == nil {
		return nil
	}
	n := w.next
	for n < len(w.run.files.Seconds) && w.run.files.Seconds[n].At < interval.at+interval.length-epsilon {
		n++
	}
	if err := w.upTo(n); err != nil {
		return err
	}
	return w.trends(interval)
}

// upTo visits the seconds before the n-th that have no latencies.
func (w *windowWalk) upTo(n int) error {
	for ; w.next < n; w.next++ {
		if err := w.visit(window{Second: w.run.files.Seconds[w.next]}); err != nil {
			return err
		}
	}
	return nil
}

// counts are the requests of a second, by series; those of series that nobody knows are left out.
func (w window) counts() map[metric.SeriesID]metric.Counts {
	all := map[metric.SeriesID]metric.Counts{}
	for id, s := range load.Registry().Series() {
		if c, is := w.Series[s.String()]; is {
			all[metric.SeriesID(id)] = metric.Counts{Count: c[0], Failed: c[1]}
		}
	}
	return all
}
