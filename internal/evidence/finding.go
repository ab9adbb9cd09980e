package evidence

import (
	"fmt"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// Level is how good a finding is.
type Level uint8

// The levels, from good to bad.
const (
	OK      Level = iota
	Warning       // something will be missing, and a person should know before the drill
	Failing       // the source gives nothing
)

// FindingKind is what was found.
type FindingKind uint8

// The kinds.
const (
	SourceAnswers FindingKind = iota
	SourceFails
	ClockDiffers
	PanelHasData
	PanelRenamed
	PanelEmpty
	PanelFails
	MetricHasData
	MetricMissing
	AlertDefined
	AlertUndefined
	AlertTooSlow
	AlertMayBeLate
	AlertBroken
	ProcessUnknown
	ProcessesDiffer
	OpenToNetwork
	RightMissing
	DashboardFound
	DashboardMissing
	DashboardFails
	DashboardDiffers
)

// Finding is one thing that a check found.
type Finding struct {
	Kind    FindingKind
	Source  string
	Subject string   // the panel's title, or the name of a metric, an alert or a target
	Found   string   // what is there: a version, a label, an address
	Problem *Problem // of what fails
	Needed  string   // what asked for it: a stop rule, a steady-state condition, a panel of the configuration; "" when nobody did

	For, Interval, Within time.Duration // of alerts: their condition has to hold, the rule is evaluated every, and the time it is given
	Differs               time.Duration // of clocks
}

// findingKinds has for each kind how good it is, its text and what would help.
var findingKinds = [...]struct {
	level  Level
	text   func(Finding) string
	remedy func(Finding) string
}{
	SourceAnswers: {OK, func(f Finding) string { return f.Source + " answers" + in(f.Found) }, nil},
	SourceFails:   {Failing, func(f Finding) string { return f.at() + " cannot be read: " + f.Problem.Error() }, problemRemedy},
	ClockDiffers: {Warning, func(f Finding) string {
		return fmt.Sprintf("the clock of %s is %s %s", f.at(), units.Duration(f.Differs.Abs().Round(time.Second/10)), map[bool]string{true: "ahead", false: "behind"}[f.Differs > 0])
	}, says("times of alerts and charts are off by that much: set the clocks")},
	PanelHasData: {OK, func(f Finding) string { return f.Subject + " has data" }, nil},
	PanelRenamed: {OK, func(f Finding) string { return f.Subject + " has data, under " + f.Found }, nil},
	PanelEmpty: {Warning, func(f Finding) string {
		return f.Subject + ": its query finds nothing, although its metrics have series" + in(f.Found)
	}, says("correct the labels in the query")},
	PanelFails:    {Warning, func(f Finding) string { return f.Subject + ": " + f.Problem.Error() }, problemRemedy},
	MetricHasData: {OK, func(f Finding) string { return "metric " + f.Subject + " has data" }, nil},
	MetricMissing: {Warning, func(f Finding) string { return "metric " + f.Subject + " has no series" }, says("is its service read by the monitoring, and has it run? Some metrics have no series before their first event")},
	AlertDefined: {OK, func(f Finding) string {
		return fmt.Sprintf("alert %s is defined: it fires after %s, looked at every %s", f.Subject, units.Duration(f.For), units.Duration(f.Interval))
	}, nil},
	AlertUndefined: {Warning, func(f Finding) string { return "alert " + f.Subject + " is not defined: it can never fire" }, says("define it (examples/observability has rules), or expect another")},
	AlertTooSlow: {Warning, func(f Finding) string {
		return fmt.Sprintf("alert %s cannot fire in time: its condition has to hold for %s, and it is given %s", f.Subject, units.Duration(f.For), units.Duration(f.Within))
	}, says("let the fault last longer, or load a rule with a shorter `for` for drills (examples/observability has such)")},
	AlertMayBeLate: {Warning, func(f Finding) string {
		return fmt.Sprintf("alert %s may fire too late: its condition has to hold for %s, it is looked at every %s, and it is given %s", f.Subject, units.Duration(f.For), units.Duration(f.Interval), units.Duration(f.Within))
	}, says("let the fault last longer")},
	AlertBroken: {Warning, func(f Finding) string { return "the rule of alert " + f.Subject + " cannot be evaluated" + in(f.Found) }, says("correct the rule")},
	ProcessUnknown: {Warning, func(f Finding) string {
		return f.at() + " does not say which process answers: replicas behind its address cannot be told apart"
	}, says("let it show process_start_time_seconds, give the address of one process, or use a Prometheus")},
	ProcessesDiffer: {Warning, func(f Finding) string { return "several processes answer at " + f.at() }, says("give the address of each, or use a Prometheus")},
	OpenToNetwork: {Warning, func(f Finding) string {
		return f.Source + " listens on " + f.Found + ": who reaches it can make alerts up"
	}, says("listen on a loopback address, or set a token")},
	DashboardFound:   {OK, func(f Finding) string { return "dashboard " + f.Subject + in(f.Found) }, nil},
	DashboardMissing: {Warning, func(f Finding) string { return f.Source + " has no dashboard " + f.Subject }, says("name those that it has with --grafana-dashboard, or give a file of it with --grafana-file")},
	DashboardFails:   {Warning, func(f Finding) string { return "dashboard " + f.Subject + " cannot be read: " + f.Problem.Error() }, problemRemedy},
	DashboardDiffers: {Warning, func(f Finding) string { return "dashboard " + f.Subject + " is shown otherwise by Grafana: " + f.Found }, says("look at those panels in Grafana, too")},
	RightMissing:     {Warning, func(f Finding) string { return f.Source + " does not let you " + f.Subject }, says("apply the Role in docs/faults.md")},
}

// Level is how good the finding is.
func (f Finding) Level() Level { return findingKinds[f.Kind].level }

// Text is what was found, for people.
func (f Finding) Text() string {
	text := findingKinds[f.Kind].text(f)
	if f.Needed != "" && f.Level() != OK {
		text += " (needed by " + f.Needed + ")"
	}
	return text
}

// Remedy is what would help, for people; "" when nothing is to be done.
func (f Finding) Remedy() string {
	if remedy := findingKinds[f.Kind].remedy; remedy != nil {
		return remedy(f)
	}
	return ""
}

// at is what the finding is about: the source, or one of its targets.
func (f Finding) at() string {
	if f.Subject != "" {
		return f.Subject
	}
	return f.Source
}

func in(found string) string {
	if strings.TrimSpace(found) == "" {
		return ""
	}
	return " (" + found + ")"
}

func says(remedy string) func(Finding) string { return func(Finding) string { return remedy } }

func problemRemedy(f Finding) string { return f.Problem.Remedy() }
