package report

import (
	"fmt"
	"strconv"

	"xinbot.ir/squall/internal/timeline"
)

// scalingSection describes what the pods of each watched workload did, and how long after what was done to
// the platform they began to.
func scalingSection(run *Run) []block {
	if len(run.timeline.Workloads) == 0 {
		return nil
	}
	t := table{columns: append(textColumns("Workload"), append(numberColumns("Ready at first", "Fewest ready", "Most ready"), textColumns("Autoscaler", "First change", "Most ready from", "As at first from")...)...)}
	for _, w := range run.timeline.Workloads {
		s := scaling{w}
		fewest, most, wanted := s.extremes()
		cells := []line{code(s.Workload.Workload), plain(strconv.Itoa(s.before().Ready)), plain(strconv.Itoa(fewest)), plain(strconv.Itoa(most)), plain(autoscaler(s, most, wanted))}
		first := s.changedFirst()
		if first == nil {
			t.rows = append(t.rows, append(cells, textRow("none", absent, absent)...))
			continue
		}
		peak, back := absent, "not within the run"
		if most > s.before().Ready {
			peak = clockTenths(s.first(func(p timeline.Pods) bool { return p.Ready == most }).At)
		}
		if p := s.back(); p != nil {
			back = clockTenths(p.At)
		}
		t.rows = append(t.rows, append(cells, textRow(firstChange(run.injections, s.before(), *first), peak, back)...))
	}
	return []block{t}
}

// autoscaler is its bounds, and whether the upper one was reached by pods that were ready.
func autoscaler(s scaling, most, wanted int) string {
	switch {
	case s.Max == 0:
		return "none"
	case most >= s.Max:
		return fmt.Sprintf("%d to %d, maximum reached", s.Min, s.Max)
	case wanted >= s.Max:
		return fmt.Sprintf("%d to %d, maximum wanted and not reached", s.Min, s.Max)
	}
	return fmt.Sprintf("%d to %d, maximum not reached", s.Min, s.Max)
}

// firstChange describes what changed first, and how long after the last thing that was done before it.
func firstChange(injections []injection, before, first timeline.Pods) string {
	what := fmt.Sprintf("%d wanted", first.Wanted)
	if first.Wanted == before.Wanted {
		what = fmt.Sprintf("%d ready", first.Ready)
	}
	what += " at " + clockTenths(first.At)
	for n := len(injections) - 1; n >= 0; n-- {
		if i := injections[n]; i.From <= first.At {
			return fmt.Sprintf("%s, %s after %s began", what, lengthText(first.At-i.From), i.Label)
		}
	}
	return what
}
