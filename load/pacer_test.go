package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestPacer(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name   string
		pacer  Pacer
		at     time.Duration
		earned float64
		rate   float64
		due    map[uint64]time.Duration
	}{
		{"constant", Pacer{From: 10, To: 10}, 2 * s, 20, 10, map[uint64]time.Duration{0: s / 10, 9: s, 99: 10 * s}},
		{"phase", Pacer{From: 10, To: 10, Phase: 0.5}, s, 10.5, 10, map[uint64]time.Duration{0: s / 20, 1: 3 * s / 20}},
		{"earned already", Pacer{From: 10, To: 10, Phase: 1}, 0, 1, 10, map[uint64]time.Duration{0: 0, 1: s / 10}},
		{"silence", Pacer{Phase: 0.9}, time.Hour, 0.9, 0, map[uint64]time.Duration{0: Never, 5: Never}},
		{"at once", Pacer{From: 5, To: 50}, s, 50, 50, map[uint64]time.Duration{0: s / 50}},
		{"up from nothing", Pacer{To: 100, Over: 10 * s}, 5 * s, 125, 50, map[uint64]time.Duration{124: 5 * s, 499: 10 * s, 599: 11 * s}},
		{"up", Pacer{From: 10, To: 30, Over: 4 * s}, 2 * s, 30, 20, map[uint64]time.Duration{29: 2 * s, 79: 4 * s, 109: 5 * s}},
		{"down to nothing", Pacer{From: 100, Over: 10 * s}, 5 * s, 375, 50, map[uint64]time.Duration{374: 5 * s, 499: 10 * s, 500: Never}},
		{"after the ramp", Pacer{From: 100, To: 20, Over: 10 * s}, 20 * s, 800, 20, map[uint64]time.Duration{799: 20 * s}},
		{"before the start", Pacer{From: 10, To: 10, Phase: 0.25}, -s, 0.25, 10, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.pacer.Arrivals(test.at); math.Abs(got-test.earned) > 1e-9 {
				t.Errorf("arrivals by %s = %v, want %v", test.at, got, test.earned)
			}
			if got := test.pacer.Rate(test.at); math.Abs(got-test.rate) > 1e-9 {
				t.Errorf("rate at %s = %v, want %v", test.at, got, test.rate)
			}
			for n, want := range test.due {
				if got := test.pacer.Due(n); (got - want).Abs() > 100*time.Nanosecond {
					t.Errorf("arrival %d is due at %s, want %s", n, got, want)
				}
			}
		})
	}
}

func FuzzPacer(f *testing.F) {
	f.Add(0.0, 100.0, int64(10e9), 0.0, uint64(7), int64(3e9))
	f.Add(100.0, 0.0, int64(10e9), 0.3, uint64(499), int64(9999999999))
	f.Add(0.5, 0.5, int64(0), 1.0, uint64(0), int64(0))
	f.Add(1e6, 1e6, int64(time.Hour), 0.0, uint64(1e9), int64(time.Minute))
	f.Add(1e-5, 3.0, int64(1), 0.999999999, uint64(3), int64(1))
	f.Fuzz(func(t *testing.T, from, to float64, over int64, phase float64, n uint64, at int64) {
		within := func(x, most float64) bool { return x >= 0 && x <= most && (x == 0 || x > 1e-6) }
		if !within(from, MaxRate) || !within(to, MaxRate) || !(phase >= 0 && phase <= 1) ||
			over < 0 || over > int64(24*time.Hour) || n > 1e9 || at < 0 || at > int64(240*time.Hour) {
			return // settings have narrower bounds
		}
		p := Pacer{From: from, To: to, Over: time.Duration(over), Phase: phase}
		due, next := p.Due(n), p.Due(n+1)
		if due < 0 || next < due {
			t.Fatalf("%+v: arrival %d is due at %s, the next at %s", p, n, due, next)
		}
		if due != Never {
			// The inverse of Arrivals, up to the rounding of float64 and of a nanosecond.
			earned := p.Arrivals(due)
			if slack := 1e-6*(1+float64(n)) + p.Rate(due)*2e-9; math.Abs(earned-float64(n+1)) > slack && due > 0 {
				t.Fatalf("%+v: by the due time %s of arrival %d %v are earned", p, due, n, earned)
			}
		}
		if a, b := p.Arrivals(time.Duration(at)), p.Arrivals(time.Duration(at)+time.Second); b < a*(1-1e-9) {
			t.Fatalf("%+v: %v arrivals by %s and %v a second later", p, a, time.Duration(at), b)
		}
		if p.Arrivals(time.Duration(at)) > 1e9 {
			return
		}
		cut := p.Before(time.Duration(at))
		if cut > 0 && p.Due(cut-1) >= time.Duration(at) || p.Due(cut) < time.Duration(at) {
			t.Fatalf("%+v: %d arrivals before %s, but %d is due at %s and %d at %s",
				p, cut, time.Duration(at), cut-1, p.Due(max(1, cut)-1), cut, p.Due(cut))
		}
	})
}

// Whatever the rate does and however often, the arrivals of all segments are those of the area
// under the rate.
func TestChangesOfRateLoseAndDoubleNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		start := time.Unix(1000, 0)
		g := &Generator{stopping: make(chan struct{}), absences: newAbsences(start)}
		m := newOpenModel(g, start)
		m.workers.Store(1)      // nobody is hired: the test claims by itself
		now, want := start, 0.0 // want is the area
		var r ramp
		claimed := uint64(0)
		claim := func(until time.Time) {
			var last time.Time
			for {
				s, offset := m.next(start) // never late
				if offset == Never || !s.start.Add(offset).Before(until) {
					return
				}
				due := s.start.Add(offset)
				if due.Before(last) {
					t.Fatalf("arrival due %s after one due %s", due.Sub(start), last.Sub(start))
				}
				last = due
				m.claimed++
				claimed++
			}
		}
		for range 100 {
			rate := []float64{0, 0.3, 10, 1000, 77.7}[rng.IntN(5)]
			r = r.toward(rate, []time.Duration{0, time.Second, 7 * time.Second}[rng.IntN(3)], now)
			before := m.latest.Load()
			m.setRate(r, now)
			t := now.Sub(before.start)
			if before != m.latest.Load() && before.pacer.Rate(t) == 0 && before.pacer.Arrivals(t) == float64(before.pacer.Before(t)) {
				want++ // the first arrival after silence is due at once
			}
			next := now.Add(time.Duration(rng.Int64N(int64(3 * time.Second))))
			if rng.IntN(2) == 0 {
				next = now.Add(time.Duration(rng.IntN(4)) * time.Second) // where arrivals are due exactly
			}
			segment := Pacer{From: r.at(now), To: r.to, Over: max(0, r.over-now.Sub(r.since))}
			want += segment.Arrivals(next.Sub(now))
			if rng.IntN(3) > 0 {
				// Sometimes arrivals are claimed before a change is learned of, sometimes much later.
				claim(next.Add(time.Duration(rng.IntN(2)) * 200 * time.Microsecond))
			}
			now = next
		}
		m.setRate(ramp{}, now)
		claim(now.Add(time.Hour))
		if math.Abs(float64(claimed)-want) > 1.3 {
			t.Errorf("%d arrivals, the area is %.3f", claimed, want)
		}
	}
}

// A ramp is finite at every moment, also before its start: a window may close just before the level it
// asks for began.
func TestRampIsFinite(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		t, over time.Duration
		want    float64
	}{
		{-ms, 0, 10}, {0, 0, 20}, {ms, 0, 20}, {-ms, 100 * ms, 10}, {0, 100 * ms, 10}, {50 * ms, 100 * ms, 15}, {100 * ms, 100 * ms, 20}, {time.Hour, 100 * ms, 20},
	} {
		if got := interpolate(10, 20, c.t, c.over); got != c.want {
			t.Errorf("at %s of %s: %v, want %v", c.t, c.over, got, c.want)
		}
	}
}
