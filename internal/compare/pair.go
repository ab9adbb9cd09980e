package compare

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"xinbot.ir/squall/internal/units"
)

// Against holds each of the other runs against the first. Every interval of the report is as wide as it must be for
// all of them to be right together: the error that [Level] leaves is divided among them (Bonferroni).
func Against(base Run, others []Run, o Options) Report {
	o = o.withDefaults()
	r := Report{Options: o, Method: Bootstrap}
	var pending []*pendingFinding
	for n, other := range others {
		a, b := sideRun{"A", base}, sideRun{letter(n + 1), other}
		c := Comparison{Base: Side{a.label, []Run{base}}, Other: Side{b.label, []Run{other}}}
		c.Notes = o.accept(append(append(runNotes(a), runNotes(b)...), conditionNotes(a, b)...))
		c.Missing = append(lacking(base, other), lacking(other, base)...)
		refused := firstRefusal(c.Notes)
		for _, x := range base.Parts {
			y, both := other.part(x.Name)
			if !both {
				continue
			}
			p := PartResult{Name: x.Name, Base: measureOf([]Part{x}), Other: measureOf([]Part{y})}
			p.Notes = append(append(partRunNotes(a, x), partRunNotes(b, y)...), partNotes(a, b, x, y)...)
			p.Notes = append(p.Notes, lagNotes(a.label, x.Lag, b.label, y.Lag)...)
			p.Notes = o.accept(append(p.Notes, seriesNotes(a, b, x, y)...))
			why := cmp.Or(refused, firstRefusal(p.Notes))
			for _, s := range x.Series {
				t, both := y.series(s.Name())
				if !both {
					continue
				}
				result, found := o.pairSeries(b.label+"/"+x.Name, s, t, x, y, why)
				p.Series = append(p.Series, result)
				pending = append(pending, found...)
			}
			c.Parts = append(c.Parts, p)
		}
		r.Comparisons = append(r.Comparisons, c)
	}
	r.Tests = len(pending)
	for _, f := range pending {
		f.conclude(o.Tolerance, r.Tests)
	}
	return r
}

func (o Options) withDefaults() Options {
	o.Resamples = cmp.Or(o.Resamples, DefaultResamples)
	o.Seed = cmp.Or(o.Seed, DefaultSeed)
	return o
}

// letter names sides: A, B, .. Z, then S27.
func letter(n int) string {
	if n < 26 {
		return string(rune('A' + n))
	}
	return fmt.Sprintf("S%d", n+1)
}

func firstRefusal(notes []Note) string {
	for _, n := range notes {
		if n.Refuses {
			return n.Text
		}
	}
	return ""
}

// pendingFinding is a number whose interval waits for the number of intervals that there are.
type pendingFinding struct {
	*Finding
	a, b estimate
	lag  float64 // of the other side's generator, beyond the baseline's, in µs
}

// pairSeries compares one series of two runs. why is not empty when nothing is to be judged.
func (o Options) pairSeries(where string, s, t Series, one, two Part, why string) (SeriesResult, []*pendingFinding) {
	result := SeriesResult{Flow: s.Flow, Title: s.Title, Channel: s.Channel, Numbers: make([]Finding, numNumbers)}
	x, y := sampleOf(s.Cells), sampleOf(t.Cells)
	result.Base, result.Other = x.distribution(once(len(x.count))), y.distribution(once(len(y.count)))
	if why == "" {
		result.Shape = shapeOf(x, y, randomOf(o.Seed, where, s.Name(), "shape")).allow(two.Lag - one.Lag)
	}
	var pending []*pendingFinding
	for n := range numNumbers {
		f := &result.Numbers[n]
		f.Number = n
		a := estimateOf(x, n, o.resamplesIf(why == ""), randomOf(o.Seed, where, s.Name(), n.String(), "A"))
		b := estimateOf(y, n, o.resamplesIf(why == ""), randomOf(o.Seed, where, s.Name(), n.String(), "B"))
		f.Base, f.Other = a.shown(one.Step), b.shown(two.Step)
		if f.Reason = cmp.Or(why, tooLittle(n, f.Base, f.Other, a, b)); f.Reason == "" {
			pending = append(pending, &pendingFinding{f, a, b, two.Lag - one.Lag})
		}
	}
	return result, pending
}

func (o Options) resamplesIf(judged bool) int {
	if !judged {
		return 0
	}
	return o.Resamples
}

func (e estimate) shown(step float64) Value {
	v := Value{Requests: e.requests, Block: float64(e.block) * step}
	if e.requests > 0 {
		v.Value = e.value
	}
	return v
}

// tooLittle is why a number cannot be judged for want of data; "" when it can.
func tooLittle(n Number, x, y Value, a, b estimate) string {
	if why := tooFew(n, min(x.Requests, y.Requests)); why != "" {
		return why
	}
	if least := min(a.cells, b.cells); least < FewestSeconds {
		return fmt.Sprintf("%d of %d needed seconds", least, FewestSeconds)
	}
	return ""
}

// tooFew is why a number cannot be judged by so many requests; "" when it can.
func tooFew(n Number, requests uint64) string {
	switch {
	case requests == 0 && n.Latency():
		return "no latency was measured"
	case requests == 0:
		return "nothing was measured"
	case requests < n.fewest():
		return fmt.Sprintf("%s of %s needed requests", units.Count(requests), units.Count(n.fewest()))
	}
	return ""
}

// halfWidth is half of the interval of a difference, one of so many intervals: quantile × standard error. The quantile is
// Student's t, since the standard error is made of a few blocks; its degrees of freedom are Welch and Satterthwaite's.
func halfWidth(a, b estimate, tests int) float64 {
	x, y := a.se*a.se, b.se*b.se
	if x+y <= 0 {
		return 0
	}
	freedom := (x + y) * (x + y) / (x*x/a.degrees() + y*y/b.degrees())
	return distuv.StudentsT{Sigma: 1, Nu: freedom}.Quantile(1-(1-Level)/2/float64(tests)) * math.Sqrt(x+y)
}

// conclude makes the interval, one of so many, and gives the verdict. It is the difference ± half its width, of the
// logarithm for latencies.
func (f *pendingFinding) conclude(tolerance float64, tests int) {
	n := f.Number
	d, half := n.scaled(f.b.value)-n.scaled(f.a.value), halfWidth(f.a, f.b, tests)
	f.Difference, f.Low, f.High = n.difference(d), n.difference(d-half), n.difference(d+half)
	if n.Latency() {
		f.allow(f.lag)
	} else {
		f.Low, f.High = max(f.Low, -1), min(f.High, 1)
	}
	f.Limit = n.limit(tolerance, f.a.value)
	f.judge(true)
}

// seriesNotes names the flows that only one side has.
func seriesNotes(a, b sideRun, x, y Part) (notes []Note) {
	for _, pair := range []struct {
		has, lacks Part
		label      string
	}{{x, y, a.label}, {y, x, b.label}} {
		for _, s := range pair.has.Series {
			if _, both := pair.lacks.series(s.Name()); !both && s.Channel == "" {
				notes = append(notes, Note{Text: fmt.Sprintf("%s was measured only in %s", s.Title, pair.label)})
			}
		}
	}
	return notes
}

// measureOf adds up a part over runs.
func measureOf(parts []Part) (m PartMeasure) {
	for _, p := range parts {
		m.Seconds += p.Seconds
		m.VUs += p.VUs / float64(len(parts))
		m.Wanted += p.Wanted / float64(len(parts))
		for _, s := range p.Series {
			if s.Channel != "" {
				continue
			}
			for _, c := range s.Cells {
				m.Requests, m.Failed = m.Requests+c.Count, m.Failed+c.Failed
			}
		}
	}
	return m
}
