package chaos

import (
	"errors"
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
)

// adjust carries other parameters out. A plan that is refused leaves the fault as it is; one that
// fails half-way ends it, for nobody knows what is there.
func (l *life) adjust(o order, until time.Time) time.Time {
	e, info, old := l.engine, l.slot.info, l.slot.status.Params
	planned := o.given
	next := until
	if o.given[TTL] != old[TTL] {
		next = deadline(o.given.Duration(TTL))
	} else if !until.IsZero() { // what heals by itself counts from now
		planned = o.given.With(Params{TTL: max(time.Until(until).Round(time.Second), time.Second).String()})
	}
	ctx, cancel := l.untilEnded(0)
	defer cancel()
	plan, _, err := e.plan(ctx, l.slot, planned)
	if err == nil && len(plan.Refused()) > 0 {
		err = errors.New(reasons(plan.Refused()))
	}
	if err != nil {
		l.show(func(s *Status) { s.Detail = "not changed: " + err.Error() })
		l.note(l.emit(o.by, event.FaultNotChanged{Injection: l.ref(), Reason: err.Error()}))
		return until
	}
	if err := l.apply(plan.Steps); err != nil {
		l.finish(event.CauseFailed, "it could not be changed: "+err.Error())
		return until
	}
	if err := l.drop(plan.Steps); err != nil {
		l.finish(event.CauseFailed, "it could not be changed: "+err.Error())
		return until
	}
	l.lasts = o.given.Duration(TTL)
	l.show(func(s *Status) {
		s.Params, s.Given, s.Summary, s.Scope, s.Until, s.Detail = o.given, o.given, plan.Params, plan.Scope, next, ""
	})
	l.note(l.emit(o.by, event.FaultChanged{
		Injection: l.ref(), Params: o.given, Summary: plan.Params, Scope: plan.Scope, TTL: l.lasts.Seconds(),
		Changes: changes(info.Params, old, o.given),
	}))
	return next
}

// changes are the parameters that are other than before.
func changes(rows []Param, old, now Params) (changed []event.ParamChange) {
	for _, r := range rows {
		if old[r.Name] != now[r.Name] {
			changed = append(changed, event.ParamChange{Name: r.Name, Label: r.Label, From: r.words(old[r.Name]), To: r.words(now[r.Name])})
		}
	}
	return changed
}

// drop reverts the changes that the new plan no longer has.
func (l *life) drop(steps []Step) error {
	for i := len(l.changes) - 1; i >= 0; i-- {
		c := l.changes[i]
		if slices.ContainsFunc(steps, func(s Step) bool { return s.Kind == c.step.Kind && s.Object == c.step.Object }) {
			continue
		}
		if err := l.undo(c, false); err != nil {
			return err
		}
		if err := l.forget(i); err != nil {
			return err
		}
	}
	return nil
}

// forget closes the record of a change that is gone.
func (l *life) forget(i int) error {
	if record := l.changes[i].record; record != "" {
		if err := l.engine.config.Ledger.Close(record); err != nil {
			return err
		}
	}
	l.changes = slices.Delete(l.changes, i, i+1)
	return nil
}
