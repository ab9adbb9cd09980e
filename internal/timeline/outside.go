package timeline

import (
	"slices"

	"xinbot.ir/squall/internal/event"
)

// Outside reports whether a moment lies outside every fault and spike and the recovery from it. A recovery
// lasts until objectives were green again; one that nobody saw the end of lasts until the next that was
// seen, or to the end of the run.
func (t *Timeline) Outside(at float64) bool {
	for n := range t.Injections {
		i := &t.Injections[n]
		if at < i.From {
			continue
		}
		if end := t.calmAgain(i); end == Open || at < end {
			return false
		}
	}
	return true
}

// FaultOn reports whether any fault was on at a moment.
func (t *Timeline) FaultOn(at float64) bool {
	return slices.ContainsFunc(t.Injections, func(i Injection) bool { return t.During(i.Fault, at) })
}

// During reports whether a fault of this name was on at a moment.
func (t *Timeline) During(fault string, at float64) bool {
	for n := range t.Injections {
		i := &t.Injections[n]
		if i.Fault == fault && i.Applied() && at >= i.From && (i.To() == Open || at < i.To()) {
			return true
		}
	}
	return false
}

// calmAgain is when an injection no longer concerns what is measured, or [Open]. One that could not be applied may have been
// there until it was reverted: an API that changes something and does not answer is no success.
func (t *Timeline) calmAgain(i *Injection) float64 {
	switch {
	case i.Reverted == nil || i.Abandoned():
		return Open
	case i.Recovered != nil:
		return i.Recovered.At
	case !i.Applied() || i.Reverted.Data.Cause == event.CauseEndedByOthers:
		return i.Reverted.At
	}
	for n := range t.Injections {
		if r := t.Injections[n].Recovered; r != nil && r.At >= i.Reverted.At {
			return r.At
		}
	}
	return Open
}
