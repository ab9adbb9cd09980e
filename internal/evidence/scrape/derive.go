package scrape

import (
	"math"
	"slices"
	"time"

	"xinbot.ir/squall/internal/evidence"
)

// feed is what one target gives to one panel: the growth of its counters or histograms, or its values.
type feed struct {
	derivation evidence.Derivation
	supplies   bool // it has had a series

	last   map[string]series // by labels, of the last answer
	total  float64           // by which counters have grown
	counts *distribution     // by which histograms have grown
	points []point           // within the window, the oldest first
	gauges map[string][]gauge
	now    []series
}

// point is what had been counted at a time.
type point struct {
	at     time.Time
	total  float64
	counts *distribution
}

type gauge struct {
	at    time.Time
	value float64
}

// cumulative reports whether the panel is made of what only rises.
func (f *feed) cumulative() bool {
	return f.derivation.Kind == evidence.Rate || f.derivation.Kind == evidence.Quantile
}

// fell reports whether a counter in an answer is lower than in the last one, by itself: its series does not say that
// it began to count again.
func (f *feed) fell(found []series) bool {
	if !f.cumulative() {
		return false
	}
	for _, s := range found {
		before, known := f.last[s.labels.String()]
		if !known || s.created > before.created {
			continue
		}
		if s.counts == nil || before.counts == nil {
			if s.value < before.value {
				return true
			}
		} else if _, ok := s.counts.minus(before.counts); !ok {
			return true
		}
	}
	return false
}

// mostSeries bounds what is remembered of a service that shows new series all the time.
const mostSeries = 50_000

// overflows reports whether there are too many series to tell which of them are new.
func (f *feed) overflows() bool { return len(f.last) > mostSeries }

// restart forgets what was counted.
func (f *feed) restart() {
	f.last, f.points, f.counts, f.total, f.gauges = nil, nil, nil, 0, nil
}

// keep remembers an answer of which no use is made, so that it is known whether the next one falls.
func (f *feed) keep(found []series) {
	f.last = map[string]series{}
	for _, s := range found {
		f.last[s.labels.String()] = s
	}
}

// take takes an answer.
func (f *feed) take(at time.Time, found []series) {
	f.supplies = f.supplies || len(found) > 0
	f.now = found
	if f.derivation.Kind == evidence.Highest {
		f.takeGauges(at, found)
	}
	if !f.cumulative() {
		return
	}
	if f.last == nil {
		f.last = map[string]series{}
	}
	for _, s := range found {
		key := s.labels.String()
		before, known := f.last[key]
		f.last[key] = s
		if math.IsNaN(s.value) || math.IsInf(s.value, 0) {
			continue // it is no count
		}
		f.grow(s, before, known)
	}
	f.points = append(f.points, point{at, f.total, f.counts})
	f.points = within(f.points, at.Add(-f.derivation.Window), func(p point) time.Time { return p.at })
}

// grow adds by how much a series has grown. One that was not there before has begun at zero: what was there at the first
// reading is in its point, too, and no growth.
func (f *feed) grow(s, before series, known bool) {
	known = known && s.created <= before.created
	if s.counts == nil {
		f.total += s.value
		if known {
			f.total -= before.value
		}
		return
	}
	grown := s.counts
	if known && before.counts != nil {
		if less, ok := s.counts.minus(before.counts); ok {
			grown = less
		}
	}
	f.counts = f.counts.plus(grown)
}

func (f *feed) takeGauges(at time.Time, found []series) {
	if f.gauges == nil {
		f.gauges = map[string][]gauge{}
	}
	for _, s := range found {
		if key := s.labels.String(); !math.IsNaN(s.value) { // which is no value, and so not the highest
			f.gauges[key] = append(f.gauges[key], gauge{at, s.value})
		}
	}
	for key, all := range f.gauges {
		if all = within(all, at.Add(-f.derivation.Window), func(g gauge) time.Time { return g.at }); len(all) == 0 {
			delete(f.gauges, key)
		} else {
			f.gauges[key] = all
		}
	}
}

// slack by which a reading may lie before a window and still count: tickers are not exact.
const slack = 250 * time.Millisecond

func within[T any](all []T, begin time.Time, at func(T) time.Time) []T {
	begin = begin.Add(-slack)
	return slices.DeleteFunc(all, func(x T) bool { return at(x).Before(begin) })
}

// grown is by how much a feed has grown within its window, and how long that took; false: it was not read twice.
func (f *feed) grown() (total float64, counts *distribution, took time.Duration, ok bool) {
	if len(f.points) < 2 {
		return 0, nil, 0, false
	}
	first, last := f.points[0], f.points[len(f.points)-1]
	counts = last.counts
	if first.counts != nil && last.counts != nil {
		if less, is := last.counts.minus(first.counts); is {
			counts = less
		}
	}
	return last.total - first.total, counts, last.at.Sub(first.at), true
}

// values are what a panel shows: those of all its targets together. The targets' names tell values apart that would be
// alike.
func values(p evidence.Panel, feeds map[string]*feed, order []string) ([]evidence.Sample, *evidence.Problem) {
	if p.Derive.Kind == evidence.NotDerived {
		return nil, &evidence.Problem{Cause: evidence.NotDerivable}
	}
	var sources []string
	for _, name := range order {
		if f := feeds[name]; f != nil && f.supplies {
			sources = append(sources, name)
		}
	}
	if len(sources) == 0 {
		return nil, &evidence.Problem{Cause: evidence.NoSeries}
	}
	if feeds[sources[0]].cumulative() {
		return together(p, feeds, sources)
	}
	return eachSeries(p, feeds, sources)
}

func together(p evidence.Panel, feeds map[string]*feed, sources []string) ([]evidence.Sample, *evidence.Problem) {
	rate := 0.0
	var counts *distribution
	for _, name := range sources {
		total, grown, took, ok := feeds[name].grown()
		if !ok || took <= 0 {
			return nil, &evidence.Problem{Cause: evidence.TooFewSamples}
		}
		rate += total / took.Seconds()
		if grown != nil {
			counts = counts.plus(grown)
		}
	}
	value := rate
	if p.Derive.Kind == evidence.Quantile {
		value = math.NaN()
		if counts != nil {
			value = counts.quantile(p.Derive.Quantile)
		}
	}
	switch {
	case math.IsInf(value, 0):
		return nil, &evidence.Problem{Cause: evidence.Infinite}
	case counts != nil && counts.boundless():
		return nil, &evidence.Problem{Cause: evidence.NoBuckets}
	case math.IsNaN(value):
		return nil, &evidence.Problem{Cause: evidence.NotANumber}
	}
	return []evidence.Sample{{Value: value}}, nil
}

// eachSeries gives the values of all series. The problem is a partial one when there are values.
func eachSeries(p evidence.Panel, feeds map[string]*feed, sources []string) (all []evidence.Sample, problem *evidence.Problem) {
	found := 0
	for _, name := range sources {
		for _, s := range feeds[name].now {
			found++
			value := s.value
			if s.counts != nil {
				continue // a histogram has no one value
			}
			if p.Derive.Kind == evidence.Highest {
				for _, g := range feeds[name].gauges[s.labels.String()] {
					if math.IsNaN(value) || g.value > value {
						value = g.value
					}
				}
			}
			if math.IsInf(value, 0) { // beyond any bound, and no number: the others do not stand for it
				return nil, &evidence.Problem{Cause: evidence.Infinite, Detail: evidence.Excerpt(s.labels.String())}
			}
			if math.IsNaN(value) {
				if problem == nil && s.labels[quantileLabel] == "" {
					problem = &evidence.Problem{Cause: evidence.PartlyNaN, Detail: evidence.Excerpt(s.labels.String())}
				}
				continue
			}
			labels := s.labels
			if len(sources) > 1 {
				labels = withTarget(labels, name)
			}
			all = append(all, evidence.Sample{Labels: labels, Value: value})
		}
	}
	switch {
	case found == 0:
		return nil, &evidence.Problem{Cause: evidence.NoSeries}
	case len(all) == 0:
		return nil, &evidence.Problem{Cause: evidence.NotANumber}
	}
	return all, problem
}

// quantileLabel is what the quantiles of a summary have, which are no numbers while nothing is observed.
const quantileLabel = "quantile"

// withTarget adds which target a series is of, under the name that a Prometheus gives it.
func withTarget(labels evidence.Labels, target string) evidence.Labels {
	const instance = "instance"
	more := evidence.Labels{instance: target}
	for name, value := range labels {
		if name != instance {
			more[name] = value
		}
	}
	return more
}
