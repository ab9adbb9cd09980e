package compare

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/aclements/go-moremath/stats"
)

// FewestRuns is how many runs a side must have for anything to be shown: with three a side, the most extreme order of six
// runs comes by chance in one of ten cases.
const FewestRuns = 4

// mostRelabelings is how many ways of dealing the runs to the sides are looked at. Of more, so many are drawn.
const mostRelabelings = 20_000

// Groups holds several runs against several. The run is the unit, so what varies from run to run is in the interval.
//
// A number differs when both hold: the interval of the Hodges-Lehmann estimate that belongs to the exact Mann-Whitney
// test lies beyond the tolerance, and of all ways of dealing the runs to the sides few enough have a larger difference
// in any number (the single-step maxT procedure of Westfall and Young, 1993), so that many numbers make no more false
// alarms than one.
func Groups(base, other []Run, o Options) Report {
	o = o.withDefaults()
	r := Report{Options: o, Method: MannWhitney}
	c := Comparison{Base: Side{"A", base}, Other: Side{"B", other}}
	a, b := named("A", base), named("B", other)
	c.Notes = o.accept(groupNotes(a, b))
	why := firstRefusal(c.Notes)
	if n := min(len(base), len(other)); n < FewestRuns {
		c.Notes = append(c.Notes, Note{Refuses: true, Text: fmt.Sprintf(
			"nothing can be shown with %d and %d runs: at least %d a side are needed, or one a side, which is compared second by second", len(base), len(other), FewestRuns)})
		why = cmp.Or(why, fmt.Sprintf("fewer than %d runs a side", FewestRuns))
	}
	if note := inTurn(base, other); note != "" {
		c.Notes = append(c.Notes, Note{Text: note})
	}
	var pending []*groupFinding
	for _, first := range base[0].Parts {
		x, all := partsOf(base, first.Name)
		y, too := partsOf(other, first.Name)
		if !all || !too {
			c.Missing = append(c.Missing, first.Name)
			continue
		}
		p := PartResult{Name: first.Name, Base: measureOf(x), Other: measureOf(y)}
		p.Notes = o.accept(append(groupPartNotes(a, b, x, y), lagNotes("A", meanLag(x), "B", meanLag(y))...))
		why := cmp.Or(why, firstRefusal(p.Notes))
		for _, s := range x[0].Series {
			one, all := seriesOf(x, s.Name())
			two, too := seriesOf(y, s.Name())
			if !all || !too {
				continue
			}
			result, found := o.groupSeries(first.Name, one, two, meanLag(y)-meanLag(x), why)
			p.Series = append(p.Series, result)
			pending = append(pending, found...)
		}
		c.Parts = append(c.Parts, p)
	}
	r.Tests = len(pending)
	adjust(pending, len(base), len(other), randomOf(o.Seed, "relabelings"))
	for _, f := range pending {
		f.conclude(o.Tolerance)
	}
	r.Comparisons = []Comparison{c}
	return r
}

// named gives runs their names in the documents: A1, A2, ..
func named(letter string, runs []Run) (all []sideRun) {
	for n, r := range runs {
		all = append(all, sideRun{fmt.Sprintf("%s%d", letter, n+1), r})
	}
	return all
}

// groupNotes looks at every run, and holds each against the first. A difference that several have is told once.
func groupNotes(a, b []sideRun) (notes []Note) {
	all := append(slices.Clone(a), b...)
	for _, r := range all {
		notes = append(notes, runNotes(r)...)
	}
	return append(notes, folded(all, func(r sideRun) []Note { return conditionNotes(a[0], r) })...)
}

// folded holds the first of some runs against each of the others. What is to be said of several of them is said once.
func folded(all []sideRun, against func(sideRun) []Note) (notes []Note) {
	const someone = "\x00" // stands for the other run
	labels := map[Note][]string{}
	for _, r := range all[1:] {
		label := r.label
		r.label = someone
		for _, n := range against(r) {
			if labels[n] == nil {
				notes = append(notes, n)
			}
			labels[n] = append(labels[n], label)
		}
	}
	for i, n := range notes {
		names := labels[n]
		if last := len(names) - 1; last > 0 {
			names = []string{strings.Join(names[:last], ", ") + " and " + names[last]}
		}
		notes[i].Text = strings.ReplaceAll(n.Text, someone, names[0])
	}
	return notes
}

func groupPartNotes(a, b []sideRun, x, y []Part) (notes []Note) {
	runs, parts := append(slices.Clone(a), b...), append(slices.Clone(x), y...)
	for n, r := range runs {
		notes = append(notes, partRunNotes(r, parts[n])...)
	}
	next := 0
	return append(notes, folded(runs, func(r sideRun) []Note {
		next++ // they are asked for in order
		return partNotes(runs[0], r, parts[0], parts[next])
	})...)
}

// inTurn warns when all runs of one side were made before those of the other.
func inTurn(base, other []Run) string {
	started := func(r Run) int64 { return r.Conditions.Started.UnixNano() }
	first := func(runs []Run) int64 { return started(slices.MinFunc(runs, byStart)) }
	last := func(runs []Run) int64 { return started(slices.MaxFunc(runs, byStart)) }
	if last(base) < first(other) || last(other) < first(base) {
		return "all runs of one side were made before those of the other, so what else changed with time counts as their difference: take turns"
	}
	return ""
}

func byStart(a, b Run) int { return a.Conditions.Started.Compare(b.Conditions.Started) }

func partsOf(runs []Run, name string) (all []Part, every bool) {
	for _, r := range runs {
		p, ok := r.part(name)
		if !ok {
			return nil, false
		}
		all = append(all, p)
	}
	return all, true
}

func seriesOf(parts []Part, name string) (all []Series, every bool) {
	for _, p := range parts {
		s, ok := p.series(name)
		if !ok {
			return nil, false
		}
		all = append(all, s)
	}
	return all, true
}

// groupFinding is a number whose verdict waits for that of all numbers together.
type groupFinding struct {
	*Finding
	x, y []float64 // scaled, by run
	typ  float64   // a typical value, for the resolution
	lag  float64   // of the other side's generators, beyond the baseline's, on average, in µs
}

func (o Options) groupSeries(where string, s, t []Series, lag float64, why string) (SeriesResult, []*groupFinding) {
	result := SeriesResult{Flow: s[0].Flow, Title: s[0].Title, Channel: s[0].Channel, Numbers: make([]Finding, numNumbers)}
	x, y := merged(s), merged(t)
	result.Base, result.Other = x.distribution(once(len(s))), y.distribution(once(len(t)))
	if why == "" {
		result.Shape = shapeOfRuns(x, y, randomOf(o.Seed, where, s[0].Name(), "shape")).allow(lag)
	}
	var pending []*groupFinding
	for n := range numNumbers {
		f := &result.Numbers[n]
		f.Number = n
		f.Base, f.Other = x.merged(n), y.merged(n)
		one, least := x.byRun(n)
		two, most := y.byRun(n)
		least = min(least, most)
		if f.Reason = cmp.Or(why, tooFew(n, least)); f.Reason == "" {
			pending = append(pending, &groupFinding{f, one, two, max(f.Base.Value, 1), lag})
		}
	}
	return result, pending
}

func meanLag(parts []Part) (mean float64) {
	for _, p := range parts {
		mean += p.Lag / float64(len(parts))
	}
	return mean
}

// merged is a sample whose cells are runs.
func merged(runs []Series) *sample {
	cells := make([]Cell, len(runs))
	for n, r := range runs {
		var seconds []Series
		for _, c := range r.Cells {
			seconds = append(seconds, Series{Cells: []Cell{c}})
		}
		if len(seconds) > 0 {
			cells[n] = Whole(seconds).Cells[0]
		}
	}
	return sampleOf(cells)
}

// merged is a number of all runs together.
func (s *sample) merged(n Number) Value {
	v := Value{Requests: s.requests(n, once(len(s.count)))}
	if v.Requests > 0 {
		v.Value = s.value(n, once(len(s.count)))
	}
	return v
}

// byRun is a number of each run, scaled, and the fewest requests that one of them stands on.
func (s *sample) byRun(n Number) (values []float64, least uint64) {
	least = math.MaxUint64
	for run := range s.count {
		w := make(weights, len(s.count))
		w[run] = 1
		values = append(values, n.scaled(s.value(n, w)))
		least = min(least, s.requests(n, w))
	}
	return values, least
}

// conclude makes the interval and gives the verdict.
func (f *groupFinding) conclude(tolerance float64) {
	var differences []float64
	for _, b := range f.y {
		for _, a := range f.x {
			differences = append(differences, b-a)
		}
	}
	slices.Sort(differences)
	pairs := len(differences)
	out := outside(len(f.x), len(f.y))
	n := f.Number
	f.Low, f.High = n.difference(differences[out]), n.difference(differences[pairs-1-out])
	f.Difference = n.difference((differences[(pairs-1)/2] + differences[pairs/2]) / 2)
	if n.Latency() {
		f.allow(f.lag)
	}
	f.P = 1
	if u, err := stats.MannWhitneyUTest(f.x, f.y, stats.LocationDiffers); err == nil { // else all runs are equal
		f.P = min(1, u.P)
	}
	f.Limit = n.limit(tolerance, f.Base.Value)
	f.judge(f.P <= 1-Level && f.AdjustedP <= 1-Level)
}

// outside is how many of the sorted differences between runs lie outside of the interval on each side: as many as the
// exact distribution of Mann and Whitney's U allows (Hollander and Wolfe, Nonparametric Statistical Methods, 4.3).
func outside(n, m int) int {
	u := stats.UDist{N1: n, N2: m}
	out := 0
	for 2*u.CDF(float64(out)) <= 1-Level {
		out++
	}
	return max(0, out-1)
}

// adjust sets for each number the share of relabelings in which any number has a larger statistic.
func adjust(pending []*groupFinding, n, m int, random *rand.Rand) {
	if len(pending) == 0 {
		return
	}
	observed := make([]float64, len(pending))
	exceeded := make([]float64, len(pending))
	identity := make([]bool, n+m)
	for i := range n {
		identity[i] = true
	}
	for k, f := range pending {
		observed[k] = f.statistic(identity)
	}
	total := 0.0
	relabel(n, m, random, func(first []bool) {
		most := 0.0
		for _, f := range pending {
			most = max(most, f.statistic(first))
		}
		total++
		for k := range observed {
			if most >= observed[k]*(1-1e-9) {
				exceeded[k]++
			}
		}
	})
	for k, f := range pending {
		f.AdjustedP = exceeded[k] / total
	}
}

// relabel visits every way of dealing n and m runs to two sides, or, of too many, the real one and as many drawn ones.
func relabel(n, m int, random *rand.Rand, visit func(first []bool)) {
	first := make([]bool, n+m)
	for i := range n {
		first[i] = true
	}
	if ways(n, m) > mostRelabelings {
		visit(first)
		for range mostRelabelings {
			random.Shuffle(n+m, func(i, j int) { first[i], first[j] = first[j], first[i] })
			visit(first)
		}
		return
	}
	var deal func(at, left int)
	deal = func(at, left int) {
		if at == n+m {
			if left == 0 {
				visit(first)
			}
			return
		}
		first[at] = true
		if left > 0 {
			deal(at+1, left-1)
		}
		first[at] = false
		if n+m-at-1 >= left {
			deal(at+1, left)
		}
	}
	deal(0, n)
}

// ways is n+m over n, as far as it matters.
func ways(n, m int) float64 {
	w := 1.0
	for i := 1; i <= n; i++ {
		w = w * float64(m+i) / float64(i)
	}
	return w
}

// statistic is Student's t of the two groups, with a standard deviation of no less than the histograms resolve.
func (f *groupFinding) statistic(first []bool) float64 {
	var sum, squares, count [2]float64
	for i, is := range first {
		all, at := f.x, i
		if i >= len(f.x) {
			all, at = f.y, i-len(f.x)
		}
		v := all[at]
		g := 0
		if !is {
			g = 1
		}
		sum[g], squares[g], count[g] = sum[g]+v, squares[g]+v*v, count[g]+1
	}
	mean := [2]float64{sum[0] / count[0], sum[1] / count[1]}
	within := max(0, squares[0]-sum[0]*mean[0]) + max(0, squares[1]-sum[1]*mean[1])
	least := f.Number.resolution(f.typ)
	if !f.Number.Latency() {
		least = leastShareError(f.Base.Value, f.Base.Requests)
	}
	variance := max(within/(count[0]+count[1]-2), least*least)
	return math.Abs(mean[1]-mean[0]) / math.Sqrt(variance*(1/count[0]+1/count[1]))
}
