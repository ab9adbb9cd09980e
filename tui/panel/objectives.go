package panel

import (
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Objectives shows every objective now and over the whole run.
type Objectives struct{ base }

// Title is the rule's word.
func (p *Objectives) Title() string { return "OBJECTIVES" }

// Sync draws one row per objective, failing ones first when there is no room for all.
func (p *Objectives) Sync(s *view.State) {
	p.g.Clear()
	w, h, st := p.g.Width(), p.g.Height(), s.Styles
	if len(s.LastSecond.Live) == 0 {
		text := "no objectives are set"
		if !s.Began() {
			text = "waiting for the first second"
		}
		p.g.Text(0, 0, w, text, st.Dim)
		return
	}
	const now, overall = 17, 15
	names := w - now - overall
	showOverall := names >= 14
	if !showOverall {
		names = w - now
	}
	over, head := " s and whole run", "overall"
	if s.Now.Outside {
		over, head = " s and run", "outside faults"
	}
	p.g.Text(0, 0, names, "last "+strconv.Itoa(metric.RecentWindows)+over, st.Dim)
	p.g.Text(names, 0, now, "now", st.Dim)
	if showOverall {
		p.g.Text(names+now, 0, overall, head, st.Dim)
	}
	rows := h - 1
	for y, i := range failingFirst(s.LastSecond.Live) {
		if y >= rows {
			break
		}
		if y == rows-1 && len(s.LastSecond.Live) > rows {
			p.g.Text(0, h-1, w, "and "+strconv.Itoa(len(s.LastSecond.Live)-y)+" more", st.Dim)
			break
		}
		v := s.LastSecond.Live[i]
		p.g.Text(0, y+1, names-1, objectiveText(v.Objective), st.Text)
		p.verdict(names, y+1, now-1, v, st)
		if showOverall && i < len(s.LastSecond.Overall) {
			p.verdict(names+now, y+1, overall, s.LastSecond.Overall[i], st)
		}
	}
}

func (p *Objectives) verdict(x, y, width int, v slo.Result, st *theme.Styles) {
	style, text := st.Objective(v.State)
	n := p.g.Text(x, y, width, text, style)
	if v.State == slo.Unknown {
		if v.Samples > 0 { // known, but too few
			few := "n=" + units.CountShort(v.Samples)
			p.g.TextRight(x+width-1, y, width-n-2, few, st.Dim)
		}
		return
	}
	p.g.TextRight(x+n+1+units.LatencyWidth+1, y, min(units.LatencyWidth+1, width-n-1), objectiveValue(v.Objective, v.Value), st.Text)
}

// failingFirst lists the verdicts with the failing ones first, else as they are.
func failingFirst(verdicts []slo.Result) []int {
	indices := make([]int, 0, len(verdicts))
	for _, failing := range [...]bool{true, false} {
		for i, v := range verdicts {
			if (v.State == slo.Fail) == failing {
				indices = append(indices, i)
			}
		}
	}
	return indices
}

// objectiveText says an objective in words: "gateway p95 < 1.5 s".
func objectiveText(o slo.Objective) string {
	name, known := metricNames[o.Metric]
	if !known {
		name = o.Metric
	}
	if o.Channel != "" {
		name += " " + o.Channel
	}
	switch aggregate := strings.NewReplacer("(", "", ")", "").Replace(o.Aggregate); aggregate {
	case "rate":
	case "med":
		name += " median"
	case "avg":
		name += " mean"
	default:
		name += " " + aggregate
	}
	return strings.TrimSpace(name + " " + o.Operator + " " + objectiveValue(o, o.Bound) + " " + o.Scope.String())
}

// objectiveValue writes a value in the objective's unit.
func objectiveValue(o slo.Objective, v float64) string {
	switch {
	case o.Share() && v == o.Bound:
		return units.Share(v)
	case o.Share():
		return units.Percent(v)
	case !o.Latency():
		return units.Number(v)
	case v == o.Bound:
		return units.LatencyBound(time.Duration(v * float64(time.Millisecond)))
	default:
		return units.Latency(time.Duration(v * float64(time.Millisecond)))
	}
}

// metricNames are the metrics in words.
var metricNames = map[string]string{
	"gateway_latency":      "gateway",
	"orchestrator_latency": "orchestrator",
	"automation_latency":   "automation",
	"http_req_duration":    "all requests",
	"http_req_failed":      "failed requests",
	"perf_errors":          "errors",
	"http_reqs":            "requests",
}
