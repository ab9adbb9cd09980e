package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// twoTimes is a time before a fault and one of it, as a synthetic platform measures them.
func twoTimes(random *rand.Rand, before, during platform, flows ...string) (a, b Part) {
	return before.run(random, flows...).Parts[0], during.run(random, flows...).Parts[0]
}

// gauge is an AR(1) process, such as the depth of a queue: its mean, its spread, and how it remembers the reading before.
func gauge(random *rand.Rand, n int, mean, spread, phi float64) []float64 {
	all, at := make([]float64, n), random.NormFloat64()
	for i := range all {
		all[i] = max(0, mean+spread*at)
		at = phi*at + math.Sqrt(1-phi*phi)*random.NormFloat64()
	}
	return all
}

func moves(e Effect) (all []string) {
	for _, m := range e.Moved {
		all = append(all, strings.TrimSpace(m.Title+" "+m.Number))
	}
	slices.Sort(all)
	return all
}

// Each thing that a fault can do is seen by itself, and is named.
func TestEffectIsSeen(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*platform)
		want   []string
	}{
		"slow":       {func(p *platform) { p.median *= 3 }, []string{"gateway p50", "gateway p95", "gateway p99"}},
		"failing":    {func(p *platform) { p.failing = 0.5 }, []string{"gateway failed"}},
		"throughput": {func(p *platform) { p.rate = 12 }, []string{"gateway requests"}},
	} {
		p := usual()
		p.seconds, p.rate = 60, 60
		q := p
		c.change(&q)
		a, b := twoTimes(source(1), p, q, "gateway")
		a.VUs, b.VUs = 10, 10
		if got := moves(EffectOf(a, b, nil, Options{Tolerance: DefaultTolerance})); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v moved, want %v", name, got, c.want)
		}
	}
	random := source(2)
	a, b := twoTimes(random, usual(), usual(), "gateway")
	queue := Gauge{Name: "queue", Title: "Queue", Before: gauge(random, 60, 10, 3, 0.5), During: gauge(random, 60, 40, 3, 0.5)}
	e := EffectOf(a, b, []Gauge{queue}, Options{Tolerance: DefaultTolerance})
	if !slices.Equal(moves(e), []string{"Queue"}) || math.Abs(e.Moved[0].Before-10) > 2 || math.Abs(e.Moved[0].During-40) > 2 || e.Moved[0].Least < 2 {
		t.Errorf("a queue: %+v", e.Moved)
	}
	// From nothing to something: infinitely many times as much.
	empty := Gauge{Name: "queue", Title: "Queue", Before: make([]float64, 40), During: gauge(random, 40, 5, 1, 0)}
	if e := EffectOf(a, b, []Gauge{empty}, Options{Tolerance: DefaultTolerance}); len(e.Moved) != 1 || !math.IsInf(e.Moved[0].Least, 1) {
		t.Errorf("a queue that was empty: %+v", e.Moved)
	}
}

// A time in which nothing was done is hardly ever said to differ from the one before it, whatever its length, and with
// gauges that hang together.
func TestNoEffectIsNoEffect(t *testing.T) {
	const seed = 21
	pairs := 100
	if testing.Short() {
		pairs = 20
	}
	for _, seconds := range []int{20, 45, 120} {
		random := source(seed)
		p := usual()
		p.seconds = seconds
		alarms, last := 0, []string(nil)
		for n := range pairs {
			a, b := twoTimes(random, p, p, "gateway", "ingestion", "automation")
			queue := Gauge{Name: "queue", Title: "Queue", Before: gauge(random, seconds, 10, 3, 0.7), During: gauge(random, seconds, 10, 3, 0.7)}
			e := EffectOf(a, b, []Gauge{queue}, Options{Tolerance: DefaultTolerance, Seed: uint64(n + 1), Resamples: 300})
			if want := map[bool]int{false: 3, true: 4}[seconds >= fewestReadings]; e.Flows != 3 || len(e.Judged) != want {
				t.Fatalf("%d s: judged %v, too little of %v", seconds, e.Judged, e.TooLittle)
			}
			if len(e.Moved) > 0 {
				alarms, last = alarms+1, moves(e)
			}
		}
		t.Logf("seed %d, %d s: an effect is seen in %d of %d pairs alike (last: %v)", seed, seconds, alarms, pairs, last)
		if alarms > pairs/20 {
			t.Errorf("seed %d, %d s: an effect is seen in %d of %d pairs alike", seed, seconds, alarms, pairs)
		}
	}
}

// What there is too little of is named with what it lacks, and is neither judged nor counted.
func TestEffectOfTooLittle(t *testing.T) {
	random := source(3)
	p := usual()
	p.seconds = 30
	a, b := twoTimes(random, p, p, "gateway")
	short := func(part Part, flow string, requests int) Part {
		cells := make([]Cell, p.seconds)
		for i := range requests {
			cells[i] = Cell{Count: 1, Latency: barsOf(50_000)}
		}
		part.Series = append(slices.Clone(part.Series), Series{Flow: flow, Title: flow, Cells: cells})
		return part
	}
	a, b = short(a, "ingestion", 6), short(b, "ingestion", 6)
	lag := Gauge{Name: "lag", Title: "Lag", Over: 10, Before: gauge(random, 30, 1, 0, 0), During: gauge(random, 30, 1, 0, 0)}
	e := EffectOf(a, b, []Gauge{lag}, Options{Tolerance: DefaultTolerance})
	if want := []string{"ingestion: 6 of 100 needed requests", "Lag: 30 of 80 needed readings"}; !slices.Equal(e.TooLittle, want) || e.Flows != 1 || fmt.Sprint(e.Judged) != "[gateway]" {
		t.Errorf("too little of %v, judged %v", e.TooLittle, e.Judged)
	}
	a.VUs, b.VUs = 50, 60
	if e := EffectOf(a, b, nil, Options{}); e.Refused != "the load was another: 50 VUs on average before it and 60 VUs during it" || e.Tests != 0 {
		t.Errorf("refused %q with %d tests", e.Refused, e.Tests)
	}
	if e := EffectOf(a, b, nil, Options{Accept: []Condition{Load}}); e.Refused != "" || e.Tests == 0 {
		t.Errorf("a load that is the fault's own: refused %q", e.Refused)
	}
}
