package session

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"sort"
	"strings"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// effects finds out of each fault that is over whether it changed anything that is measured. The seconds in which it was
// on, and no other was, are held against as many before it in which nothing was on: [compare.EffectOf] says what moved. It
// belongs to the goroutine of the windows; what takes long is done beside it.
type effects struct {
	panels func() []PanelState
	beside func(func()) // does what takes long
	tell   func(event.EffectJudged)

	calm   []effectSecond        // outside of every fault and the recovery from it; the newest last
	faults map[int]*faultSeconds // by the run of the injection
}

// faultSeconds are those in which one injection was on.
type faultSeconds struct {
	alone  []effectSecond
	shared int // in which others were on, too
	judged bool
}

// effectSecond is a closed second, as far as it is compared.
type effectSecond struct {
	at, length float64 // seconds since the start, and seconds
	vus, rate  float64 // that were wanted
	lag        float64 // of the generator's timers, in µs
	flows      []compare.Cell
}

const (
	// mostEffectSeconds bounds how much of a fault is compared, its first ten minutes, and of the time before it.
	mostEffectSeconds = compare.MostCells
	// effectResamples are enough for a standard error, and half as dear as those of squall compare.
	effectResamples = 500
	// mostMovements is how many numbers that moved are named.
	mostMovements = 4
)

func newEffects(panels func() []PanelState, beside func(func()), tell func(event.EffectJudged)) *effects {
	return &effects{panels: panels, beside: beside, tell: tell, faults: map[int]*faultSeconds{}}
}

// observe takes a closed second, which began at a time since the start, and judges the faults that are over.
func (e *effects) observe(line *timeline.Timeline, at float64, o metric.Observation) {
	end := at + o.Window.Length.Seconds()
	var on []timeline.Injection
	for _, i := range line.Injections {
		if !i.NotApplied() && i.From < end && (i.To() == timeline.Open || i.To() > at) {
			on = append(on, i)
		}
	}
	// As in a comparison of runs: what the generator itself delayed says nothing of the platform.
	if o.Window.Away == 0 && (!o.Window.Health.Saturated || o.Window.Missed > 0) {
		e.keep(line, on, at, o)
	}
	for _, i := range line.Injections {
		if i.Applied() && i.To() != timeline.Open && i.To() < end {
			e.judge(i)
		}
	}
}

// keep keeps a second where it belongs: one that a fault began or ended in belongs nowhere.
func (e *effects) keep(line *timeline.Timeline, on []timeline.Injection, at float64, o metric.Observation) {
	end := at + o.Window.Length.Seconds()
	switch {
	case len(on) == 0 && line.Outside((at+end)/2):
		if len(e.calm) == 2*mostEffectSeconds {
			e.calm = slices.Clone(e.calm[mostEffectSeconds:])
		}
		e.calm = append(e.calm, newEffectSecond(at, o))
	case len(on) == 1:
		of := e.secondsOf(on[0])
		if on[0].From <= at && (on[0].To() == timeline.Open || end <= on[0].To()) && len(of.alone) < mostEffectSeconds && !of.judged {
			of.alone = append(of.alone, newEffectSecond(at, o))
		}
	default:
		for _, i := range on {
			e.secondsOf(i).shared++
		}
	}
}

func (e *effects) secondsOf(i timeline.Injection) *faultSeconds {
	of := e.faults[i.Run]
	if of == nil {
		of = &faultSeconds{}
		e.faults[i.Run] = of
	}
	return of
}

// close judges what the end of the run ended, or left on. Nothing is done beside it any more.
func (e *effects) close(line *timeline.Timeline) {
	e.beside = func(do func()) { do() }
	for _, i := range line.Injections {
		if i.Applied() {
			e.judge(i)
		}
	}
}

// judge answers of an injection, once.
func (e *effects) judge(i timeline.Injection) {
	of := e.secondsOf(i)
	if of.judged {
		return
	}
	during := of.alone
	of.alone, of.judged = nil, true
	before := e.before(i.From, len(during))
	d := event.EffectJudged{Injection: i.Injection, Effect: event.EffectUnknown, Tolerance: compare.DefaultTolerance, Before: measured(before), During: measured(during)}
	switch lacks := min(len(before), len(during)) < compare.FewestSeconds; {
	case i.Reverted != nil && i.Reverted.Data.Cause == event.CauseEndedByOthers:
		d.Reason = "not known whether it had an effect: " + endedByOthers
	case i.Abandoned():
		d.Reason = "not known whether it had an effect: the fault was kept as it is"
	case lacks && of.shared > 0 && len(during) < compare.FewestSeconds:
		d.Reason = "not known whether it had an effect: other faults were on at the same time"
	case lacks:
		when, n := "of it", len(during)
		if n >= compare.FewestSeconds {
			when, n = "before it", len(before)
		}
		d.Reason = fmt.Sprintf("%s: %d of %d needed seconds %s were measured", tooLittleTraffic, n, compare.FewestSeconds, when)
	}
	if d.Reason != "" {
		e.tell(d)
		return
	}
	gauges, slow := gaugesOf(e.panels(), before, during)
	options := compare.Options{Tolerance: d.Tolerance, Resamples: effectResamples}
	if i.Spike() {
		options.Accept = []compare.Condition{compare.Load} // which is what it changes
	}
	flows := flowsIn(slices.Concat(before, during)...)
	e.beside(func() {
		found := compare.EffectOf(effectPart(flows, before), effectPart(flows, during), gauges, options)
		found.TooLittle = append(found.TooLittle, slow...)
		e.tell(answered(d, found))
	})
}

const tooLittleTraffic = "too little traffic to tell whether it had an effect"

// answered is the answer that follows from what moved.
func answered(d event.EffectJudged, found compare.Effect) event.EffectJudged {
	d.Judged, d.TooLittle, d.Latencies = found.Judged, found.TooLittle, found.Flows
	for n, m := range found.Moved {
		moved := event.Movement{What: strings.TrimSpace(m.Title + " " + m.Number), Unit: m.Unit, Before: m.Before, During: m.During}
		if d.Slower == nil && m.Rose() {
			d.Slower = &moved
		}
		if n < mostMovements {
			d.Moved = append(d.Moved, moved)
		} else {
			d.More++
		}
	}
	switch {
	case found.Refused != "":
		d.Reason = "not known whether it had an effect: " + found.Refused
	case len(found.Moved) > 0:
		d.Effect = event.EffectSeen
	case found.Flows > 0:
		d.Effect = event.NoEffect
	default:
		d.Reason = tooLittleTraffic
	}
	return d
}

// before are the last so many calm seconds before a time.
func (e *effects) before(from float64, most int) []effectSecond {
	n := sort.Search(len(e.calm), func(n int) bool { return e.calm[n].at+e.calm[n].length > from })
	return slices.Clone(e.calm[max(0, n-most):n])
}

func newEffectSecond(at float64, o metric.Observation) effectSecond {
	w := o.Window
	s := effectSecond{
		at: at, length: w.Length.Seconds(), vus: float64(w.WantedVUs), rate: w.Rate,
		lag: float64(w.Health.Lag) / float64(time.Microsecond), flows: make([]compare.Cell, len(o.Registry.Flows())),
	}
	latency := make([]map[int64]int64, len(s.flows)) // by the highest value of a bucket
	for id, series := range o.Registry.Series() {
		flow := series.Flow.ID()
		s.flows[flow].Count += w.Series[id].Count
		s.flows[flow].Failed += w.Series[id].Failed
		if h := o.Latency[id]; h != nil && h.TotalCount() > 0 {
			if latency[flow] == nil {
				latency[flow] = map[int64]int64{}
			}
			addBuckets(latency[flow], h)
		}
	}
	for flow, counts := range latency {
		for _, micros := range slices.Sorted(maps.Keys(counts)) {
			s.flows[flow].Latency = append(s.flows[flow].Latency, compare.Bar{Micros: micros, Count: counts[micros]})
		}
	}
	return s
}

func addBuckets(to map[int64]int64, h *hdr.Histogram) {
	for i, n := range h.Export().Counts {
		if n > 0 {
			low, width := metric.Bucket(i)
			to[low+width-1] += n
		}
	}
	runtime.Gosched() // all of them together would hold up due sends
}

func measured(all []effectSecond) (sum float64) {
	for _, s := range all {
		sum += s.length
	}
	return sum
}

// effectPart is seconds of some flows as they are compared.
func effectPart(flows []*metric.Flow, all []effectSecond) compare.Part {
	p := compare.Part{Seconds: measured(all), Kept: len(all), Step: measured(all) / float64(len(all))}
	var lags []float64
	for _, s := range all {
		p.VUs += s.vus / float64(len(all))
		p.Wanted += s.rate / float64(len(all))
		lags = append(lags, s.lag)
	}
	if p.Wanted > 0 {
		p.VUs = 0 // in the open model as many as it takes
	}
	slices.Sort(lags)
	p.Lag = lags[(len(lags)-1)/2]
	for _, f := range flows {
		series := compare.Series{Flow: f.Name, Title: f.Title}
		for _, s := range all {
			series.Cells = append(series.Cells, s.flows[f.ID()])
		}
		p.Series = append(p.Series, series)
	}
	return p
}

// flowsIn are the flows that had requests in any of these seconds: one that fell silent had.
func flowsIn(all ...effectSecond) (flows []*metric.Flow) {
	for _, f := range load.Registry().Flows() {
		if slices.ContainsFunc(all, func(s effectSecond) bool { return s.flows[f.ID()].Count > 0 }) {
			flows = append(flows, f)
		}
	}
	return flows
}

// gaugesOf are the panels of the platform's own metrics in two times, and those that look back too far for these times. Of a
// counter the growth counts, a second.
func gaugesOf(panels []PanelState, before, during []effectSecond) (all []compare.Gauge, slow []string) {
	for _, p := range panels {
		if compare.Blocks*p.Window.Seconds() > min(measured(before), measured(during)) {
			slow = append(slow, p.Title+", which looks back over "+units.Duration(p.Window))
			continue
		}
		points, unit := p.Points, string(p.Unit)
		if p.Counts {
			points, unit = growth(points), "/s"
		}
		g := compare.Gauge{Name: "panel " + p.Name, Title: p.Title, Unit: unit, Before: within(points, before), During: within(points, during)}
		if n := len(points); n > 1 && p.Window > 0 {
			g.Over = int(math.Ceil(p.Window.Seconds() / (points[n-1].At - points[0].At) * float64(n-1)))
		}
		all = append(all, g)
	}
	return all, slow
}

// growth is by how much a counter grew from one reading to the next, a second; a fall is a restart, and says nothing.
func growth(points []Point) (all []Point) {
	for n := 1; n < len(points); n++ {
		if more, after := points[n].Value-points[n-1].Value, points[n].At-points[n-1].At; more >= 0 && after > 0 {
			all = append(all, Point{At: points[n].At, Value: more / after})
		}
	}
	return all
}

// within are the values that were read in some seconds.
func within(points []Point, seconds []effectSecond) (values []float64) {
	for _, p := range points {
		n := sort.Search(len(seconds), func(n int) bool { return seconds[n].at+seconds[n].length > p.At })
		if n < len(seconds) && seconds[n].at <= p.At {
			values = append(values, p.Value)
		}
	}
	return values
}
