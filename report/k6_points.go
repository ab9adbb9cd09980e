package report

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// The streams that k6 writes with --out json=FILE and --out csv=FILE have a point for each sample. Here a point stands
// for a window, a second of the run, and for the parts of requests ten of them:
//
//   - a counter's value is how often it happened in the window, so that sums are right;
//   - a gauge's value is the level, once a second, as with k6;
//   - a rate's value is the share within the window, 0 to 1, and not 0 or 1;
//   - a trend has a point for each of k6's aggregations, told apart by the tag aggregate; the value is of the window.
//
// The metadata say how many samples a point of a rate or a trend is made of, and how many seconds the window has. A
// percentile that would only repeat the maximum is left out, as in every table.

// k6Point is one line of a stream.
type k6Point struct {
	metric         string
	time           time.Time // when the window began
	value          float64
	tags, metadata []k6Tag // in the order of their names
}

type k6Tag struct{ name, value string }

// k6Stream makes the points of a run.
type k6Stream struct {
	run     *Run
	emit    func(k6Point) error
	chaos   []injection // whose points are still to come
	failed  error
	scratch distribution
}

// k6Points calls emit for each point of the run.
func k6Points(run *Run, emit func(k6Point) error) error {
	s := &k6Stream{run: run, emit: emit, chaos: run.injections}
	if err := run.eachWindow(s.window, s.trends); err != nil {
		return err
	}
	s.chaosEvents(run.length + 1)
	return s.failed
}

func (s *k6Stream) point(p k6Point) {
	if s.failed == nil {
		s.failed = s.emit(p)
	}
}

// window makes the points of a second.
func (s *k6Stream) window(w window) error {
	s.chaosEvents(w.End())
	at := s.run.wallClock(w.At)
	s.point(k6Point{metric: "vus", time: at, value: float64(w.VUs)})
	s.point(k6Point{metric: "vus_max", time: at, value: float64(w.WantedVUs)})
	var all, gateway metric.Counts
	counts, registry := w.counts(), load.Registry()
	var everything distribution
	for i, series := range registry.Series() {
		id := metric.SeriesID(i)
		if c := counts[id]; c.Count > 0 {
			s.requests(at, w.Length, series, c)
			all = metric.Counts{Count: all.Count + c.Count, Failed: all.Failed + c.Failed}
			if series.Flow == load.Gateway {
				gateway.Count += c.Count
			}
		}
		if bars := w.latency[id]; len(bars) > 0 {
			everything.add(bars, 1)
			if series.Flow.Metric != "" {
				s.trend(series.Flow.Metric, at, w.Length, bars, k6Tag{"channel", series.Channel}, k6Tag{"name", series.String()})
			}
		}
	}
	s.trend("http_req_duration", at, w.Length, everything.bars)
	s.share("perf_errors", at, w.Length, all.Failed, all.Count)
	for _, name := range sortedKeys(w.Checks) {
		held, not := w.Checks[name][0], w.Checks[name][1]
		s.share("checks", at, w.Length, held, held+not, k6Tag{"check", redact(name)})
	}
	s.counter("iterations", at, gateway.Count)
	s.counter("dropped_iterations", at, w.Missed)
	s.counter("data_sent", at, w.Sent)
	s.counter("data_received", at, w.Received)
	return s.failed
}

// requests are the points of a series. How many failed stands in two places, as with k6: as a share, and as a count of
// the requests whose answer was not the expected one.
func (s *k6Stream) requests(at time.Time, length float64, series metric.Series, c metric.Counts) {
	channel, name := k6Tag{"channel", series.Channel}, k6Tag{"name", series.String()}
	s.counter("http_reqs", at, c.Count-c.Failed, channel, k6Tag{"expected_response", "true"}, name)
	s.counter("http_reqs", at, c.Failed, channel, k6Tag{"expected_response", "false"}, name)
	s.share("http_req_failed", at, length, c.Failed, c.Count, channel, name)
}

// chaosEvents are the faults and spikes that began before a time, those left out that could not be applied. A point is a
// single one.
func (s *k6Stream) chaosEvents(before float64) {
	for len(s.chaos) > 0 && s.chaos[0].From < before {
		i := s.chaos[0]
		s.chaos = s.chaos[1:]
		if i.NotApplied() {
			continue
		}
		s.counter("chaos_events_triggered", s.run.wallClock(i.From), 1, k6Tag{"fault", redact(i.Fault)})
	}
}

// trends are the parts of requests, over ten seconds.
func (s *k6Stream) trends(in trendInterval) error {
	at, answered := s.run.wallClock(in.at), in.bars[metric.Waiting].Count()
	for t := range metric.Unexpected {
		bars := in.bars[t]
		if missing := answered - bars.Count(); t.Seldom() && missing > 0 { // the others took no time for it
			var with distribution
			with.add(bars, 1)
			with.add(rundir.Bars{{Value: 0, Count: missing}}, 1)
			bars = with.bars
		}
		s.trend(t.Metric(), at, in.length, bars)
	}
	return s.failed
}

func (s *k6Stream) counter(name string, at time.Time, n uint64, tags ...k6Tag) {
	if n > 0 {
		s.point(k6Point{metric: name, time: at, value: float64(n), tags: tags})
	}
}

func (s *k6Stream) share(name string, at time.Time, length float64, hits, total uint64, tags ...k6Tag) {
	if total > 0 {
		s.point(k6Point{name, at, float64(hits) / float64(total), tags, windowOf(int64(total), length)})
	}
}

// trend makes a point for each aggregation of a window's values.
func (s *k6Stream) trend(name string, at time.Time, length float64, bars rundir.Bars, tags ...k6Tag) {
	if len(bars) == 0 {
		return
	}
	d := &s.scratch
	d.bars, d.count = append(d.bars[:0], bars...), bars.Count()
	for _, a := range []struct {
		name       string
		percentile float64 // 0: it is none
		micros     float64
	}{
		{"avg", 0, d.mean()},
		{"min", 0, float64(d.lowest())},
		{"med", 50, float64(d.percentile(50))},
		{"max", 0, float64(d.percentile(100))},
		{"p(90)", 90, float64(d.percentile(90))},
		{"p(95)", 95, float64(d.percentile(95))},
	} {
		if a.percentile > 0 && uint64(d.count) < metric.FewestSamples(a.percentile) {
			continue
		}
		s.point(k6Point{name, at, a.micros / 1000, append([]k6Tag{{"aggregate", a.name}}, tags...), windowOf(d.count, length)})
	}
}

func windowOf(samples int64, length float64) []k6Tag {
	return []k6Tag{{"samples", strconv.FormatInt(samples, 10)}, {"seconds", strconv.FormatFloat(length, 'f', 3, 64)}}
}
