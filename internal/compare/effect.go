package compare

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"xinbot.ir/squall/internal/units"
)

// Gauge is a number that is read again and again, such as the depth of a queue.
type Gauge struct {
	Name, Title    string
	Unit           string
	Before, During []float64 // readings, equally far apart
	// Over is of how many readings one is an average, or the highest: so many hang together. 0 or 1: each stands by itself.
	Over int
}

// Blocks is how many pieces that know nothing of each other each side needs: a gauge that looks back over a time can be
// judged over so many times that.
const Blocks = fewestBlocks

// fewestReadings is how many readings the mean of a gauge needs on each side. With 20 an interval is too narrow in 21 of 100
// cases for readings that remember the one before (AR(1) coefficient 0.7), with 40 in 7. Requests a second remember little.
const fewestReadings = 40

// Movement is a number that moved by more than the tolerance, for certain.
type Movement struct {
	Title          string // of the flow or the gauge
	Number         string // p95, failed or requests; "" for a gauge
	Unit           string // µs, share, /s, or the gauge's own
	Before, During float64
	// Least is how far it moved at the least, as a share of its value before; infinite when that was 0.
	Least float64
}

// Rose reports whether it is a latency that rose.
func (m Movement) Rose() bool {
	return m.During > m.Before && slices.Contains([]string{"µs", "ms", "s"}, m.Unit)
}

// Effect is what a time, such as that of a fault, did to what is measured, against a time before it.
type Effect struct {
	Refused string     // why nothing was judged; "" when something was
	Tests   int        // intervals that are sure together
	Moved   []Movement // that which moved furthest first
	Judged  []string   // flows of which at least p95 and the failed share could be judged, and gauges that could
	Flows   int        // how many of these are flows
	// TooLittle are the others, each with what it lacks.
	TooLittle []string
}

// EffectOf holds the time during which something was done against a time before it. Judged are, of each flow, latencies and
// failed share as [Against] judges them, and its requests a second; and the mean of each gauge: all by intervals from one
// block bootstrap, which are sure together at [Level]. What moved is what lies beyond the tolerance as a whole.
func EffectOf(before, during Part, gauges []Gauge, o Options) Effect {
	o = o.withDefaults()
	var e Effect
	if why := o.otherLoad(before, during); why != "" {
		e.Refused = why
		return e
	}
	var flows []effectOnFlow
	var means []*effectOnMean
	mean := func(g Gauge, number string, fewest int) (lacks string) {
		fewest = max(fewest, fewestBlocks*g.Over)
		if n := min(len(g.Before), len(g.During)); n < fewest {
			return fmt.Sprintf("%d of %d needed readings", n, fewest)
		}
		means = append(means, &effectOnMean{
			g, number,
			g.mean(g.Before, o.Resamples, randomOf(o.Seed, "effect", g.Name, "A")), g.mean(g.During, o.Resamples, randomOf(o.Seed, "effect", g.Name, "B")),
		})
		return ""
	}
	for _, s := range before.Series {
		t, both := during.series(s.Name())
		if !both {
			continue
		}
		result, pending := o.pairSeries("effect", s, t, before, during, "")
		flows = append(flows, effectOnFlow{result, pending})
		mean(Gauge{Name: s.Name(), Title: s.Title, Unit: "/s", Before: s.rates(before.Step), During: t.rates(during.Step)}, "requests", FewestSeconds)
		if lacks := cmp.Or(result.Numbers[P95].Reason, result.Numbers[FailedShare].Reason); lacks != "" {
			e.TooLittle = append(e.TooLittle, s.Title+": "+lacks)
			continue
		}
		e.Judged = append(e.Judged, s.Title)
		e.Flows++
	}
	for _, g := range gauges {
		if lacks := mean(g, "", fewestReadings); lacks != "" {
			e.TooLittle = append(e.TooLittle, g.Title+": "+lacks)
			continue
		}
		e.Judged = append(e.Judged, g.Title)
	}
	e.Tests = len(means)
	for _, f := range flows {
		e.Tests += len(f.pending)
	}
	for _, f := range flows {
		e.Moved = append(e.Moved, f.moved(o.Tolerance, e.Tests)...)
	}
	for _, m := range means {
		e.Moved = append(e.Moved, m.moved(o.Tolerance, e.Tests)...)
	}
	slices.SortStableFunc(e.Moved, func(a, b Movement) int { return cmp.Compare(b.Least, a.Least) })
	return e
}

// otherLoad is why two times cannot be held against each other: other virtual users or arrivals were asked for.
func (o Options) otherLoad(before, during Part) string {
	switch {
	case slices.Contains(o.Accept, Load):
	case apart(before.VUs, during.VUs):
		return fmt.Sprintf("the load was another: %s on average before it and %s during it", units.VUs(int(math.Round(before.VUs))), units.VUs(int(math.Round(during.VUs))))
	case apart(before.Wanted, during.Wanted):
		return fmt.Sprintf("the load was another: %s/s were asked for on average before it and %s/s during it", units.Rate(before.Wanted), units.Rate(during.Wanted))
	}
	return ""
}

// rates are the requests of each cell, a second.
func (s Series) rates(step float64) []float64 {
	all := make([]float64, len(s.Cells))
	for i, c := range s.Cells {
		all[i] = float64(c.Count) / step
	}
	return all
}

// effectOnFlow is a flow before and during, with the intervals that are still to be made.
type effectOnFlow struct {
	SeriesResult
	pending []*pendingFinding
}

func (f effectOnFlow) moved(tolerance float64, tests int) (all []Movement) {
	for _, p := range f.pending {
		p.conclude(tolerance, tests)
		if p.Verdict != Better && p.Verdict != Worse {
			continue
		}
		m := Movement{Title: f.Title, Number: p.Number.String(), Unit: "µs", Before: p.Base.Value, During: p.Other.Value, Least: max(p.Low, -p.High)}
		if !p.Number.Latency() {
			m.Unit, m.Least = "share", m.Least/m.Before
		}
		all = append(all, m)
	}
	return all
}

// effectOnMean is the mean of a gauge before and during.
type effectOnMean struct {
	Gauge
	number         string
	before, during estimate
}

func (m effectOnMean) moved(tolerance float64, tests int) []Movement {
	from, to := m.before.value, m.during.value
	least := math.Abs(to-from) - halfWidth(m.before, m.during, tests)
	if least <= tolerance*math.Abs(from) {
		return nil
	}
	return []Movement{{Title: m.Title, Number: m.number, Unit: m.Unit, Before: from, During: to, Least: least / math.Abs(from)}}
}

// mean is that of readings, with how sure it is.
func (g Gauge) mean(readings []float64, resamples int, random *rand.Rand) estimate {
	e := estimate{cells: len(readings)}
	for _, v := range readings {
		e.value += v / float64(len(readings))
	}
	apart := make([]float64, len(readings))
	for i, v := range readings {
		apart[i] = v - e.value
	}
	e.cut(max(blockLength(apart), g.Over))
	e.se, _ = standardError(e, resamples, random, func(w weights) (mean float64) {
		for i, v := range apart {
			mean += v * float64(w[i])
		}
		return mean / float64(len(apart))
	})
	return e
}
