package report

import (
	"fmt"
	"maps"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// latencySection shows each flow and below it its channels. In the open model there are two
// tables: the time that a caller would have waited, and the time that the platform took.
func latencySection(run *Run) []block {
	if run.uncounted > 0 && run.requests().Count == 0 {
		return []block{paragraph{plain("No latency can be told: ", run.countsMissing(), ".")}}
	}
	if run.requests().Count == 0 {
		return []block{paragraph{plain("No request ended, so no latency was measured.")}}
	}
	whole := latencyTable(run)
	service, some := serviceTable(run)
	if !some {
		return []block{whole}
	}
	heading := "From the time that each request was really sent (service time)"
	if all := modelPeriods(run.files.Seconds); bothModels(all) {
		heading += ", in the seconds of the open model only (" + times(all, true) + "): with virtual users both times are the same, and these rows are about fewer requests than those above"
	}
	return []block{
		paragraph{plain("From the time that each send was due (corrected for coordinated omission):")},
		whole,
		paragraph{plain(heading, ":")},
		service,
	}
}

// serviceTable counts what the histograms of service time hold, and nothing else: only the open
// model has them. Flows without any have no row.
func serviceTable(run *Run) (t table, some bool) {
	t.columns = append(textColumns("Flow"), numberColumns("Measured", "p50", "p90", "p95", "p99", "Max")...)
	add := func(name line, h *hdr.Histogram) {
		cells := append([]line{name}, textRow(units.Count(uint64(h.TotalCount())))...)
		t.rows = append(t.rows, append(cells, percentileCells(h)...))
	}
	for _, f := range load.Registry().Flows() {
		whole := merged(run.service, f)
		if whole == nil {
			continue
		}
		add(strong(f.Title), whole)
		for id, s := range load.Registry().Series() {
			if h := run.service[id]; s.Flow == f && h != nil && h.TotalCount() < whole.TotalCount() {
				add(plain(s.Channel), h)
			}
		}
	}
	return t, len(t.rows) > 0
}

func latencyTable(run *Run) block {
	t := table{columns: append(textColumns("Flow"), numberColumns("Requests", "Failed", "p50", "p90", "p95", "p99", "Max")...)}
	for _, f := range load.Registry().Flows() {
		whole := run.flowCounts(f)
		if whole.Count == 0 {
			continue // flows that did not run are named under "Not measured", never shown as zero
		}
		t.rows = append(t.rows, append([]line{strong(f.Title)}, latencyCells(whole, merged(run.totals.Latency, f))...))
		for id, s := range load.Registry().Series() {
			if c := run.totals.Counts[id]; s.Flow == f && c.Count > 0 && c.Count < whole.Count {
				t.rows = append(t.rows, append([]line{plain(s.Channel)}, latencyCells(c, run.totals.Latency[id])...))
			}
		}
	}
	return t
}

// latencyCells are the cells of a row after its name.
func latencyCells(c metric.Counts, h *hdr.Histogram) []line {
	return append(textRow(units.Count(c.Count), percent(c.Failed, c.Count)), percentileCells(h)...)
}

// percentileCells are p50, p90, p95, p99 and the maximum. A percentile of fewer samples than one in
// its share (20 for p95, 100 for p99) would be the maximum by another name, and is a dash.
func percentileCells(h *hdr.Histogram) []line {
	s := metric.Statistics(h)
	cells := textRow()
	for _, p := range []struct {
		fewest uint64
		value  time.Duration
	}{
		{metric.FewestSamples(50), s.P50},
		{metric.FewestSamples(90), s.P90},
		{metric.FewestSamples(95), s.P95},
		{metric.FewestSamples(99), s.P99},
		{1, s.Max},
	} {
		if s.Count < p.fewest {
			cells = append(cells, plain(absent))
			continue
		}
		cells = append(cells, plain(units.Latency(p.value)))
	}
	return cells
}

// phasesSection compares what the operator wanted at different times, first the load and then each
// flow's latency.
func phasesSection(run *Run) []block {
	if len(run.phases) == 0 || len(run.files.Seconds) == 0 {
		return nil
	}
	phases := slices.DeleteFunc(slices.Clone(run.phases), func(p *phase) bool { return p.measured == 0 })
	blocks := []block{phaseLoads(phases, run.hasUsers())}
	if n := len(run.phases) - len(phases); n > 0 {
		blocks = append(blocks, paragraph{plain(units.Counted(uint64(n), "phase was", "phases were"), " too short to hold the middle of a second; the timeline has them.")})
	}
	if len(phases) == 1 {
		return blocks // the latencies would be those of the whole run again
	}
	for _, f := range load.Registry().Flows() {
		if run.flowCounts(f).Count == 0 {
			continue
		}
		t := table{columns: append(textColumns(f.Title), numberColumns("Requests", "Failed", "p50", "p90", "p95", "p99", "Max")...)}
		for _, p := range phases {
			t.rows = append(t.rows, append(textRow(p.label()), latencyCells(p.counts[f.ID()], p.latency[f.ID()])...))
		}
		blocks = append(blocks, t)
	}
	return blocks
}

// phaseLoads is the load of each phase, with its virtual users where there are any.
func phaseLoads(phases []*phase, hasUsers bool) table {
	names := []string{"From", "To", "Counted"}
	if hasUsers {
		names = append(names, "Most virtual users")
	}
	t := table{columns: append(textColumns("Phase"), numberColumns(append(names, "Requests", "Rate", "Failed")...)...)}
	for _, p := range phases {
		c := p.total()
		cells := []string{p.label(), clockTenths(p.from), clockTenths(p.to), fmt.Sprintf("%.1f s", p.measured)}
		switch {
		case !hasUsers:
		case p.whole == 0:
			cells = append(cells, absent)
		default:
			cells = append(cells, units.Count(uint64(max(0, p.vus))))
		}
		t.rows = append(t.rows, textRow(append(cells, units.Count(c.Count), perSecond(c.Count, p.measured), percent(c.Failed, c.Count))...))
	}
	return t
}

// phaseNote says what is counted in a phase.
func phaseNote(run *Run) line {
	note := "A second belongs to the phase that its middle lies in, so what is counted in it may begin and end half a second beside its edges; rates are over the seconds counted."
	if run.hasUsers() {
		note += " The most virtual users are those of seconds that lie in the phase whole."
	}
	return plain(note)
}
