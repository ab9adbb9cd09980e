package tui

import (
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/load"
)

// objectivesPanel shows every objective now and over the whole run.
type objectivesPanel struct{ sheet }

// Title is the rule's word.
func (p *objectivesPanel) Title() string { return "OBJECTIVES" }

// Sync draws one row per objective, failing ones first when there is no room for all.
func (p *objectivesPanel) Sync(s *scene) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.styles
	if len(s.calm.Live) == 0 {
		text := "no objectives are set"
		if !s.began() {
			text = "waiting for the first second"
		}
		p.g.Text(0, 0, w, text, st.dim)
		return
	}
	const now, overall = 17, 15
	names := w - now - overall
	showOverall := names >= 14
	if !showOverall {
		names = w - now
	}
	over, head := " s and whole run", "overall"
	if s.now.Outside {
		over, head = " s and run", "outside faults"
	}
	p.g.Text(0, 0, names, "last "+strconv.Itoa(load.RecentWindows)+over, st.dim)
	p.g.Text(names, 0, now, "now", st.dim)
	if showOverall {
		p.g.Text(names+now, 0, overall, head, st.dim)
	}
	rows := h - 1
	for y, i := range order(s.calm.Live) {
		if y >= rows {
			break
		}
		if y == rows-1 && len(s.calm.Live) > rows {
			p.g.Text(0, h-1, w, "and "+strconv.Itoa(len(s.calm.Live)-y)+" more", st.dim)
			break
		}
		v := s.calm.Live[i]
		p.g.Text(0, y+1, names-1, objectiveText(v.Objective), st.text)
		p.verdict(names, y+1, now-1, v, st)
		if showOverall && i < len(s.calm.Overall) {
			p.verdict(names+now, y+1, overall, s.calm.Overall[i], st)
		}
	}
}

func (p *objectivesPanel) verdict(x, y, width int, v load.Verdict, st *styles) {
	style, text := st.state(v.State)
	n := p.g.Text(x, y, width, text, style)
	if v.State == load.Unknown {
		if v.Samples > 0 { // known, but too few
			few := "n=" + formatCount(v.Samples)
			p.g.TextRight(x+width-1, y, width-n-2, few, st.dim)
		}
		return
	}
	p.g.TextRight(x+n+1+durationWidth+1, y, min(durationWidth+1, width-n-1), objectiveValue(v.Objective, v.Value), st.text)
}

// order lists the verdicts with the failing ones first, else as they are.
func order(verdicts []load.Verdict) []int {
	indices := make([]int, 0, len(verdicts))
	for _, failing := range [...]bool{true, false} {
		for i, v := range verdicts {
			if (v.State == load.Fail) == failing {
				indices = append(indices, i)
			}
		}
	}
	return indices
}

// objectiveText says an objective in words: "gateway p95 < 1.5 s".
func objectiveText(o load.Objective) string {
	name, known := metricNames()[o.Metric]
	if !known {
		name = o.Metric
	}
	if o.Channel != "" {
		name += " " + o.Channel
	}
	aggregate := strings.NewReplacer("(", "", ")", "").Replace(o.Aggregate)
	switch aggregate {
	case "rate":
		return name + " " + o.Operator + " " + objectiveValue(o, o.Bound)
	case "med":
		aggregate = "median"
	case "avg":
		aggregate = "mean"
	}
	return name + " " + aggregate + " " + o.Operator + " " + objectiveValue(o, o.Bound)
}

// objectiveValue writes a value in the objective's unit.
func objectiveValue(o load.Objective, v float64) string {
	switch {
	case o.Share() && v == o.Bound:
		return formatShare(v)
	case o.Share():
		return formatPercent(v)
	case !o.Latency():
		return formatNumber(v)
	case v == o.Bound:
		return formatBound(time.Duration(v * float64(time.Millisecond)))
	default:
		return formatDuration(time.Duration(v * float64(time.Millisecond)))
	}
}

// metricNames are the metrics in words.
func metricNames() map[string]string {
	return map[string]string{
		"gateway_latency":      "gateway",
		"orchestrator_latency": "orchestrator",
		"automation_latency":   "automation",
		"http_req_duration":    "all requests",
		"http_req_failed":      "failed requests",
		"perf_errors":          "errors",
		"http_reqs":            "requests",
	}
}
