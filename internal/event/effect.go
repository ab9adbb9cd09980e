package event

import (
	"fmt"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// Effect is whether a fault changed anything that is measured.
type Effect string

// The answers. One that could not be told is no answer either way.
const (
	EffectSeen    Effect = "seen"
	NoEffect      Effect = "none"
	EffectUnknown Effect = "unknown"
)

// EffectJudged is the answer to whether a fault that is over changed anything: what was measured while it was on, held
// against the time before it.
type EffectJudged struct {
	Injection
	Effect    Effect     `json:"effect"`
	Moved     []Movement `json:"moved,omitempty"`      // what moved, the furthest first
	Slower    *Movement  `json:"slower,omitempty"`     // the latency that rose the furthest; nil: none did
	Latencies int        `json:"latencies,omitempty"`  // flows whose latency could be judged
	More      int        `json:"more,omitempty"`       // how many more moved
	Observed  []string   `json:"observed,omitempty"`   // other signs of it: "alert HighLatencyLLM fires"
	Reason    string     `json:"reason,omitempty"`     // why it is not known
	Judged    []string   `json:"judged,omitempty"`     // flows and panels that could be judged
	TooLittle []string   `json:"too_little,omitempty"` // those of which there was too little, with what they lack
	Before    float64    `json:"before,omitempty"`     // seconds that were measured before it, and counted
	During    float64    `json:"during,omitempty"`     // seconds of it
	Tolerance float64    `json:"tolerance,omitempty"`  // share of its value that a number has to move by, for certain
}

// Movement is a number that was another while a fault was on.
type Movement struct {
	What   string  `json:"what"` // "Gateway p95"
	Unit   string  `json:"unit"` // µs, share, /s, or that of a panel
	Before float64 `json:"before"`
	During float64 `json:"during"`
}

// String is the movement with its values: "Gateway p95 290 ms → 856 ms".
func (m Movement) String() string {
	return m.What + " " + m.value(m.Before) + " → " + m.value(m.During)
}

func (m Movement) value(v float64) string {
	switch m.Unit {
	case "µs":
		return units.Latency(time.Duration(v * float64(time.Microsecond)))
	case "ms":
		return units.Latency(time.Duration(v * float64(time.Millisecond)))
	case "s":
		return units.Latency(time.Duration(v * float64(time.Second)))
	case "/s":
		return units.Rate(v) + "/s"
	case "share", "ratio":
		return units.Percent(v)
	}
	return units.Number(v)
}

// String is the answer in words, for a cell of a table.
func (d EffectJudged) String() string {
	switch d.Effect {
	case EffectSeen:
		signs := append([]string(nil), d.Observed...)
		for _, m := range d.Moved {
			signs = append(signs, m.String())
		}
		text := "effect seen: " + strings.Join(signs, ", ")
		if d.More > 0 {
			text += fmt.Sprintf(", and %d more", d.More)
		}
		return text
	case NoEffect:
		return "no effect seen"
	}
	return d.Reason
}

// Explain is the answer with all that it rests on.
func (d EffectJudged) Explain() string {
	text := d.brief()
	if len(d.TooLittle) > 0 && d.Effect != EffectSeen {
		text += "; too little to tell of " + strings.Join(d.TooLittle, ", ")
	}
	return text
}

// brief is the answer with what was compared.
func (d EffectJudged) brief() string {
	text := d.String()
	if d.Effect == NoEffect {
		text += fmt.Sprintf(": nothing that was measured moved by more than %s %% for certain, in %.0f s of it against %.0f s before (%s)",
			units.Number(100*d.Tolerance), d.During, d.Before, strings.Join(d.Judged, ", "))
	}
	return text
}

func (d EffectJudged) text() string {
	text := d.Title + ": " + d.brief()
	if n := len(d.TooLittle); n > 0 && d.Effect == NoEffect {
		text += "; too little to tell of " + units.Counted(uint64(n), "other", "others")
	}
	return text
}

// effectLook draws attention to a fault that did nothing.
func effectLook(d EffectJudged) Look {
	switch d.Effect {
	case NoEffect:
		return Look{Sign: '!', Tone: Notable, Observed: true}
	case EffectSeen:
		return Look{Sign: '·', Tone: Quiet, Observed: true}
	}
	return Look{Sign: '?', Observed: true, Record: true}
}
