package event

import "testing"

// The answer is told short in a cell, with what was compared in a timeline, and with all that was left out where there is room.
func TestEffectInWords(t *testing.T) {
	i := Injection{Title: "Qdrant throttle"}
	for name, c := range map[string]struct {
		d                     EffectJudged
		cell, timeline, whole string
	}{
		"seen": {
			EffectJudged{
				Injection: i, Effect: EffectSeen, Observed: []string{"alert IngestionLagHigh fires"}, More: 3, TooLittle: []string{"x: 1 of 2"},
				Moved: []Movement{{"Gateway p95", "µs", 290_000, 856_000}, {"Gateway requests", "/s", 60, 51.5}, {"Queue depth", "", 0, 45}, {"API latency p95", "s", 0.3, 1.25}, {"Gateway failed", "share", 0, 0.125}},
			},
			"effect seen: alert IngestionLagHigh fires, Gateway p95 290 ms → 856 ms, Gateway requests 60.0/s → 51.5/s, Queue depth 0 → 45, API latency p95 300 ms → 1.25 s, Gateway failed 0 % → 12.5 %, and 3 more",
			"Qdrant throttle: effect seen: alert IngestionLagHigh fires, Gateway p95 290 ms → 856 ms, Gateway requests 60.0/s → 51.5/s, Queue depth 0 → 45, API latency p95 300 ms → 1.25 s, Gateway failed 0 % → 12.5 %, and 3 more",
			"effect seen: alert IngestionLagHigh fires, Gateway p95 290 ms → 856 ms, Gateway requests 60.0/s → 51.5/s, Queue depth 0 → 45, API latency p95 300 ms → 1.25 s, Gateway failed 0 % → 12.5 %, and 3 more",
		},
		"none": {
			EffectJudged{Injection: i, Effect: NoEffect, Tolerance: 0.05, Before: 29.144, During: 29, Judged: []string{"Gateway", "Queue"}, TooLittle: []string{"x: 1 of 2", "y, which looks back over 5 min"}},
			"no effect seen",
			"Qdrant throttle: no effect seen: nothing that was measured moved by more than 5 % for certain, in 29 s of it against 29 s before (Gateway, Queue); too little to tell of 2 others",
			"no effect seen: nothing that was measured moved by more than 5 % for certain, in 29 s of it against 29 s before (Gateway, Queue); too little to tell of x: 1 of 2, y, which looks back over 5 min",
		},
		"unknown": {
			EffectJudged{Injection: i, Effect: EffectUnknown, Reason: "too little traffic to tell", TooLittle: []string{"x: 1 of 2"}},
			"too little traffic to tell", "Qdrant throttle: too little traffic to tell", "too little traffic to tell; too little to tell of x: 1 of 2",
		},
	} {
		if got := c.d.String(); got != c.cell {
			t.Errorf("%s: cell %q, want %q", name, got, c.cell)
		}
		if got := c.d.text(); got != c.timeline {
			t.Errorf("%s: timeline %q, want %q", name, got, c.timeline)
		}
		if got := c.d.Explain(); got != c.whole {
			t.Errorf("%s: whole %q, want %q", name, got, c.whole)
		}
	}
}
