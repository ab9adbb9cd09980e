package compare

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// numbersOf are the findings of the first series of the first part.
func numbersOf(r Report) []Finding { return r.Comparisons[0].Parts[0].Series[0].Numbers }

func TestTenPercentAreFound(t *testing.T) {
	const seed = 21
	random := source(seed)
	p := usual()
	p.seconds, p.rate, p.level.sigma = 240, 100, 0.02
	r := Against(p.run(random, "f"), []Run{p.slower(1.1).run(random, "f"), p.slower(1/1.1).run(random, "f")}, Options{Tolerance: DefaultTolerance})
	if r.Comparisons[0].Verdict() != Worse || r.Comparisons[1].Verdict() != Better || r.Verdict() != Worse {
		t.Errorf("seed %d: %s, %s, together %s", seed, r.Comparisons[0].Verdict(), r.Comparisons[1].Verdict(), r.Verdict())
	}
	f := numbersOf(r)[P50]
	if f.Difference < 0.07 || f.Difference > 0.13 || f.Low >= f.Difference || f.High <= f.Difference {
		t.Errorf("seed %d: p50 differs by %.3f (%.3f to %.3f), want about 0.1", seed, f.Difference, f.Low, f.High)
	}
}

func TestSameSeedSameReport(t *testing.T) {
	random := source(22)
	p := usual()
	p.seconds = 40
	a, b, c := p.run(random, "f", "g"), p.run(random, "f", "g"), p.run(random, "f", "g")
	once, twice := Against(a, []Run{b}, Options{Seed: 5}), Against(a, []Run{b}, Options{Seed: 5})
	if !reflect.DeepEqual(once, twice) {
		t.Error("the same seed gave another report")
	}
	other := Against(a, []Run{b}, Options{Seed: 6})
	if reflect.DeepEqual(once.Comparisons, other.Comparisons) {
		t.Error("another seed gave the same report: nothing was drawn")
	}
	// A third run makes all intervals wider, and changes nothing else of the first two.
	three := Against(a, []Run{b, c}, Options{Seed: 5})
	x, y := numbersOf(once)[P95], numbersOf(three)[P95]
	if x.Difference != y.Difference || y.High-y.Low <= x.High-x.Low {
		t.Errorf("with a third run p95 differs by %v (%v to %v), before %v (%v to %v)", y.Difference, y.Low, y.High, x.Difference, x.Low, x.High)
	}
}

// Failures that come in one burst may have been one event; spread over the run they are a difference.
func TestFailedShares(t *testing.T) {
	plain := func() []Cell {
		cells := make([]Cell, 60)
		for i := range cells {
			cells[i] = Cell{Count: 100, Latency: barsOf(slices.Repeat([]float64{50_000}, 100)...)}
		}
		return cells
	}
	run := func(fail func(i int) uint64) Run {
		cells := plain()
		for i := range cells {
			cells[i].Failed = fail(i)
		}
		return runOf(Series{Flow: "f", Cells: cells})
	}
	none := run(func(int) uint64 { return 0 })
	for _, c := range []struct {
		name string
		fail func(i int) uint64
		want Verdict
	}{
		{"none", func(int) uint64 { return 0 }, NoDifference},
		{"one", func(i int) uint64 { return b2u(i == 30) }, NoDifference},
		{"a burst of a second", func(i int) uint64 { return 100 * b2u(i == 30) }, NoDifference},
		{"one in three seconds", func(i int) uint64 { return b2u(i%3 == 0) }, Worse},
		{"all", func(int) uint64 { return 100 }, Worse},
	} {
		r := Against(none, []Run{run(c.fail)}, Options{Tolerance: DefaultTolerance})
		f := numbersOf(r)[FailedShare]
		if f.Verdict != c.want || !f.Judged {
			t.Errorf("%s: %s (%v to %v), want %s", c.name, f.Verdict, f.Low, f.High, c.want)
		}
		if c.want == NoDifference && (f.Low >= 0 || f.High <= 0) {
			t.Errorf("%s: the interval is %v to %v, and nobody knows that well", c.name, f.Low, f.High)
		}
	}
}

func b2u(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func TestTooLittle(t *testing.T) {
	cells := func(seconds, each int) Series {
		s := Series{Flow: "f"}
		for range seconds {
			s.Cells = append(s.Cells, Cell{Count: uint64(each), Latency: barsOf(slices.Repeat([]float64{50_000}, each)...)})
		}
		return s
	}
	refused := Series{Flow: "f", Cells: []Cell{{Count: 500}, {Count: 500}}} // nothing was answered
	for _, c := range []struct {
		name string
		a, b Series
		want [numNumbers]bool // judged
	}{
		{"one sample", cells(1, 1), cells(60, 20), [numNumbers]bool{}},
		{"nothing", Series{Flow: "f"}, cells(60, 20), [numNumbers]bool{}},
		{"few seconds", cells(7, 1000), cells(60, 20), [numNumbers]bool{}},
		{"enough for p95", cells(60, 2), cells(60, 20), [numNumbers]bool{true, true, false, true}},
		{"enough", cells(60, 10), cells(600, 20), [numNumbers]bool{true, true, true, true}},
		{"no latency", refused, cells(60, 20), [numNumbers]bool{}},
	} {
		r := Against(runOf(c.a), []Run{runOf(c.b)}, Options{})
		for n, f := range numbersOf(r) {
			if f.Judged != c.want[n] || f.Judged == (f.Reason != "") || math.IsNaN(f.Base.Value) {
				t.Errorf("%s: %s judged %v (%s)", c.name, f.Number, f.Judged, f.Reason)
			}
		}
		if c.want == [numNumbers]bool{} && r.Verdict() != NotComparable {
			t.Errorf("%s: %s", c.name, r.Verdict())
		}
	}
}

func TestConditions(t *testing.T) {
	random := source(23)
	p := usual()
	p.seconds, p.rate = 30, 10
	base := p.run(random, "f")
	series := base.Parts[0].Series
	for _, c := range []struct {
		name   string
		change func(*Run)
		accept Condition // that lets them be compared
		text   string    // in a remark, when they are compared anyway
	}{
		{"target", func(r *Run) { r.Conditions.Target = "production" }, Target, ""},
		{"address", func(r *Run) { r.Conditions.Gateway = "https://other.example.test" }, Target, ""},
		{"model", func(r *Run) { r.Conditions.Model = "open" }, Model, ""},
		{"think time", func(r *Run) { r.Conditions.Think = "1s" }, Load, ""},
		{"mix", func(r *Run) { r.Conditions.Mix = map[string]float64{"webchat": 0.9, "telegram": 0.1} }, Mix, ""},
		{"virtual users", func(r *Run) { r.Parts[0].VUs = 12 }, Load, ""},
		{"arrival rate", func(r *Run) { r.Parts[0].Wanted = 12 }, Load, ""},
		{"fault settings", func(r *Run) { r.Parts[0].Settings = "LLM latency 3 s" }, Faults, ""},
		{"saturated", func(r *Run) { r.Parts[0].LeftOut = 10 }, Generator, ""},
		{"counts missing", func(r *Run) { r.Conditions.Missing = "windows.jsonl" }, Data, ""},
		{"a little saturated", func(r *Run) { r.Parts[0].LeftOut = 1 }, "", "left out"},
		{"missed sends", func(r *Run) { r.Parts[0].Missed = 5 }, "", "never made"},
		{"late timers", func(r *Run) { r.Parts[0].Lag = 3000 }, "", "fired – late in A and 3.00 ms late in B"},
		{"killed", func(r *Run) { r.Conditions.Killed = true }, "", "did not end properly"},
		{"unknown start", func(r *Run) { r.Conditions.Known = false }, "", "not known"},
		{"clamped", func(r *Run) { r.Conditions.Clamped = 3 }, "", "three minutes"},
		{"version", func(r *Run) { r.Conditions.Version = "v2" }, "", "different versions"},
		{"machine", func(r *Run) { r.Conditions.Machine = "other" }, "", "different machines"},
		{"workload", func(r *Run) { r.Conditions.Brands = 9 }, "", "workloads differ"},
		{"at the same time", func(r *Run) { r.Conditions.ID = "other" }, "", "at the same time"},
		{"another flow", func(r *Run) {
			r.Parts[0].Series = append(slices.Clone(series), Series{Flow: "g", Title: "Other flow"})
		}, "", "Other flow was measured only in B"},
		{"another part", func(r *Run) { r.Parts = append(r.Parts, Part{Name: "LLM latency"}) }, "", "only B has LLM latency"},
	} {
		other := p.run(source(23), "f")
		c.change(&other)
		r := Against(base, []Run{other}, Options{Resamples: 100})
		var texts []string
		for _, n := range append(r.Comparisons[0].Notes, r.Comparisons[0].Parts[0].Notes...) {
			texts = append(texts, n.Text)
		}
		all := strings.Join(texts, "\n")
		if refused := r.Verdict() == NotComparable; refused != (c.accept != "") {
			t.Errorf("%s: %s: %s", c.name, r.Verdict(), all)
		}
		if !strings.Contains(all, c.text) || all == "" {
			t.Errorf("%s: no remark has %q: %s", c.name, c.text, all)
		}
		if c.accept == "" {
			continue
		}
		for _, accepted := range AllConditions() {
			r := Against(base, []Run{other}, Options{Resamples: 100, Accept: []Condition{accepted}})
			if compared := r.Verdict() != NotComparable; compared != (accepted == c.accept) {
				t.Errorf("%s: %s with %s accepted", c.name, r.Verdict(), accepted)
			}
		}
	}
	same := Against(base, []Run{base}, Options{Resamples: 100})
	if n := same.Comparisons[0].Notes; len(n) > 0 || same.Verdict() != NoDifference {
		t.Errorf("a run and itself: %s, %v", same.Verdict(), n)
	}
}

// Only one part of two is refused; the other is judged.
func TestRefusalOfAPart(t *testing.T) {
	p := usual()
	p.seconds, p.rate = 30, 10
	make2 := func(seed uint64, settings string) Run {
		r := p.run(source(seed), "f")
		fault := r.Parts[0]
		fault.Name, fault.Settings = "LLM latency", settings
		r.Parts = append(r.Parts, fault)
		return r
	}
	r := Against(make2(1, "3 s"), []Run{make2(2, "2 s")}, Options{Resamples: 100, Tolerance: 0.5})
	c := r.Comparisons[0]
	if len(c.Parts) != 2 || !c.Parts[0].Series[0].Numbers[P50].Judged || c.Parts[1].Series[0].Numbers[P50].Judged || c.Verdict() != NoDifference {
		t.Errorf("%s: %+v", c.Verdict(), c.Parts)
	}
}

// What a generator with late timers adds to latencies is no difference of the platform; it hides no larger one.
func TestLateTimersAreAllowedFor(t *testing.T) {
	const seed = 27
	p := usual()
	p.seconds, p.rate, p.level.sigma = 240, 100, 0.02
	base := p.run(source(seed), "f")
	for _, c := range []struct {
		factor, lag float64 // µs
		want        Verdict
	}{
		{1.12, 0, Worse},
		{1.12, 3000, NoDifference}, // 6 ms of 50
		{1.12, -3000, Worse},       // the other generator was the better one
		{2, 3000, Worse},
		{1 / 1.2, -5000, NoDifference},
		{1 / 1.2, 5000, Better},
	} {
		other := p.slower(c.factor).run(source(seed+1), "f")
		base.Parts[0].Lag, other.Parts[0].Lag = 6000, 6000+c.lag
		if f := numbersOf(Against(base, []Run{other}, Options{Tolerance: DefaultTolerance}))[P50]; f.Verdict != c.want {
			t.Errorf("seed %d: slower by %.2f with timers %v µs later: %s (%.3f to %.3f), want %s", seed, c.factor, c.lag, f.Verdict, f.Low, f.High, c.want)
		}
	}
}

// A second group of requests that no percentile sees is seen by the shape.
func TestShapeSeesASecondGroup(t *testing.T) {
	const seed = 24
	random := source(seed)
	p := usual()
	p.rate, p.level.sigma = 50, 0.01
	a, b := p.cells(random), p.cells(random)
	for i := range b {
		n := len(b[i].Latency)
		b[i].Latency[n-1].Micros = 3_000_000 // one or two of 50 in each second: far below p99's rank, and above p95's
		b[i].Latency = b[i].Latency[:n]
	}
	r := Against(runOf(Series{Flow: "f", Cells: a}), []Run{runOf(Series{Flow: "f", Cells: b})}, Options{Tolerance: DefaultTolerance})
	s := r.Comparisons[0].Parts[0].Series[0]
	if !s.Shape.Changed() || s.Numbers[P95].Verdict != NoDifference {
		t.Errorf("seed %d: shape %+v, p95 %s", seed, s.Shape, s.Numbers[P95].Verdict)
	}
	same := Against(runOf(Series{Flow: "f", Cells: a}), []Run{p.run(random, "f")}, Options{})
	if s := same.Comparisons[0].Parts[0].Series[0].Shape; s.Changed() || !s.Measured {
		t.Errorf("seed %d: of runs alike the shape is %+v", seed, s)
	}
}

func TestShapeIsTheWassersteinDistance(t *testing.T) {
	at := func(v float64) *sample {
		cells := make([]Cell, 10)
		for i := range cells {
			cells[i] = Cell{Count: 20, Latency: barsOf(slices.Repeat([]float64{v}, 20)...)}
		}
		return sampleOf(cells)
	}
	if d := shapeOf(at(100_000), at(150_000), source(1)).Distance; math.Abs(d-50_000) > 0.03*50_000 {
		t.Errorf("all requests are 50 ms later, and the distance is %v µs", d)
	}
	if d := shapeOf(at(100_000), at(100_000), source(1)).Distance; d != 0 {
		t.Errorf("of the same requests the distance is %v µs", d)
	}
}

func TestBlockLength(t *testing.T) {
	random := source(25)
	series := func(phi float64) []float64 {
		x := make([]float64, 600)
		for i := 1; i < len(x); i++ {
			x[i] = phi*x[i-1] + random.NormFloat64()
		}
		return x
	}
	white, some, much := blockLength(series(0)), blockLength(series(0.7)), blockLength(series(0.95))
	if white > 5 || some <= white || much <= some || much > 200 {
		t.Errorf("blocks of %d, %d and %d cells for coefficients of 0, 0.7 and 0.95", white, some, much)
	}
	for _, x := range [][]float64{nil, {1}, {1, 2, 3}, make([]float64, 50), {1, -1, 1, -1, 1, -1, 1, -1, 1, -1}} {
		if got := blockLength(x); got < 1 || got > max(1, len(x)) {
			t.Errorf("blocks of %d of %d cells", got, len(x))
		}
	}
}

func TestGroups(t *testing.T) {
	const seed = 26
	random := source(seed)
	p := usual()
	p.seconds, p.rate, p.level.sigma = 30, 50, 0.02
	group := func(n int, factor float64) (runs []Run) {
		for i := range n {
			r := p.slower(factor).run(random, "f", "g")
			r.Conditions.Started = r.Conditions.Started.Add(time.Duration(2*i) * time.Hour)
			r.Conditions.ID = r.Conditions.Started.String()
			if factor != 1 {
				r.Conditions.Started = r.Conditions.Started.Add(time.Hour)
				r.Conditions.ID += "b"
			}
			runs = append(runs, r)
		}
		return runs
	}
	four := Groups(group(4, 1), group(4, 1.15), Options{Tolerance: DefaultTolerance})
	f := numbersOf(four)[P50]
	if four.Verdict() != Worse || math.Abs(f.P-2.0/70) > 1e-9 || math.Abs(f.AdjustedP-2.0/70) > 1e-9 {
		t.Errorf("seed %d: %s; p50 %+.3f (%.3f to %.3f), p %.4f and %.4f, want the least that 4 and 4 runs can have, 0.0286",
			seed, four.Verdict(), f.Difference, f.Low, f.High, f.P, f.AdjustedP)
	}
	if len(four.Comparisons[0].Notes) > 0 {
		t.Errorf("runs in turn have the remarks %v", four.Comparisons[0].Notes)
	}
	for _, sizes := range [][2]int{{3, 3}, {1, 5}, {4, 3}} {
		few := Groups(group(sizes[0], 1), group(sizes[1], 2), Options{})
		if n := few.Comparisons[0].Refusals(); few.Verdict() != NotComparable || len(n) != 1 || !strings.Contains(n[0].Text, "at least 4 a side") {
			t.Errorf("seed %d: %v runs: %s, %v", seed, sizes, few.Verdict(), n)
		}
	}
	first, later := group(4, 1), group(4, 1.2)
	for i := range later {
		later[i].Conditions.Started = later[i].Conditions.Started.Add(100 * time.Hour)
	}
	if n := Groups(first, later, Options{}).Comparisons[0].Notes; len(n) != 1 || !strings.Contains(n[0].Text, "take turns") {
		t.Errorf("runs one side after the other have the remarks %v", n)
	}
	odd := group(4, 1)
	odd[2].Parts[0].VUs = 20
	if r := Groups(odd, group(4, 1.2), Options{}); r.Verdict() != NotComparable || !strings.Contains(r.Comparisons[0].Parts[0].Notes[0].Text, "A3") {
		t.Errorf("with another load in A3: %s, %v", r.Verdict(), r.Comparisons[0].Parts[0].Notes)
	}
}

// The interval has as many of the differences outside as tables of the Mann-Whitney test say (Hollander and Wolfe, table
// of the upper tail of W).
func TestOutside(t *testing.T) {
	for _, c := range []struct{ n, m, want int }{{4, 4, 0}, {5, 5, 2}, {6, 6, 5}, {8, 8, 13}, {10, 10, 23}} {
		if got := outside(c.n, c.m); got != c.want {
			t.Errorf("%d and %d runs: %d differences are outside, want %d", c.n, c.m, got, c.want)
		}
	}
}

func TestRelabel(t *testing.T) {
	for _, c := range []struct {
		n, m, want int
	}{{2, 2, 6}, {4, 4, 70}, {3, 5, 56}, {12, 12, mostRelabelings + 1}} {
		times := 0
		relabel(c.n, c.m, source(1), func(first []bool) {
			if times++; len(first) != c.n+c.m || count(first) != c.n {
				t.Fatalf("%d and %d runs: dealt %v", c.n, c.m, first)
			}
		})
		if times != c.want {
			t.Errorf("%d and %d runs: %d ways, want %d", c.n, c.m, times, c.want)
		}
	}
}

func count(all []bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}
