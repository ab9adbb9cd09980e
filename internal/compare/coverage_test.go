package compare

import "testing"

// The interval of a single number must hold the truth, which is no difference, in about 95 of 100 pairs of runs. Seconds
// hang together here: the level of one is drawn from that of the second before. With a memory of ten seconds
// (coefficient 0.9) two minutes are a dozen independent pieces, and nothing that looks at one run does well; docs/compare.md
// has these figures.
func TestIntervalsHoldTheTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("a simulation of minutes")
	}
	const seed, pairs = 11, 150
	for _, c := range []struct {
		level   level
		seconds int
		least   float64 // of the share of intervals that hold
	}{
		{level{0, 0.1}, 60, 0.91},
		{level{0.5, 0.1}, 60, 0.88},
		{level{0.5, 0.1}, 120, 0.89},
		{level{0.8, 0.1}, 120, 0.81},
		{level{0.9, 0.1}, 300, 0.80},
	} {
		random := source(seed)
		p := usual()
		p.seconds, p.level = c.seconds, c.level
		var held, judged [numNumbers]float64
		for n := range pairs {
			o := Options{Seed: uint64(n + 1), Resamples: 200}.withDefaults()
			a, b := Series{Flow: "f", Cells: p.cells(random)}, Series{Flow: "f", Cells: p.cells(random)}
			_, pending := o.pairSeries("x", a, b, Part{Step: 1}, Part{Step: 1}, "")
			for _, f := range pending {
				f.conclude(0, 1)
				judged[f.Number]++
				if f.Verdict == NoDifference {
					held[f.Number]++
				}
			}
		}
		for n := range numNumbers {
			share := held[n] / judged[n]
			t.Logf("seed %d, coefficient %.1f, %d s: %s in %.1f %% of %.0f intervals", seed, c.level.phi, c.seconds, n, 100*share, judged[n])
			if share < c.least {
				t.Errorf("seed %d, coefficient %.1f, %d s: the interval of %s holds the truth in %.1f %% of %.0f pairs, want at least %.0f %%",
					seed, c.level.phi, c.seconds, n, 100*share, judged[n], 100*c.least)
			}
		}
	}
}

// Runs in which nothing differs are called different in about 5 of 100 comparisons without a tolerance, however many
// numbers there are, and hardly ever with the default one.
func TestFalseAlarms(t *testing.T) {
	const seed = 12
	pairs := 100
	if testing.Short() {
		pairs = 20
	}
	random := source(seed)
	alarms := map[float64]int{}
	for n := range pairs {
		a, b := usual().run(random, "one", "two", "three", "four", "five"), usual().run(random, "one", "two", "three", "four", "five")
		for _, tolerance := range []float64{0, DefaultTolerance} {
			if v := Against(a, []Run{b}, Options{Tolerance: tolerance, Seed: uint64(n + 1), Resamples: 200}).Verdict(); v != NoDifference {
				alarms[tolerance]++
			}
		}
	}
	t.Logf("seed %d: of %d pairs alike, %d are called different without a tolerance, %d with the default", seed, pairs, alarms[0], alarms[DefaultTolerance])
	if alarms[0] > pairs/10 || alarms[DefaultTolerance] > pairs/50 {
		t.Errorf("seed %d: of %d pairs alike, %d are called different without a tolerance, %d with the default", seed, pairs, alarms[0], alarms[DefaultTolerance])
	}
}

// Two halves of one run are alike, too.
func TestHalvesOfARun(t *testing.T) {
	const seed, pairs = 13, 50
	random := source(seed)
	alarms := 0
	for n := range pairs {
		p := usual()
		p.seconds = 240
		run := p.run(random, "one", "two", "three")
		halves := [2]Run{}
		for h := range halves {
			var series []Series
			for _, s := range run.Parts[0].Series {
				series = append(series, Series{Flow: s.Flow, Title: s.Title, Cells: s.Cells[120*h : 120*(h+1)]})
			}
			halves[h] = runOf(series...)
		}
		if v := Against(halves[0], []Run{halves[1]}, Options{Tolerance: DefaultTolerance, Seed: uint64(n + 1), Resamples: 200}).Verdict(); v != NoDifference {
			alarms++
		}
	}
	if alarms > 1 {
		t.Errorf("seed %d: the halves of %d of %d runs are called different", seed, alarms, pairs)
	}
}

// Several runs a side, whose level varies from run to run by more than seconds tell: no more false alarms than promised.
func TestFalseAlarmsOfGroups(t *testing.T) {
	const seed, comparisons = 14, 60
	random := source(seed)
	alarms := 0
	for n := range comparisons {
		group := func() (runs []Run) {
			for range 5 {
				p := usual().slower(1 + 0.1*random.NormFloat64())
				p.seconds = 30
				runs = append(runs, p.run(random, "one", "two", "three"))
			}
			return runs
		}
		if v := Groups(group(), group(), Options{Seed: uint64(n + 1)}).Verdict(); v != NoDifference {
			alarms++
		}
	}
	t.Logf("seed %d: %d of %d comparisons of groups alike are called different", seed, alarms, comparisons)
	if alarms > 7 { // 3 are expected; more than 7 have a chance of 1 in 100
		t.Errorf("seed %d: %d of %d comparisons of groups alike are called different", seed, alarms, comparisons)
	}
}
