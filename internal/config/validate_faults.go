package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"xinbot.ir/squall/chaos"
)

// ValidateFaults holds what was configured, objectives about a fault's time included, to the faults that there are. on has the parameters of every fault
// that can run here, built-in or custom, by id. off has the ids of the built-in ones that cannot, with what
// they need: "--toxiproxy or --namespace".
//
// In the result Given keeps only parameters that matter here, so that it can be handed to the
// engine. The error joins every problem; each names its source and what is accepted.
func (r Resolved) ValidateFaults(on map[string][]chaos.Param, off map[string]string) (Faults, error) {
	f := r.Faults
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }

	off = f.unavailable(on, off)
	kept := map[string]chaos.Params{}
	used, idle := map[string]bool{}, map[string][]string{} // variables of -e, and whom they are for
	for _, id := range slices.Sorted(maps.Keys(f.Given)) {
		for _, name := range slices.Sorted(maps.Keys(f.Given[id])) {
			source, text := f.sources[id][name], f.Given[id][name]
			if _, ok := rowOf(on[id], name); !ok {
				// A fault that is off, or the parameter of a driver that it does not use here.
				idle[source.variable] = append(idle[source.variable], id)
				continue
			}
			used[source.variable] = true
			if err := invalidParams(on[id], chaos.Params{name: text}); err != nil {
				problem("%s: %s: %w", source.text, id, err)
			}
			kept[id] = kept[id].With(chaos.Params{name: text})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(idle)) {
		if !used[name] && f.fromVariable(idle[name], name) {
			problem("-e %s: no fault that can run here reads it: %s", name, strings.Join(missingRequirements(idle[name], off), "; "))
		}
	}
	for _, i := range f.Inject {
		rows, ok := on[i.Fault]
		if !ok {
			problem("--fault %s: %s", i, unavailableReason(i.Fault, on, off))
			continue
		}
		if err := invalidParams(rows, i.Params); err != nil {
			problem("--fault %s: %w", i, err)
		}
	}
	for _, o := range r.Objectives {
		name := o.Scope.During
		if _, can := on[name]; name != "" && !can {
			problem("--objective %s: %s: %s", o, name, unavailableReason(name, on, off))
		}
	}
	f.Given = kept
	return f, errors.Join(problems...)
}

// unavailable adds the custom faults that cannot run here.
func (f Faults) unavailable(on map[string][]chaos.Param, off map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, off)
	for _, c := range f.Custom {
		if _, runs := on[c.ID]; runs {
			continue
		}
		all[c.ID] = "--namespace"
		if c.Toxic != nil {
			all[c.ID] = "--toxiproxy"
		}
	}
	return all
}

// fromVariable reports whether a variable was given with -e, which is always meant; the environment may
// hold what is meant for something else.
func (f Faults) fromVariable(ids []string, variable string) bool {
	for _, id := range ids {
		for _, source := range f.sources[id] {
			if source.variable == variable && source.level == fromVariable {
				return true
			}
		}
	}
	return false
}

// missingRequirements returns why faults do not run here.
func missingRequirements(ids []string, off map[string]string) (all []string) {
	for _, id := range slices.Compact(ids) {
		if what, ok := off[id]; ok {
			all = append(all, id+" needs "+what)
		} else {
			all = append(all, id+" runs without it here")
		}
	}
	return all
}

// unavailableReason returns why there is no such fault here, and which there are.
func unavailableReason(id string, on map[string][]chaos.Param, off map[string]string) string {
	known := slices.Sorted(maps.Keys(on))
	if what, ok := off[id]; ok {
		return fmt.Sprintf("this fault is off: it needs %s; faults that can run here are %s", what, orNone(known))
	}
	for _, other := range slices.Sorted(maps.Keys(off)) {
		known = append(known, other+" (needs "+off[other]+")")
	}
	return "there is no such fault: must be one of " + orNone(known)
}

// invalidParams checks the given values alone; what they leave out comes from other sources.
func invalidParams(rows []chaos.Param, given chaos.Params) error {
	var said []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		row, ok := rowOf(rows, name)
		if !ok {
			said = append(said, name+" "+noParameter(rows))
		} else if _, err := chaos.Complete([]chaos.Param{row}, chaos.Params{name: given[name]}); err != nil {
			said = append(said, err.Error())
		}
	}
	if len(said) > 0 {
		return errors.New(strings.Join(said, "; "))
	}
	return nil
}
