package report

import (
	"cmp"
	"encoding/xml"
	"io"
	"strconv"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
)

// junit.xml has four suites: the run itself, its objectives, its stop rules, and the expectations of its faults, of which one
// is that each has an effect. It is what build servers read (junit-10.xsd of Jenkins, which Maven's Surefire writes). There is a failure or
// an error in it exactly when the verdict is not passed:
//
//   - a failure is an objective or an expectation that failed, or a stop rule that ended the run;
//   - an error is a run that could not be judged, that left something changed on the target, or that went wrong in squall;
//   - skipped, with the reason, is what is not known, and what failed and was to cost nothing.

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Time     string       `xml:"time,attr"` // seconds
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string           `xml:"name,attr"`
		Tests      int              `xml:"tests,attr"`
		Failures   int              `xml:"failures,attr"`
		Errors     int              `xml:"errors,attr"`
		Skipped    int              `xml:"skipped,attr"`
		Time       string           `xml:"time,attr"`
		Timestamp  string           `xml:"timestamp,attr,omitempty"` // of the start, UTC
		Hostname   string           `xml:"hostname,attr,omitempty"`
		Properties *junitProperties `xml:"properties"`
		Cases      []junitCase      `xml:"testcase"`
	}
	junitProperties struct {
		Property []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		Classname string       `xml:"classname,attr"`
		Skipped   *junitReason `xml:"skipped"`
		Error     *junitReason `xml:"error"`
		Failure   *junitReason `xml:"failure"`
	}
	// junitReason stands in an attribute and as text: some readers show the one, some the other.
	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// junitRunCases are what can be wrong with a run as a whole, by the reason of its verdict that says so. Failed objectives
// and expectations have suites of their own.
var junitRunCases = []struct {
	kind    slo.ReasonKind
	name    string // what holds when there is no such reason
	isError bool
}{
	{slo.NotReverted, "Nothing is left changed on the target", true},
	{slo.SquallFailed, "squall itself worked", true},
	{slo.NotInjected, "Every fault that was asked for was injected", true},
	{slo.CutShort, "No signal ended the run before its time", true},
	{slo.StopRuleMet, "No stop rule ended the run", false},
	{slo.NotEnded, "The run came to its end", true},
	{slo.NothingMeasured, "The platform answered and was measured", true},
	{slo.LoadNotSent, "The load left this machine", true},
	{slo.ObjectiveUnknown, "Every objective that was asked for could be judged", true},
	{slo.StopRuleUnknown, "Every stop rule could be told", true},
}

func writeJUnit(w io.Writer, run *Run) error {
	suites := junitSuites{Name: "squall " + oneLine(cmp.Or(run.timeline.Start.Target, "run"))}
	for _, s := range []struct {
		name  string
		cases []junitCase
	}{{"run", junitRun(run)}, {"objectives", junitObjectives(run)}, {"stop rules", junitStopRules(run)}, {"expectations", junitExpectations(run)}} {
		if len(s.cases) > 0 {
			suites.add(run, s.name, s.cases)
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	to := xml.NewEncoder(w)
	to.Indent("", "  ")
	if err := to.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// add adds a suite and counts it. The time is the run's: all suites are about the same one.
func (all *junitSuites) add(run *Run, name string, cases []junitCase) {
	s := junitSuite{Name: name, Tests: len(cases), Time: junitSeconds(0), Hostname: oneLine(run.timeline.Start.Host), Cases: cases}
	if !run.timeline.Started.IsZero() {
		s.Timestamp = run.timeline.Started.UTC().Format("2006-01-02T15:04:05")
	}
	for i := range cases {
		c := &cases[i]
		c.Name, c.Classname = oneLine(c.Name), "squall."+name
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	if len(all.Suites) == 0 {
		s.Time, s.Properties = junitSeconds(run.length), junitPropertiesOf(run)
	}
	all.Time = junitSeconds(run.length)
	all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	all.Suites = append(all.Suites, s)
}

func junitSeconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

func junitPropertiesOf(run *Run) *junitProperties {
	start := run.timeline.Start
	return &junitProperties{[]junitProperty{
		{"verdict", run.verdict.Answer.String()},
		{"exit_code", strconv.Itoa(run.verdict.Exit)},
		{"target", oneLine(start.Target)},
		{"run", oneLine(start.RunID)},
		{"squall", oneLine(start.Version)},
	}}
}

func junitRun(run *Run) (cases []junitCase) {
	for _, row := range junitRunCases {
		c := junitCase{Name: row.name}
		var texts string
		for _, r := range run.verdict.Reasons {
			if r.Kind != row.kind {
				continue
			}
			if texts != "" {
				texts += "; "
			}
			texts += r.About
			if r.Detail != "" {
				texts += ": " + r.Detail
			}
		}
		switch reason := junitBecause("run", texts); {
		case texts == "":
		case row.isError:
			c.Error = reason
		default:
			c.Failure = reason
		}
		cases = append(cases, c)
	}
	return cases
}

func junitBecause(kind, text string) *junitReason {
	text = oneLine(text)
	return &junitReason{text, kind, text}
}

func junitObjectives(run *Run) (cases []junitCase) {
	for _, o := range run.verdict.Run.Objectives {
		c := junitCase{Name: o.Objective.String()}
		where := ""
		if o.Scope != o.Objective.Scope { // else it is in the objective's own text
			where = " " + o.Scope.String()
		}
		switch {
		case o.State == slo.Fail:
			c.Failure = junitBecause("objective", "came to "+measured(o.Result)+where+", over "+units.Counted(o.Samples, "sample", "samples"))
		case o.State == slo.Unknown && run.verdict.Run.Policy.Unknown == slo.UnknownFails:
			c.Failure = junitBecause("objective", "could not be judged: "+o.Reason)
		case o.State == slo.Unknown:
			c.Skipped = junitBecause("", o.Reason)
		}
		cases = append(cases, c)
	}
	return cases
}

// junitStopRules are the rules with whether they were watched. One that was met and ended the run is a failure of the run.
func junitStopRules(run *Run) (cases []junitCase) {
	for _, rule := range run.timeline.Start.StopRules {
		c := junitCase{Name: rule}
		for _, u := range run.timeline.Unread {
			if u.Data.What != event.ConditionStopRule || u.Data.Rule != rule {
				continue
			}
			reason := u.Data.Extent() + ": " + u.Data.Reason
			if u.Data.Never && run.verdict.Run.Policy.Unknown == slo.UnknownFails {
				c.Failure = junitBecause("stop rule", reason)
			} else {
				c.Skipped = junitBecause("", reason)
			}
		}
		cases = append(cases, c)
	}
	return cases
}

func junitExpectations(run *Run) (cases []junitCase) {
	for _, i := range run.injections {
		for _, f := range i.Findings {
			c := junitCase{Name: i.Label + ": " + f.Text}
			reason := cmp.Or(f.Reason, "nothing more is known")
			switch verdictOn(f) {
			case event.ExpectationMet:
			case event.ExpectationFailed:
				if run.verdict.Run.Policy.WarnExpectations {
					c.Skipped = junitBecause("", "not met, which was to be a warning: "+reason)
				} else {
					c.Failure = junitBecause("expectation", reason)
				}
			default:
				c.Skipped = junitBecause("", reason)
			}
			cases = append(cases, c)
		}
		if d := i.EffectAnswer(); i.Applied() && (i.Effect != nil || d.Effect == event.EffectSeen) {
			c := junitCase{Name: i.Label + ": it has an effect"}
			if d.Effect != event.EffectSeen {
				c.Skipped = junitBecause("", d.Explain())
			}
			cases = append(cases, c)
		}
	}
	return cases
}
