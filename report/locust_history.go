package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// locustWindow is how many seconds Locust's current figures are about.
const locustWindow = 10

// writeLocustHistory writes a row of all series together for each second; its percentiles are since the start.
func writeLocustHistory(w io.Writer, run *Run) error { return locustHistory(w, run, false) }

// writeLocustFullHistory writes a row of each series, too; percentiles are of the last ten seconds.
func writeLocustFullHistory(w io.Writer, run *Run) error { return locustHistory(w, run, true) }

func locustHistory(w io.Writer, run *Run, full bool) error {
	to := csv.NewWriter(w)
	to.UseCRLF = true
	err := to.Write(slices.Concat([]string{"Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"}, locustPercentileColumns(), []string{
		"Total Request Count", "Total Failure Count", "Total Median Response Time", "Total Average Response Time", "Total Min Response Time", "Total Max Response Time",
		"Total Average Content Size",
	}))
	if err != nil {
		return err
	}
	all := load.Registry().Series()
	series := make([]locustSeries, len(all))
	var total locustSeries
	err = run.eachWindow(func(w window) error {
		counts := w.counts()
		var sum metric.Counts
		var bars distribution
		for i, s := range all {
			id := metric.SeriesID(i)
			c := counts[id]
			sum = metric.Counts{Count: sum.Count + c.Count, Failed: sum.Failed + c.Failed}
			bars.add(w.latency[id], 1)
			if !full {
				continue
			}
			series[i].add(c, w.latency[id], w.Length)
			if series[i].sum.Count > 0 {
				if err := to.Write(series[i].row(run, w.Second, s.Flow.Name, s.Channel, full)); err != nil {
					return err
				}
			}
		}
		total.add(sum, bars.bars, w.Length)
		return to.Write(total.row(run, w.Second, "", locustTotal, full))
	}, func(trendInterval) error { return nil })
	if err != nil {
		return err
	}
	to.Flush()
	return to.Error()
}

// locustSeries is a series as far as the history has come.
type locustSeries struct {
	sum            metric.Counts
	since, current distribution // since the start, and in the last seconds
	last           []locustSecond
}

type locustSecond struct {
	counts metric.Counts
	bars   rundir.Bars
	length float64
}

func (s *locustSeries) add(c metric.Counts, bars rundir.Bars, length float64) {
	s.sum = metric.Counts{Count: s.sum.Count + c.Count, Failed: s.sum.Failed + c.Failed}
	s.since.add(bars, 1)
	s.current.add(bars, 1)
	s.last = append(s.last, locustSecond{c, bars, length})
	if len(s.last) > locustWindow {
		s.current.add(s.last[0].bars, -1)
		s.last = s.last[1:]
	}
}

func (s *locustSeries) row(run *Run, second rundir.Second, flow, name string, full bool) []string {
	var recent metric.Counts
	seconds := 0.0
	for _, l := range s.last {
		recent = metric.Counts{Count: recent.Count + l.counts.Count, Failed: recent.Failed + l.counts.Failed}
		seconds += l.length
	}
	percentiles := &s.since
	if full {
		percentiles = &s.current
	}
	return slices.Concat(
		[]string{
			strconv.FormatInt(run.wallClock(second.End()).Unix(), 10), strconv.Itoa(second.VUs), flow, name,
			locustRate(recent.Count, seconds), locustRate(recent.Failed, seconds),
		},
		locustQuantiles(percentiles.times()), []string{locustCount(s.sum.Count), locustCount(s.sum.Failed)}, locustFigures(s.since.times()))
}

// times is the distribution; nil when there is nothing in it.
func (d *distribution) times() locustTimes {
	if d.count == 0 {
		return nil
	}
	return d
}
