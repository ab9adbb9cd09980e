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
	for n, i := range run.injections {
		if n == mostDuring {
			lines = append(lines, plain(fmt.Sprintf("and %d more faults and spikes", len(run.injections)-n)))
			break
		}
		if i.NotApplied() {
			lines = append(lines, strong("During "+i.Label).then(plain(": it could not be injected.")))
			continue
		}
		counts, h := run.during(i)
		lines = append(lines, strong("During "+i.Label).then(plain(": ", figures(counts.Count, counts.Failed, h), run.judgedIn(slo.Scope{During: i.Fault}), i.expectationsText(), ".")))
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
	text := plural(requests, "request", "requests") + ", " + percent(failed, requests) + " failed"
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

// during is what was measured while an injection was on.
func (run *Run) during(i injection) (counts metric.Counts, gateway *hdr.Histogram) {
	for _, p := range run.phases {
		if !slices.Contains(p.Runs, i.Run) {
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
func (i injection) expectationsText() string {
	if len(i.Findings) == 0 {
		return ""
	}
	met, failed := 0, 0
	for _, f := range i.Findings {
		switch verdictOn(f) {
		case event.ExpectationMet:
			met++
		case event.ExpectationFailed:
			failed++
		}
	}
	text := fmt.Sprintf("; %d of %s met", met, plural(uint64(len(i.Findings)), "expectation", "expectations"))
	if failed > 0 {
		text += fmt.Sprintf(", %d not met", failed)
	}
	if unknown := len(i.Findings) - met - failed; unknown > 0 {
		text += fmt.Sprintf(", %d not known", unknown)
	}
	return text
}

// recovered lists of each fault whether objectives were green again after it, and how long that took
// from the verified revert.
func (run *Run) recovered() string {
	var parts []string
	for _, i := range run.injections {
		switch {
		case i.NotApplied():
			parts = append(parts, i.Label+" was not injected")
		case i.StillChanged(), i.Abandoned():
			parts = append(parts, i.Label+" no, it is not reverted")
		case i.Reverted == nil:
			parts = append(parts, i.Label+" not known, it was still on")
		case i.Recovered != nil && i.Recovered.Data.Unbroken:
			parts = append(parts, i.Label+" yes, no objective broke")
		case i.Recovered != nil && i.Recovered.Data.Seconds < 1:
			parts = append(parts, i.Label+" yes, within a second of the revert")
		case i.Recovered != nil:
			parts = append(parts, i.Label+" yes, "+lengthText(i.Recovered.Data.Seconds)+" after the revert")
		default:
			parts = append(parts, i.Label+" not seen")
		}
	}
	return strings.Join(parts, "; ")
}
