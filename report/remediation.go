package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
)

// Remediation is something that a run has shown and that somebody should look into.
type Remediation struct {
	Title    string
	kind     remediationKind
	about    string // the same in every run that shows it
	evidence []line
}

// remediationKind is what kind of thing went wrong.
type remediationKind uint8

const (
	latencyBroken remediationKind = iota
	failuresBroken
	objectiveBroken // any other
	objectiveUnknown
	notRecovered
	notHeld
	alertMissing
	notScaled
	metricExceeded
	counterStill
	latencyStill
	otherExpectation
	stopRuleMet
	leftBehind
)

// remediationRow describes a kind: its word, which is part of what an issue is found by, and where to look first.
type remediationRow struct {
	word   string
	causes []string
}

// remediationRows has a row per kind. Words never change: issues that were filed have them.
var remediationRows = [...]remediationRow{
	latencyBroken: {"latency", []string{
		"autoscaling threshold too high, or maximum of replicas too low for this load",
		"connection or worker pool too small (database, Redis, HTTP clients), so that requests wait for a place in it",
		"queue depth: work waits behind consumers that are too few",
		"a slow dependency (model provider, vector store) without a time limit or a fallback",
	}},
	failuresBroken: {"failures", []string{
		"rate limit reached, of the gateway or of a provider behind it",
		"connection pool or file descriptors used up",
		"time limit shorter than what a dependency takes (the gateway gives the orchestrator 5 s)",
		"messages refused (signature, tenant, policy): the texts of the errors say so",
	}},
	objectiveBroken:  {"objective", []string{"load that differs from what the objective was written for", "a flow that was slower or failed more than the others: the tables of the report show which"}},
	objectiveUnknown: {"objective not judged", []string{"a run too short, or a load too small, for this objective", "a flow that was off, such as for want of an administrator's token"}},
	notRecovered: {"recovery", []string{
		"backlog: queue depth grew while the fault was on, and consumers are too few to work it off in time",
		"connection pools that keep dead connections, or retries that wait too long between attempts",
		"autoscaler that reacts later than the fault lasts",
		"retries without a rate limit, which keep up the load of the fault after it",
	}},
	notHeld: {"objectives under a fault", []string{
		"no time limit or fallback for the dependency that was disturbed",
		"a pool shared by all requests, which those that wait for the dependency fill",
		"autoscaling threshold too high for the load of the fault",
	}},
	alertMissing: {"alert", []string{
		"no rule of that name is defined",
		"its `for` is longer than the fault lasted",
		"its expression finds no series (another label, a metric that is not scraped)",
		"its threshold is higher than what the fault does",
	}},
	notScaled: {"scaling", []string{
		"autoscaling threshold not reached: pods that wait use no CPU, so scale on queue depth or latency",
		"maximum of replicas, quota or nodes used up",
		"stabilization window or start of pods longer than the fault",
	}},
	metricExceeded:   {"metric", []string{"queue depth: consumers too few, or too slow, for what comes in", "no rate limit in front of the queue", "autoscaler that does not look at this metric"}},
	latencyStill:     {"latency", []string{"traffic that does not go through what the fault changed", "answers from a cache while the dependency is slow", "a fault that is too mild to matter beside the rest of the work"}},
	counterStill:     {"counter", []string{"fallback or retry not configured for this dependency", "time limit longer than the latency of the fault, so that it is never reached", "traffic that does not go through what the fault changed"}},
	otherExpectation: {"expectation", []string{"the platform, or what was expected of it: the report shows what was seen"}},
	stopRuleMet:      {"stop rule", []string{"autoscaling threshold, pool size or queue depth, as with the objective of the same metric", "a load or a fault that is more than what the platform is built for"}},
	leftBehind: {"left behind", []string{
		"squall was killed, or ended before the revert was through: squall recover takes it up",
		"the right to undo is missing where the right to change was there",
		"somebody else (an operator, an autoscaler, a deployment) changed the object meanwhile",
		"the API of the target was away when squall reverted",
	}},
}

// Remediations are what should be better, the worst first: what is still changed, then objectives, stop rules and
// expectations that failed. What could not be judged is none, unless it counts as a failure in this run.
func Remediations(run *Run) []Remediation {
	return slices.Concat(leftBehindItems(run), objectiveItems(run), stopRuleItems(run), expectationItems(run))
}

// About is what the remediation is found by in other runs on the target.
func (r Remediation) About(run *Run) []string {
	return []string{run.timeline.Start.Target, remediationRows[r.kind].word, r.about}
}

func (r Remediation) causes() []string { return remediationRows[r.kind].causes }

func objectiveItems(run *Run) (all []Remediation) {
	for _, reason := range run.verdict.Reasons {
		if reason.Kind != slo.ObjectiveFailed {
			continue
		}
		n := slices.IndexFunc(run.verdict.Run.Objectives, func(o slo.Judged) bool { return o.Objective.String() == reason.About })
		if n < 0 {
			continue
		}
		o := run.verdict.Run.Objectives[n]
		r := Remediation{Title: o.Objective.Title() + " was not held", kind: objectiveBroken, about: o.Objective.String()}
		switch {
		case o.State == slo.Unknown:
			r.Title, r.kind = o.Objective.Title()+" could not be judged", objectiveUnknown
		case o.Objective.Latency():
			r.kind = latencyBroken
		case o.Objective.Metric == "http_req_failed" || o.Objective.Metric == "perf_errors" || o.Objective.Metric == "checks":
			r.kind = failuresBroken
		}
		r.evidence = objectiveEvidence(run, o, r.kind)
		all = append(all, r)
	}
	return all
}

func objectiveEvidence(run *Run, o slo.Judged, kind remediationKind) (lines []line) {
	text := measured(o.Result)
	switch {
	case o.State == slo.Unknown:
		text = o.Reason
	case o.Objective.Latency() || o.Objective.Share():
		text += " of " + units.Counted(o.Samples, "sample", "samples")
	}
	if o.Scope != (slo.Scope{}) {
		text += " " + o.Scope.String()
	}
	if o.Whole != nil {
		text += ", " + measured(*o.Whole) + " over the whole run"
	}
	lines = append(lines, code(o.Objective.String()).then(plain(": ", text)))
	if broken := brokenText(run, o.Objective.String()); broken != "" {
		lines = append(lines, plain(broken))
	}
	if most := run.mostFailures(); kind == failuresBroken && most != "" {
		lines = append(lines, plain(most))
	}
	return lines
}

// brokenText is how often an objective broke over the sliding window, and what was on when it first did.
func brokenText(run *Run, objective string) string {
	times, first := 0, 0.0
	for _, e := range run.files.Events {
		if d, is := e.Data.(event.ObjectiveBroken); is && d.Objective == objective {
			if times++; times == 1 {
				first = e.At
			}
		}
	}
	if times == 0 {
		return ""
	}
	on := run.injectionsWhere(func(i injection) bool { return i.Applied() && i.From <= first && first <= i.to(run.length) })
	text := fmt.Sprintf("it broke %s over the sliding window, first at %s", timesText(times), clockTenths(first))
	if len(on) > 0 {
		text += ", while " + injectionLabels(on) + " was on"
	}
	return text
}

func stopRuleItems(run *Run) (all []Remediation) {
	for _, s := range run.timeline.StopRules {
		r := Remediation{Title: "stop rule " + s.Data.Title + " for " + lengthText(s.Data.For) + " was met", kind: stopRuleMet, about: s.Data.Rule}
		if slices.ContainsFunc(all, func(had Remediation) bool { return had.about == r.about }) {
			continue
		}
		r.evidence = []line{plain("at ", clock(s.At), ": ", s.Data.Measured)}
		all = append(all, r)
	}
	return all
}

// expectationKinds are the kinds of expectations that failed, by what they look at.
var expectationKinds = map[event.Signal]remediationKind{
	event.Recovers: notRecovered, event.Holds: notHeld, event.AlertFires: alertMissing, event.Scales: notScaled,
	event.MetricBelow: metricExceeded, event.CounterIncreases: counterStill, event.LatencyRises: latencyStill,
}

func expectationItems(run *Run) (all []Remediation) {
	for _, i := range run.injections {
		for _, f := range i.Findings {
			if verdictOn(f) != event.ExpectationFailed {
				continue
			}
			kind, known := expectationKinds[f.Signal]
			if !known {
				kind = otherExpectation
			}
			r := Remediation{Title: i.Title + ": not met: " + f.Text, kind: kind, about: i.Fault + ": " + f.Text}
			seen := plain(i.Label, " at ", clockTenths(i.From), ": ", cmp.Or(f.Reason, "no reason was given"))
			if n := slices.IndexFunc(all, func(had Remediation) bool { return had.about == r.about }); n >= 0 {
				all[n].evidence = append(all[n].evidence, seen)
				continue
			}
			r.evidence = []line{seen}
			all = append(all, r)
		}
	}
	return all
}

// leftBehindItems are what the run has left changed on the target.
func leftBehindItems(run *Run) (all []Remediation) {
	ended := run.timeline.End != nil
	if run.timeline.Start.Embedded && !ended {
		return nil // the embedded platform is gone, and what was changed in it
	}
	add := func(object, about string, evidence ...line) {
		if !slices.ContainsFunc(all, func(had Remediation) bool { return had.about == about }) {
			all = append(all, Remediation{Title: "still changed: " + object, kind: leftBehind, about: about, evidence: evidence})
		}
	}
	for _, i := range run.injections {
		about := strings.TrimSpace(i.Fault + " on " + i.Started.Scope)
		switch {
		case i.Abandoned():
			add(i.Label, about, plain("at ", clockTenths(i.Reverted.At), " it was decided to keep the target as it is"))
		case i.StillChanged():
			evidence := []line{plain(reasonOf(i.NotReverted.Data.Reason))}
			for _, remedy := range i.NotReverted.Data.Remedies {
				evidence = append(evidence, plain("to revert it: ").then(code(remedy)))
			}
			add(i.Label, about, evidence...)
		}
	}
	for _, s := range run.timeline.NotReverted {
		evidence := []line{plain(reasonOf(s.Data.Reason))}
		if s.Data.Remedy != "" {
			evidence = append(evidence, plain("to revert it: ").then(code(s.Data.Remedy)))
		}
		add(s.Data.Object, s.Data.Object, evidence...)
	}
	if ended && len(all) == 0 {
		for _, left := range run.timeline.End.Data.NotReverted {
			add("an object of the target", left, plain(left))
		}
	}
	if !ended {
		for _, object := range run.ledger.objects {
			add(object, object, plain("the run did not end, and the ledger still has it; if the run is over: ").then(recoverCommand(run)))
		}
	}
	if len(all) > 0 && run.ledger.exists && len(run.ledger.objects) == 0 {
		for n := range all {
			all[n].evidence = append(all[n].evidence, plain("since then the ledger has been settled: nothing in it is open any more"))
		}
	}
	return all
}

// remediationSection lists what should be better, and where to look first.
func remediationSection(run *Run) []block {
	items := Remediations(run)
	if len(items) == 0 {
		return nil
	}
	found, causes := table{columns: textColumns("What", "Kind", "Evidence")}, table{columns: textColumns("Kind", "Usual causes")}
	told := map[remediationKind]bool{}
	for n, r := range items {
		if n == mostSingle {
			break
		}
		found.rows = append(found.rows, []line{plain(upperFirst(r.Title)), plain(remediationRows[r.kind].word), join(r.evidence, "; ")})
		if !told[r.kind] {
			told[r.kind] = true
			causes.rows = append(causes.rows, textRow(remediationRows[r.kind].word, strings.Join(r.causes(), "; ")))
		}
	}
	blocks := []block{found}
	if more := len(items) - mostSingle; more > 0 {
		blocks = append(blocks, paragraph{plain(units.Count(uint64(more)), " more are left out; the tables above have them.")})
	}
	return append(blocks, paragraph{plain("Where to look first. What the cause was is not known to squall.")}, causes)
}

// join puts lines into one.
func join(lines []line, between string) (all line) {
	for n, l := range lines {
		if n > 0 {
			all = all.then(plain(between))
		}
		all = all.then(l)
	}
	return all
}

func upperFirst(text string) string {
	for n, r := range text {
		return strings.ToUpper(string(r)) + text[n+len(string(r)):]
	}
	return text
}

// IssueTitle is the title of an issue about a remediation.
func IssueTitle(run *Run, r Remediation) string {
	return oneLine(noMentions(upperFirst(r.Title) + " on " + cmp.Or(run.timeline.Start.Target, "an unknown target")))
}

// IssueBody is the text of such an issue, in Markdown.
func IssueBody(run *Run, r Remediation) string {
	causes := make([]line, len(r.causes()))
	for n, c := range r.causes() {
		causes[n] = plain(c)
	}
	m := run.timeline.Start
	blocks := []block{
		paragraph{plain("Seen in the squall run ").then(code(m.RunID), plain(" on ", cmp.Or(m.Target, "an unknown target"), ", ", run.startedText(), ".", " Load: ", loadModel(run), "."))},
		heading{3, "Evidence"},
		list{r.evidence},
		heading{3, "Usual causes"},
		list{causes},
		paragraph{plain("That is where to look first. What the cause was is not known to squall.")},
	}
	if len(run.injections) > 0 {
		blocks = append(blocks, heading{3, "What was done"}, injectionTable(run))
	}
	return noMentions(markdown(blocks))
}

// mention is what GitHub reads as the name of a person or a team, who would get a mail.
var mention = regexp.MustCompile(`@([A-Za-z0-9])`)

// noMentions puts a space without width behind each @, so that texts of a platform call nobody.
func noMentions(text string) string { return mention.ReplaceAllString(text, "@\u200b$1") }
