package chaos

import (
	"errors"
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
)

// adjust applies other parameters and returns the new end of the time-to-live. A plan that is refused changes
// nothing; one that fails half-way ends the injection, because its state is unknown.
func (inj *injection) adjust(request adjustRequest, until time.Time) time.Time {
	e, info, old := inj.engine, inj.entry.info, inj.entry.status.Params
	planned := request.params
	next := until
	if request.params[TTL] != old[TTL] {
		next = deadline(request.params.Duration(TTL))
	} else if !until.IsZero() { // steps that heal by themselves count from now
		planned = request.params.With(Params{TTL: max(time.Until(until).Round(time.Second), time.Second).String()})
	}
	ctx, cancel := inj.untilEnded(0)
	defer cancel()
	plan, _, err := e.plan(ctx, inj.entry, planned)
	if err == nil && len(plan.Refused()) > 0 {
		err = errors.New(reasons(plan.Refused()))
	}
	if err != nil {
		inj.updateStatus(func(s *Status) { s.Detail = "not changed: " + err.Error() })
		inj.showError(inj.emit(request.by, event.FaultNotChanged{Injection: inj.ref(), Reason: err.Error()}))
		return until
	}
	if err := inj.apply(plan.Steps); err != nil {
		inj.endBySquall(event.CauseFailed, "it could not be changed: "+err.Error())
		return until
	}
	if err := inj.undoDropped(plan.Steps); err != nil {
		inj.endBySquall(event.CauseFailed, "it could not be changed: "+err.Error())
		return until
	}
	inj.ttl = request.params.Duration(TTL)
	inj.updateStatus(func(s *Status) {
		s.Params, s.Overrides, s.Summary, s.Scope, s.Until, s.Detail = request.params, request.params, plan.Params, plan.Scope, next, ""
	})
	inj.showError(inj.emit(request.by, event.FaultChanged{
		Injection: inj.ref(), Params: request.params, Summary: plan.Params, Scope: plan.Scope, TTL: inj.ttl.Seconds(),
		Changes: changes(info.Params, old, request.params),
	}))
	return next
}

// changes lists the parameters whose values differ.
func changes(rows []Param, old, now Params) (changed []event.ParamChange) {
	for _, r := range rows {
		if old[r.Name] != now[r.Name] {
			changed = append(changed, event.ParamChange{Name: r.Name, Label: r.Label, From: r.words(old[r.Name]), To: r.words(now[r.Name])})
		}
	}
	return changed
}

// undoDropped undoes the changes that the new plan no longer has.
func (inj *injection) undoDropped(steps []Step) error {
	for i := len(inj.applied) - 1; i >= 0; i-- {
		done := inj.applied[i]
		if slices.ContainsFunc(steps, func(s Step) bool { return s.Kind == done.step.Kind && s.Object == done.step.Object }) {
			continue
		}
		if err := inj.undoStep(done, false); err != nil {
			return err
		}
		if err := inj.resolve(i); err != nil {
			return err
		}
	}
	return nil
}

// resolve resolves the record of a change that was undone.
func (inj *injection) resolve(i int) error {
	if record := inj.applied[i].record; record != "" {
		if err := inj.engine.config.Ledger.Resolve(record); err != nil {
			return err
		}
	}
	inj.applied = slices.Delete(inj.applied, i, i+1)
	return nil
}
