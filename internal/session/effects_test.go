package session

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// traffic is what the gateway measures in a second.
type traffic struct {
	requests, failed int
	median           float64 // µs
	vus              int
	saturated        bool
}

var usual = traffic{requests: 60, median: 50_000, vus: 50}

// effectRun is a run that is told to effects second by second: the fault of each second, if any, and what is measured then.
type effectRun struct {
	t        *testing.T
	began    time.Time
	random   *rand.Rand
	line     timeline.Timeline
	effects  *effects
	panels   []PanelState
	second   int
	answers  []event.EffectJudged
	injected int
}

func newEffectRun(t *testing.T) *effectRun {
	r := &effectRun{t: t, began: time.Date(2026, 7, 30, 9, 0, 0, 0, time.UTC), random: rand.New(rand.NewPCG(4, 4))}
	r.effects = newEffects(func() []PanelState { return r.panels }, func(do func()) { do() }, func(d event.EffectJudged) { r.answers = append(r.answers, d) })
	r.happens(event.RunStarted{})
	return r
}

// happens adds an event of now.
func (r *effectRun) happens(data any) {
	at := float64(r.second)
	r.line.Apply(event.Make(r.began.Add(time.Duration(r.second)*time.Second), at, squall, data))
}

// measures lets so many seconds go by.
func (r *effectRun) measures(seconds int, now traffic) {
	for range seconds {
		o := load.Registry().NewObservation()
		o.Window.Start, o.Window.Length = r.began.Add(time.Duration(r.second)*time.Second), time.Second
		o.Window.WantedVUs, o.Window.Health.Saturated = now.vus, now.saturated
		id := load.Gateway.Series("webchat")
		h := metric.NewHistogram()
		for range now.requests {
			if err := h.RecordValue(int64(now.median * math.Exp(0.5*r.random.NormFloat64()))); err != nil {
				r.t.Fatal(err)
			}
		}
		o.Latency[id], o.Window.Series[id] = h, metric.Counts{Count: uint64(now.requests), Failed: uint64(now.failed)}
		r.effects.observe(&r.line, float64(r.second), o)
		r.second++
	}
}

// fault is one of so many seconds, with what is measured in it; green tells whether the platform is said to have recovered.
func (r *effectRun) fault(id string, seconds int, now traffic) {
	r.injected++
	i := event.Injection{Fault: id, Title: id, Run: r.injected}
	r.happens(event.FaultStarted{Injection: i})
	r.happens(event.FaultActive{Injection: i})
	r.measures(seconds, now)
	r.happens(event.FaultReverting{Injection: i, Cause: event.CauseTimeUp})
	r.happens(event.FaultReverted{Injection: i, Cause: event.CauseTimeUp})
	r.measures(1, usual)
	r.happens(event.PlatformRecovered{Injection: i, Unbroken: true})
}

func (r *effectRun) answer() event.EffectJudged {
	r.t.Helper()
	if len(r.answers) == 0 {
		r.t.Fatal("there is no answer")
	}
	return r.answers[len(r.answers)-1]
}

// What a fault did is told with the values before and during it; one that did nothing had no effect.
func TestEffectOfAFault(t *testing.T) {
	for name, c := range map[string]struct {
		during traffic
		effect event.Effect
		first  string // what moved furthest
		from   float64
		to     float64
	}{
		"nothing": {usual, event.NoEffect, "", 0, 0},
		"slow":    {traffic{requests: 60, median: 500_000, vus: 50}, event.EffectSeen, "Gateway p", 0, 0},
		"failing": {traffic{requests: 60, failed: 30, median: 50_000, vus: 50}, event.EffectSeen, "Gateway failed", 0, 0.5},
		"fewer":   {traffic{requests: 20, median: 50_000, vus: 50}, event.EffectSeen, "Gateway requests", 60, 20},
		"silence": {traffic{vus: 50}, event.EffectSeen, "Gateway requests", 60, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newEffectRun(t)
			r.measures(60, usual)
			r.fault("qdrant_throttle", 50, c.during)
			d := r.answer()
			if len(r.answers) != 1 || d.Effect != c.effect || d.Before != 50 || d.During != 50 || d.Run != 1 {
				t.Fatalf("answers %+v", r.answers)
			}
			if slower := d.Slower != nil; slower != (name == "slow") || d.Latencies != 1 && c.during.requests > 0 {
				t.Errorf("slower: %v, judged by %d flows", d.Slower, d.Latencies)
			}
			if c.first == "" {
				if !slices.Equal(d.Judged, []string{"Gateway"}) || len(d.Moved) > 0 {
					t.Errorf("judged %v, moved %v", d.Judged, d.Moved)
				}
				return
			}
			m := d.Moved[0]
			if !strings.HasPrefix(m.What, c.first) {
				t.Errorf("moved furthest: %s, want %s", m, c.first)
			}
			if c.to+c.from > 0 && (math.Abs(m.Before-c.from) > 1e-9 || math.Abs(m.During-c.to) > 1e-9) {
				t.Errorf("%s, want %g → %g", m, c.from, c.to)
			}
		})
	}
}

// Where there is too little, or something else was on, nothing is said of the effect but that.
func TestEffectThatCannotBeTold(t *testing.T) {
	const little, unknown = "too little traffic to tell whether it had an effect", "not known whether it had an effect"
	for name, c := range map[string]struct {
		run  func(*effectRun)
		want string
	}{
		"too short": {func(r *effectRun) {
			r.measures(60, usual)
			r.fault("a", 3, usual)
		}, little + ": 3 of 20 needed seconds of it were measured"},
		"too early": {func(r *effectRun) {
			r.measures(4, usual)
			r.fault("a", 30, usual)
		}, little + ": 4 of 20 needed seconds before it were measured"},
		"no requests": {func(r *effectRun) {
			few := traffic{vus: 50}
			r.measures(30, few)
			r.fault("a", 30, few)
		}, little},
		"saturated": {func(r *effectRun) {
			r.measures(60, usual)
			r.fault("a", 30, traffic{requests: 60, median: 500_000, vus: 50, saturated: true})
		}, little + ": 0 of 20 needed seconds of it were measured"},
		"another load": {func(r *effectRun) {
			r.measures(60, usual)
			r.fault("a", 30, traffic{requests: 120, median: 50_000, vus: 100})
		}, unknown + ": the load was another: 50 VUs on average before it and 100 VUs during it"},
		"another fault": {func(r *effectRun) {
			r.measures(60, usual)
			other := event.Injection{Fault: "b", Title: "b", Run: 9}
			r.happens(event.FaultStarted{Injection: other})
			r.happens(event.FaultActive{Injection: other})
			r.fault("a", 30, usual)
		}, unknown + ": other faults were on at the same time"},
		"foreign": {func(r *effectRun) {
			r.measures(60, usual)
			i := event.Injection{Fault: "a", Title: "a", Run: 1}
			r.happens(event.FaultStarted{Injection: i})
			r.happens(event.FaultActive{Injection: i})
			r.measures(30, usual)
			r.happens(event.FaultReverted{Injection: i, Cause: event.CauseEndedByOthers})
			r.measures(1, usual)
		}, unknown + ": " + endedByOthers},
	} {
		t.Run(name, func(t *testing.T) {
			r := newEffectRun(t)
			c.run(r)
			if d := r.answer(); d.Effect != event.EffectUnknown || d.Reason != c.want {
				t.Errorf("%s: %q, want %q", d.Effect, d.Reason, c.want)
			}
		})
	}
}

// A spike is more load, and that is its effect.
func TestEffectOfASpike(t *testing.T) {
	r := newEffectRun(t)
	r.measures(60, usual)
	r.fault(SpikeFault, 24, traffic{requests: 300, median: 50_000, vus: 250})
	if d := r.answer(); d.Effect != event.EffectSeen || d.Moved[0].String() != "Gateway requests 60.0/s → 300/s" {
		t.Errorf("answer %+v", d)
	}
}

// The time before a fault is that in which nothing was on, and not the recovery from the fault before.
func TestEffectIsAgainstCalm(t *testing.T) {
	r := newEffectRun(t)
	slow := traffic{requests: 60, median: 500_000, vus: 50}
	r.measures(40, usual)
	i := event.Injection{Fault: "a", Title: "a", Run: 1}
	r.injected++
	r.happens(event.FaultStarted{Injection: i})
	r.happens(event.FaultActive{Injection: i})
	r.measures(30, slow)
	r.happens(event.FaultReverted{Injection: i, Cause: event.CauseTimeUp})
	r.measures(15, slow) // it takes the platform so long to recover
	r.happens(event.PlatformRecovered{Injection: i, Seconds: 15})
	if d := r.answer(); d.Effect != event.EffectSeen || d.Before != 30 {
		t.Errorf("first: %+v", d)
	}
	r.measures(5, usual)
	r.fault("b", 30, usual) // 25 of the seconds before it are older than the first
	if d := r.answer(); len(r.answers) != 2 || d.Effect != event.NoEffect || d.Before != 30 {
		t.Errorf("second: %+v", d)
	}
}

// Panels of the platform count, too: their level, and of counters the growth. What averages over minutes is left out where
// there are not enough of them, and is named.
func TestEffectOnPanels(t *testing.T) {
	r := newEffectRun(t)
	panel := func(name string, counts bool, window time.Duration, value func(second int) float64) PanelState {
		p := PanelState{Panel: evidence.Panel{Name: name, Title: name, Counts: counts, Window: window}}
		for second := range 120 {
			p.Points = append(p.Points, Point{At: float64(second) + 0.5, Value: value(second)})
		}
		return p
	}
	during := func(second int) bool { return second >= 60 && second < 110 }
	r.panels = []PanelState{
		panel("queue", false, 0, func(second int) float64 {
			if during(second) {
				return 40 + float64(second%3)
			}
			return float64(second % 3)
		}),
		panel("steady_total", true, 0, func(second int) float64 { return float64(7 * second) }),
		panel("stopped_total", true, 0, func(second int) float64 { return float64(7*min(second, 60) + 7*max(0, second-110)) }),
		panel("p95", false, 5*time.Minute, func(second int) float64 { return float64(second) }),
	}
	r.measures(60, usual)
	r.fault("a", 50, usual)
	d := r.answer()
	var moved []string
	for _, m := range d.Moved {
		moved = append(moved, m.What)
	}
	slices.Sort(moved)
	if d.Effect != event.EffectSeen || !slices.Equal(moved, []string{"queue", "stopped_total"}) {
		t.Errorf("moved %v", d.Moved)
	}
	if want := []string{"Gateway", "queue", "steady_total", "stopped_total"}; !slices.Equal(d.Judged, want) {
		t.Errorf("judged %v, want %v", d.Judged, want)
	}
	if want := []string{"p95, which looks back over 5 min"}; !slices.Equal(d.TooLittle, want) {
		t.Errorf("too little of %v, want %v", d.TooLittle, want)
	}
}

// That objectives held says nothing of a fault that changed nothing. It waits for that answer, whichever it is.
func TestNoEffectDecidesWhatHeld(t *testing.T) {
	expect := []chaos.Expectation{
		{Signal: event.Recovers, Within: time.Minute, Text: "recovers"},
		{Signal: event.Holds, Text: "holds"},
		{Signal: event.AlertFires, Name: "LampOut", Within: time.Second, Text: "alert fires"},
	}
	for name, c := range map[string]struct {
		answer event.Effect
		alert  bool
		want   event.ExpectationVerdict // on what held
		effect event.Effect
	}{
		"seen":               {event.EffectSeen, false, event.ExpectationMet, event.EffectSeen},
		"none":               {event.NoEffect, false, event.ExpectationUnknown, event.NoEffect},
		"unknown":            {event.EffectUnknown, false, event.ExpectationMet, event.EffectUnknown},
		"none, but an alert": {event.NoEffect, true, event.ExpectationMet, event.EffectSeen},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchFault(t, Monitoring{Alerts: true}, nil, expect...)
			f := w.faults["drill"]
			f.steady = true
			if c.alert {
				w.alert(evidence.Alert{Name: "LampOut", State: evidence.Firing, FiredAt: w.began.Add(time.Millisecond)})
			}
			w.track(event.FaultReverted{Injection: f.ref(), Cause: event.CauseTimeUp}, true)
			w.mu.Lock()
			w.applyVerdicts(f, recoversWithin(TimeToGreen{Done: true, Unbroken: true}, objectiveHealth{passed: 1}))
			f.unbroken = &event.PlatformRecovered{Injection: f.ref(), Unbroken: true}
			w.mu.Unlock()
			if w.verdict[event.Holds].Verdict != "" || w.verdict[event.Recovers].Verdict != "" {
				t.Errorf("before the answer: %v", w.verdict)
			}
			known, then := w.judgeEffect(event.EffectJudged{Injection: f.ref(), Effect: c.answer})
			then()
			if known.Effect != c.effect {
				t.Errorf("effect %q, want %q", known.Effect, c.effect)
			}
			if none := c.effect == event.NoEffect; w.back == nil || w.back.NoEffect != none || !w.back.Unbroken {
				t.Errorf("recovery %+v", w.back)
			}
			for _, signal := range []event.Signal{event.Holds, event.Recovers} {
				if got := w.verdict[signal]; got.Verdict != c.want || got.Reason == "" {
					t.Errorf("after it: %+v, want %q", got, c.want)
				}
			}
		})
	}
}
