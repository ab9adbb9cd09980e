package report

import (
	"fmt"
	"strings"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// modelPeriod is a time during which one model made the load.
type modelPeriod struct {
	open     bool
	from, to float64 // seconds since the start
}

// modelPeriods are the stretches of the open and the closed model, in turn. Seconds that show neither (a
// pause, the draining) belong to what was before them.
func modelPeriods(seconds []rundir.Second) []modelPeriod {
	var all []modelPeriod
	for _, s := range seconds {
		open, shown := s.Rate > 0, s.Rate > 0 || s.VUs > 0 || s.WantedVUs > 0
		last := len(all) - 1
		switch {
		case last >= 0 && (!shown || all[last].open == open):
			all[last].to = s.End()
		case shown:
			all = append(all, modelPeriod{open, s.At, s.End()})
		}
	}
	return all
}

// bothModels reports whether the run used both models.
func bothModels(all []modelPeriod) bool { return len(all) > 1 }

// times names the stretches of one model: "00:00 to 01:46 and 01:51 to 02:17".
func times(all []modelPeriod, open bool) string {
	var parts []string
	for _, m := range all {
		if m.open == open {
			parts = append(parts, clock(m.from)+" to "+clock(m.to))
		}
	}
	if n := len(parts); n > 1 {
		parts = append(parts[:n-2], parts[n-2]+" and "+parts[n-1])
	}
	return strings.Join(parts, ", ")
}

// loadModel describes how the load was made, in a few words.
func loadModel(run *Run) string {
	users := units.Counted(uint64(max(0, run.vus.high)), "virtual user", "virtual users") + ", think time " + thinkTimes(run.timeline)
	if !run.open {
		return "closed model, up to " + users
	}
	var most float64
	for _, s := range run.files.Seconds {
		most = max(most, s.Rate)
	}
	text := fmt.Sprintf("open model, up to %s/s wanted", units.Rate(most))
	all := modelPeriods(run.files.Seconds)
	if !bothModels(all) {
		return text
	}
	return fmt.Sprintf("%s (%s), and closed model, up to %s (%s)", text, times(all, true), users, times(all, false))
}

// thinkTimes are the think times that the run had, in their order.
func thinkTimes(line *timeline.Timeline) string {
	texts := make([]string, len(line.Thinks))
	for i, t := range line.Thinks {
		texts[i] = t.String()
	}
	return strings.Join(texts, ", later ")
}
