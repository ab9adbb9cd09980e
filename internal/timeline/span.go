package timeline

import (
	"slices"

	"xinbot.ir/squall/internal/event"
)

// SpanKind is what a span stands for.
type SpanKind uint8

// The kinds. Of two spans that overlap the later kind is drawn over the earlier one.
const (
	HoldSpan SpanKind = iota
	PauseSpan
	HaltSpan
	FaultSpan
	NotRevertedSpan // what a fault changed and could not be restored
)

// Span is a time during which something was done to the platform or to the load.
type Span struct {
	Kind     SpanKind
	Run      int     // of the injection; 0: none
	From, To float64 // To is [Open] while it is on
}

// applySpan begins and ends spans.
func (t *Timeline) applySpan(e event.Event) {
	switch d := e.Data.(type) {
	case event.HoldOn:
		t.beginSpan(HoldSpan, 0, e.At)
	case event.HoldOff:
		t.endSpan(HoldSpan, 0, e.At)
	case event.Paused:
		t.beginSpan(PauseSpan, 0, e.At)
	case event.Resumed:
		t.endSpan(PauseSpan, 0, e.At)
	case event.Halted:
		t.endSpan(HoldSpan, 0, e.At)
		t.beginSpan(HaltSpan, 0, e.At)
	case event.HaltReleased:
		t.endSpan(HaltSpan, 0, e.At)
	case event.FaultStarted:
		t.beginSpan(FaultSpan, d.Run, e.At)
	case event.FaultNotReverted:
		t.endSpan(FaultSpan, d.Run, e.At)
		t.beginSpan(NotRevertedSpan, d.Run, e.At)
	case event.FaultReverted:
		if i := t.lookup(d.Run); i != nil && i.NotApplied() {
			t.Spans = slices.DeleteFunc(slices.Clone(t.Spans), func(s Span) bool { return s.Kind == FaultSpan && s.Run == d.Run })
		}
		t.endSpan(FaultSpan, d.Run, e.At)
		t.endSpan(NotRevertedSpan, d.Run, e.At)
	}
}

// beginSpan begins a span, unless it goes on already.
func (t *Timeline) beginSpan(kind SpanKind, run int, at float64) {
	if t.openSpan(kind, run) == nil {
		t.Spans = append(t.Spans, Span{Kind: kind, Run: run, From: at, To: Open})
	}
}

func (t *Timeline) endSpan(kind SpanKind, run int, at float64) {
	if s := t.openSpan(kind, run); s != nil {
		s.To = max(at, s.From)
	}
}

func (t *Timeline) openSpan(kind SpanKind, run int) *Span {
	for i := len(t.Spans) - 1; i >= 0; i-- {
		if s := &t.Spans[i]; s.Kind == kind && s.Run == run && s.To == Open {
			return s
		}
	}
	return nil
}
