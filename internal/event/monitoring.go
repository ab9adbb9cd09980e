package event

import (
	"maps"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// AlertState is where an alert stands.
type AlertState string

// The states.
const (
	AlertPending   AlertState = "pending"   // its condition holds, not for long enough
	AlertFiring    AlertState = "firing"    //
	AlertSilenced  AlertState = "silenced"  // firing, and somebody has silenced it
	AlertInhibited AlertState = "inhibited" // firing, and another alert stands for it
	AlertResolved  AlertState = "resolved"  // it has fired, and no longer does
	AlertInactive  AlertState = "inactive"  // it was pending, and did not fire
)

// Fires reports whether the alert's condition has held for long enough, be it silenced or not.
func (s AlertState) Fires() bool {
	return s == AlertFiring || s == AlertSilenced || s == AlertInhibited
}

// Over reports whether the alert has come to its end.
func (s AlertState) Over() bool { return s == AlertResolved || s == AlertInactive }

// AlertChanged is an alert of the platform's monitoring that has another state than before. Times are by the clock of
// who evaluates the alert where they are exact, else of when squall saw them.
type AlertChanged struct {
	Source        string            `json:"source"` // who says so: "prometheus"
	Alert         string            `json:"alert"`
	Labels        map[string]string `json:"labels,omitempty"` // without its name
	Summary       string            `json:"summary,omitempty"`
	Runbook       string            `json:"runbook,omitempty"`
	State         AlertState        `json:"state"`
	ActiveAt      time.Time         `json:"active_at,omitzero"`   // since when its condition holds; zero: not known
	FiredAt       time.Time         `json:"fired_at,omitzero"`    // zero: it has not fired
	ResolvedAt    time.Time         `json:"resolved_at,omitzero"` // zero: it has not
	FiredExact    bool              `json:"fired_exact,omitempty"`
	ResolvedExact bool              `json:"resolved_exact,omitempty"`
}

var alertWords = map[AlertState]string{
	AlertPending: "is pending", AlertFiring: "fires", AlertSilenced: "fires, silenced", AlertInhibited: "fires, inhibited by another",
	AlertResolved: "is resolved", AlertInactive: "is no longer pending",
}

func (d AlertChanged) text() string {
	text := "Alert " + d.Alert + " " + alertWords[d.State]
	if d.State == AlertResolved && !d.FiredAt.IsZero() && d.ResolvedAt.After(d.FiredAt) {
		text += " after " + units.Duration(d.ResolvedAt.Sub(d.FiredAt).Round(time.Second))
	}
	return with(text, LabelText(d.Labels))
}

// LabelText writes labels for people, sorted: "severity page, tenant_id 1111".
func LabelText(labels map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, name+" "+labels[name])
	}
	return strings.Join(parts, ", ")
}

// alertLook points out what fires and what is over.
func alertLook(d AlertChanged) Look {
	switch d.State {
	case AlertFiring:
		return Look{Sign: '!', Tone: Bad, Chart: true, Observed: true}
	case AlertResolved:
		return Look{Sign: '✓', Tone: Good, Chart: true, Observed: true}
	case AlertSilenced, AlertInhibited:
		return Look{Sign: '!', Tone: Notable, Chart: true, Observed: true}
	}
	return Look{Sign: '·', Observed: true, Record: true}
}

// SourceGap is a source of the platform's own numbers, or one panel of it, that begins to give nothing.
type SourceGap struct {
	Source string `json:"source"`
	Panel  string `json:"panel,omitempty"` // "": everything of the source
	Title  string `json:"title,omitempty"` // of the panel
	Reason string `json:"reason"`
	Remedy string `json:"remedy,omitempty"`

	Partial bool `json:"partial,omitempty"` // other series of the panel are read

	Since time.Time `json:"since,omitzero"` // when what failed was begun: that it fails may be known much later
}

// SourceBack is the end of a gap.
type SourceBack struct {
	Source string  `json:"source"`
	Panel  string  `json:"panel,omitempty"`
	Title  string  `json:"title,omitempty"`
	Lasted float64 `json:"lasted"` // seconds

	Partial bool `json:"partial,omitempty"` // other series were read meanwhile
}

func (d SourceGap) text() string {
	text := d.Missing() + ": " + d.Reason
	if d.Remedy != "" {
		text += "; " + d.Remedy
	}
	return text
}

// Missing is what the source does not give, as a sentence begins: "No data from prometheus".
func (d SourceGap) Missing() string {
	if d.Partial {
		return "Not all of " + about(d.Title, d.Source)
	}
	return "No " + about(d.Title, d.Source)
}

func (d SourceBack) text() string {
	what := "Again "
	if d.Partial {
		what = "Again all of "
	}
	return what + about(d.Title, d.Source) + ", after " + units.Lasted(duration(d.Lasted))
}

// about names what a source gives.
func about(title, source string) string {
	if title == "" {
		return "data from " + source
	}
	return title + " from " + source
}
