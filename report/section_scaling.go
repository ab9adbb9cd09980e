package report

import (
	"fmt"
	"strconv"
)

// scalingSection says what the pods of each watched workload did, and how long after what was done to
// the platform they began to.
func scalingSection(e *evidence) []block {
	if len(e.scaling) == 0 {
		return nil
	}
	t := table{columns: append(words("Workload"), append(numbers("Ready at first", "Fewest ready", "Most ready"), words("Autoscaler", "First change", "Most ready from", "As at first from")...)...)}
	for _, s := range e.scaling {
		fewest, most, wanted := s.extremes()
		cells := []line{code(s.workload), plain(strconv.Itoa(s.before().ready)), plain(strconv.Itoa(fewest)), plain(strconv.Itoa(most)), plain(autoscaler(s, most, wanted))}
		first := s.changedFirst()
		if first == nil {
			t.rows = append(t.rows, append(cells, row("none", absent, absent)...))
			continue
		}
		peak, back := absent, "not within the run"
		if most > s.before().ready {
			peak = clockTenths(s.first(func(p scalePoint) bool { return p.ready == most }).at)
		}
		if p := s.back(); p != nil {
			back = clockTenths(p.at)
		}
		t.rows = append(t.rows, append(cells, row(firstChange(e.strains, s.before(), *first), peak, back)...))
	}
	return []block{t}
}

// autoscaler is its bounds, and whether the upper one was reached by pods that were ready.
func autoscaler(s scaling, most, wanted int) string {
	switch {
	case s.max == 0:
		return "none"
	case most >= s.max:
		return fmt.Sprintf("%d to %d, maximum reached", s.min, s.max)
	case wanted >= s.max:
		return fmt.Sprintf("%d to %d, maximum wanted and not reached", s.min, s.max)
	}
	return fmt.Sprintf("%d to %d, maximum not reached", s.min, s.max)
}

// firstChange says what changed first, and how long after the last thing that was done before it.
func firstChange(strains []strain, before, first scalePoint) string {
	what := fmt.Sprintf("%d wanted", first.wanted)
	if first.wanted == before.wanted {
		what = fmt.Sprintf("%d ready", first.ready)
	}
	what += " at " + clockTenths(first.at)
	for i := len(strains) - 1; i >= 0; i-- {
		if s := strains[i]; s.from <= first.at {
			return fmt.Sprintf("%s, %s after %s began", what, lasting(first.at-s.from), s.label)
		}
	}
	return what
}
