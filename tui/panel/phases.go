package panel

import (
	"time"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/grid"
	"xinbot.ir/squall/tui/theme"
	"xinbot.ir/squall/tui/view"
)

// Phases has a row per phase of the run: baseline, each fault, each recovery. Its percentiles come
// from the histograms of that phase alone. The newest rows stay in view.
type Phases struct {
	base
	Whole bool // names that are too long for a line take several
	Back  int  // phases scrolled back
}

// Title is the rule's word.
func (p *Phases) Title() string { return "PHASES" }

// phaseColumn is one column behind the name; the last ones are dropped where there is no room.
type phaseColumn struct {
	head  string
	width int
	value func(session.PhaseStats) string
}

var phaseColumns = []phaseColumn{
	{"from", 7, func(p session.PhaseStats) string { return units.Clock(sinceStart(p.From)) }},
	{"lasted", 8, func(p session.PhaseStats) string { return units.Clock(sinceStart(p.To - p.From)) }},
	{"gateway p95", 13, flowColumn(load.Gateway, 95, p95)},
	{"failed", 9, func(p session.PhaseStats) string { return units.Percent(phaseFailed(p)) }},
	{"orch. p95", 11, flowColumn(load.Ingestion, 95, p95)},
	{"autom. p95", 12, flowColumn(load.Automation, 95, p95)},
	{"per second", 12, func(p session.PhaseStats) string { return units.Rate(phaseRate(p)) }},
	{"gateway p50", 13, flowColumn(load.Gateway, 50, p50)},
	{"gateway p99", 13, flowColumn(load.Gateway, 99, p99)},
}

func flowColumn(f *metric.Flow, p float64, pick func(metric.Stats) time.Duration) func(session.PhaseStats) string {
	return func(phase session.PhaseStats) string {
		return percentile(p, pick(phase.Flows[f.ID()]), phase.Flows[f.ID()].Count)
	}
}

func p50(s metric.Stats) time.Duration { return s.P50 }
func p95(s metric.Stats) time.Duration { return s.P95 }
func p99(s metric.Stats) time.Duration { return s.P99 }

// sinceStart is seconds as a length of time.
func sinceStart(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// phaseTotal sums the flows.
func phaseTotal(p session.PhaseStats) (requests, failed uint64) {
	for _, f := range p.Flows {
		requests, failed = requests+f.Requests, failed+f.Failed
	}
	return requests, failed
}

func phaseFailed(p session.PhaseStats) float64 {
	requests, failed := phaseTotal(p)
	if requests == 0 {
		return 0
	}
	return float64(failed) / float64(requests)
}

func phaseRate(p session.PhaseStats) float64 {
	if p.Seconds == 0 {
		return 0
	}
	requests, _ := phaseTotal(p)
	return float64(requests) / p.Seconds
}

// leastName is the room that a phase's name has at least.
const leastName = 20

// Sync draws the newest phases.
func (p *Phases) Sync(s *view.State) {
	p.g.Clear()
	st := s.Styles
	if len(s.LastSecond.Phases) == 0 {
		p.g.Text(0, 0, p.g.Width(), "no second has closed yet", st.Dim)
		return
	}
	columns, width := phaseColumns, p.g.Width()
	for used := leastName; len(columns) > 0; columns = columns[:len(columns)-1] {
		total := used
		for _, c := range columns {
			total += c.width
		}
		if total <= width {
			width -= total - leastName
			break
		}
	}
	x := width
	for _, c := range columns {
		x += c.width
		p.g.TextRight(x, 0, c.width, c.head, st.Dim)
	}
	phases, rows := s.LastSecond.Phases, p.g.Height()-1
	end := max(len(phases)-p.Back, min(rows, len(phases)))
	first := end
	for ; first > 0; first-- {
		if rows -= len(p.name(phases[first-1], width)); rows < 0 {
			break
		}
	}
	y := 1
	for i := first; i < end; i++ {
		y += p.row(y, width, columns, phases[i], i == len(phases)-1, st)
	}
}

// signWidth is the room for the sign before a name.
const signWidth = 2

// name is a phase's name in lines.
func (p *Phases) name(phase session.PhaseStats, width int) []string {
	if !p.Whole {
		return []string{phase.Name}
	}
	return grid.Wrap(phase.Name, width-signWidth-1)
}

// row draws one phase and returns how many lines it took; the one that goes on is marked.
func (p *Phases) row(y, name int, columns []phaseColumn, phase session.PhaseStats, goesOn bool, st *theme.Styles) int {
	sign, look := "", st.Text
	switch {
	case phase.Kind == timeline.Disturbed && goesOn:
		sign, look = "●", st.Accent
	case goesOn:
		sign, look = "▸", st.Strong
	}
	p.g.Text(0, y, signWidth, sign, look)
	lines := p.name(phase, name)
	for i, line := range lines {
		p.g.Text(signWidth, y+i, name-signWidth-1, line, look)
	}
	x := name
	for _, c := range columns {
		x += c.width
		p.g.TextRight(x, y, c.width-1, c.value(phase), look)
	}
	return len(lines)
}
