package report

import (
	"fmt"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// mostDuring is how many faults the first lines tell of one by one; the section on faults has them all.
const mostDuring = 6

// byPhase describes in words what the run showed: outside faults and spikes, during each of them, whether the
// platform recovered, and as a whole. Without a fault there is the whole run alone, which the verdict's
// own sentence is about.
func byPhase(run *Run) []line {
	if len(run.injections) == 0 || run.uncounted > 0 {
		return nil
	}
	failed, total := run.parts.Outside().Rate("http_req_failed", "")
	lines := []line{
		strong("Outside faults and spikes").then(plain(": ", figures(total, failed, run.parts.Outside().Trend("gateway_latency", "")), run.judgedIn(slo.Scope{Outside: true}), ".")),
	}
	for n, i := range run.repeats {
		if n == mostDuring {
			lines = append(lines, plain(fmt.Sprintf("and %d more faults and spikes", len(run.repeats)-n)))
			break
		}
		if i.NotApplied() {
			lines = append(lines, strong("During "+i.name()).then(plain(": it could not be injected.")))
			continue
		}
		counts, h := run.during(i)
		lines = append(lines, strong("During "+i.name()).then(plain(": ", figures(counts.Count, counts.Failed, h), run.judgedIn(slo.Scope{During: i.Fault}), i.expectationsText(), ".")))
	}
	r := run.requests()
	return append(lines,
		strong("Recovered").then(plain(": ", run.recovered(), ".")),
		strong("Whole run").then(plain(": ", figures(r.Count, r.Failed, run.totals.Trend("gateway_latency", "")), ".")))
}

// figures are what everybody asks for first.
func figures(requests, failed uint64, gateway *hdr.Histogram) string {
	if requests == 0 {
		return "nothing was measured"
	}
	text := units.Counted(requests, "request", "requests") + ", " + percent(failed, requests) + " failed"
	if gateway != nil && uint64(gateway.TotalCount()) >= metric.FewestSamples(95) {
		text += ", gateway p95 " + units.Latency(metric.Statistics(gateway).P95)
	}
	return text
}

// judgedIn is what became of the objectives that are about a part of the run.
func (run *Run) judgedIn(scope slo.Scope) string {
	by := map[slo.State]int{}
	for _, o := range run.verdict.Run.Objectives {
		if o.Scope == scope {
			by[o.State]++
		}
	}
	var parts []string
	for _, row := range []struct {
		state slo.State
		word  string
	}{{slo.Pass, "held"}, {slo.Fail, "failed"}, {slo.Unknown, "could not be judged"}} {
		if n := by[row.state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, row.word))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "; objectives: " + strings.Join(parts, ", ")
}

// during is what was measured while one of a group of injections was on.
func (run *Run) during(group repeats) (counts metric.Counts, gateway *hdr.Histogram) {
	for _, p := range run.phases {
		if !slices.ContainsFunc(group.all, func(i injection) bool { return p.runs[i.Run] }) {
			continue
		}
		c := p.total()
		counts.Count += c.Count
		counts.Failed += c.Failed
		if h := p.latency[load.Gateway.ID()]; h != nil {
			if gateway == nil {
				gateway = metric.NewHistogram()
			}
			gateway.Merge(h)
		}
	}
	return counts, gateway
}

// expectationsText is what became of the expectations of a fault.
func (r repeats) expectationsText() string {
	met, failed, all := 0, 0, 0
	for _, f := range r.findings() {
		all += f.count
		switch verdictOn(f.Finding) {
		case event.ExpectationMet:
			met += f.count
		case event.ExpectationFailed:
			failed += f.count
		}
	}
	if all == 0 {
		return ""
	}
	text := fmt.Sprintf("; %s of %s met", units.Int(met), units.Counted(uint64(all), "expectation", "expectations"))
	if failed > 0 {
		text += ", " + units.Int(failed) + " not met"
	}
	if unknown := all - met - failed; unknown > 0 {
		text += ", " + units.Int(unknown) + " not known"
	}
	return text
}

// recovered lists of each fault whether objectives were green again after it, and how long that took
// from the verified revert.
func (run *Run) recovered() string {
	var parts []string
	for _, r := range run.repeats {
		parts = append(parts, r.recoveryText())
	}
	if n := len(parts) - mostNames; n > 0 {
		parts = append(parts[:mostNames], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(parts, "; ")
}
