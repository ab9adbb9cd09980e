package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// The files that Locust writes with --csv PREFIX. A row is a series: Type (Method) is its flow and Name its channel, so
// that the two together are the row's name as they are in Locust. Times are milliseconds; percentiles are whole ones, as
// Locust writes them, but of the run's own histograms, which are finer than Locust's two digits.
//
// What was not measured is N/A, Locust's word for it: the size of an answer always, since only the bytes of whole
// connections are counted, and the times of a series that was never answered.

// locustFiles are the four files. Whether the history has every series or their sum alone is Locust's
// --csv-full-history.
func locustFiles(history func(io.Writer, *Run) error) []ExportFile {
	return []ExportFile{
		{"_stats.csv", writeLocustStats},
		{"_stats_history.csv", history},
		{"_failures.csv", writeLocustFailures},
		{"_exceptions.csv", writeLocustExceptions},
	}
}

const (
	locustTotal = "Aggregated" // name of the row of all series
	locustNone  = "N/A"
)

// locustPercentiles are those that Locust reports.
var locustPercentiles = []float64{50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99, 100}

func locustPercentileColumns() (names []string) {
	for _, p := range locustPercentiles {
		names = append(names, strconv.FormatFloat(p, 'f', -1, 64)+"%")
	}
	return names
}

// writeCSV writes rows as Locust does, with both characters at the end of a line.
func writeCSV(w io.Writer, rows [][]string) error {
	to := csv.NewWriter(w)
	to.UseCRLF = true
	return to.WriteAll(rows)
}

func writeLocustStats(w io.Writer, run *Run) error {
	rows := [][]string{slices.Concat([]string{
		"Type", "Name", "Request Count", "Failure Count", "Median Response Time", "Average Response Time", "Min Response Time", "Max Response Time",
		"Average Content Size", "Requests/s", "Failures/s",
	}, locustPercentileColumns())}
	add := func(flow, name string, c metric.Counts, h *hdr.Histogram) {
		var d locustTimes
		if h != nil && h.TotalCount() > 0 {
			d = histogramTimes{h}
		}
		rows = append(rows, slices.Concat(
			[]string{flow, name, locustCount(c.Count), locustCount(c.Failed)}, locustFigures(d),
			[]string{locustRate(c.Count, run.totals.Seconds), locustRate(c.Failed, run.totals.Seconds)}, locustQuantiles(d)))
	}
	for id, s := range load.Registry().Series() {
		if c := run.totals.Counts[id]; c.Count > 0 {
			add(s.Flow.Name, s.Channel, c, run.totals.Latency[id])
		}
	}
	add("", locustTotal, run.requests(), run.totals.Trend("http_req_duration", ""))
	return writeCSV(w, rows)
}

// locustTimes is what the columns of times are made from, in microseconds. Nil: there are none.
type locustTimes interface {
	percentile(p float64) int64
	mean() float64
	lowest() int64
}

// histogramTimes are the times of a histogram.
type histogramTimes struct{ h *hdr.Histogram }

func (t histogramTimes) percentile(p float64) int64 { return metric.Percentile(t.h, p) }
func (t histogramTimes) mean() float64              { return metric.Mean(t.h) }
func (t histogramTimes) lowest() int64              { return metric.Least(t.h) }

// locustFigures are median, average, least and most time, and the size of an answer.
func locustFigures(d locustTimes) []string {
	if d == nil {
		return []string{locustNone, locustNone, locustNone, locustNone, locustNone}
	}
	return []string{locustMillis(d.percentile(50)), locustDecimal(d.mean()), locustDecimal(float64(d.lowest())), locustDecimal(float64(d.percentile(100))), locustNone}
}

func locustQuantiles(d locustTimes) []string {
	columns := make([]string, len(locustPercentiles))
	for i, p := range locustPercentiles {
		columns[i] = locustNone
		if d != nil {
			columns[i] = locustMillis(d.percentile(p))
		}
	}
	return columns
}

func locustCount(n uint64) string { return strconv.FormatUint(n, 10) }
func locustMillis(micros int64) string {
	return strconv.FormatFloat(math.Round(float64(micros)/1000), 'f', 0, 64)
}
func locustDecimal(micros float64) string { return strconv.FormatFloat(micros/1000, 'f', -1, 64) }

func locustRate(n uint64, seconds float64) string {
	if seconds <= 0 {
		return locustNone
	}
	return fmt.Sprintf("%f", float64(n)/seconds)
}

// locustFailure is a row of the failures: a kind of error of a series.
type locustFailure struct {
	series      metric.Series
	error       errorTotal
	first, last float64 // seconds since the start
}

// writeLocustFailures writes what failed. What this machine could not send, and what the end of the run cut off, is no
// failure and not in it.
func writeLocustFailures(w io.Writer, run *Run) error {
	rows := [][]string{{"Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"}}
	for _, f := range locustFailures(run) {
		text := f.error.kind()
		if said := f.error.texts.First(); said != "" {
			text += ": " + said
		}
		rows = append(rows, []string{
			f.series.Flow.Name, f.series.Channel, oneLine(text), locustCount(f.error.count),
			run.wallClock(f.first).Format(time.RFC3339), run.wallClock(f.last).Format(time.RFC3339),
		})
	}
	return writeCSV(w, rows)
}

func locustFailures(run *Run) (all []*locustFailure) {
	type key struct {
		series, class string
		status        int
	}
	found, ids, series := map[key]*locustFailure{}, seriesIDs(), load.Registry().Series()
	for _, s := range run.files.Seconds {
		for _, x := range s.Errors {
			id, known := ids[x.Series]
			if !known || attribution(x.Class) != platformFault {
				continue
			}
			k := key{x.Series, x.Class, x.Status}
			f := found[k]
			if f == nil {
				f = &locustFailure{series: series[id], error: errorTotal{series: x.Series, class: x.Class, status: x.Status}, first: s.At}
				found[k], all = f, append(all, f)
			}
			f.last = s.At
			f.error.count += x.Count
			f.error.texts.Add(x.Sample, x.Count-x.Times)
			f.error.texts.Add(x.Most, x.Times)
		}
	}
	slices.SortStableFunc(all, func(a, b *locustFailure) int {
		return cmp.Or(cmp.Compare(ids[a.error.series], ids[b.error.series]), cmp.Compare(b.error.count, a.error.count))
	})
	return all
}

// writeLocustExceptions writes what went wrong in squall itself: there is no script that could raise anything.
func writeLocustExceptions(w io.Writer, run *Run) error {
	rows := [][]string{{"Count", "Message", "Traceback", "Nodes"}}
	counts, first := map[string]uint64{}, []int{}
	for i, f := range run.timeline.Failures {
		if counts[f.Data.Error]++; counts[f.Data.Error] == 1 {
			first = append(first, i)
		}
	}
	for _, i := range first {
		f := run.timeline.Failures[i].Data
		rows = append(rows, []string{locustCount(counts[f.Error]), oneLine(f.Error), redact(f.Stack), "local"})
	}
	return writeCSV(w, rows)
}
