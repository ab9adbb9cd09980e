package event

import (
	"fmt"
	"strings"

	"xinbot.ir/squall/internal/units"
)

// RunStarted is what a run was started with. It holds fingerprints of secrets, never secrets.
type RunStarted struct {
	RunID        string             `json:"run_id"`
	Version      string             `json:"version"` // of squall
	GoVersion    string             `json:"go_version"`
	OS           string             `json:"os"`
	Arch         string             `json:"arch"`
	CPUs         int                `json:"cpus"` // GOMAXPROCS
	Host         string             `json:"host"`
	Command      []string           `json:"command"` // arguments, secrets replaced
	Target       string             `json:"target"`
	Gateway      string             `json:"gateway"`
	Orchestrator string             `json:"orchestrator"`
	UTCOffset    int                `json:"utc_offset,omitempty"` // of the operator's clock, seconds east of UTC
	Embedded     bool               `json:"embedded"`             // the demo platform, in the same process
	Workload     string             `json:"workload"`             // where it came from
	Tenants      int                `json:"tenants"`
	Brands       int                `json:"brands"`
	Model        string             `json:"model"` // closed or open
	VUs          int                `json:"vus"`
	Rate         float64            `json:"rate"` // arrivals per second
	Think        Think              `json:"think"`
	Ramp         string             `json:"ramp"`
	Mix          map[string]float64 `json:"mix"` // channel -> share
	SpikeFactor  float64            `json:"spike_factor"`
	Duration     float64            `json:"duration"` // seconds; 0: until stopped
	Seed         uint64             `json:"seed"`
	Objectives   []string           `json:"objectives"`
	BuiltIn      bool               `json:"built_in,omitempty"`     // these objectives are the defaults
	Expectations string             `json:"expectations,omitempty"` // fail or warn: what a failed expectation does to the verdict
	Unknown      string             `json:"unknown,omitempty"`      // fail, pass or "": what an objective that cannot be judged does
	StopRules    []string           `json:"stop_rules"`
	FlowsOff     map[string]string  `json:"flows_off"`        // flow -> why it does not run
	Secrets      map[string]string  `json:"secrets"`          // name -> fingerprint
	Panels       []Panel            `json:"panels,omitempty"` // of the platform's own metrics that are read
	Settings     []Provenance       `json:"settings"`         // resolved configuration and where each value came from
}

// Panel is one chart of the platform's own metrics.
type Panel struct {
	Name  string      `json:"name"`
	Title string      `json:"title"`
	Unit  string      `json:"unit,omitempty"`  // s, /s; "": of what the title says
	Query string      `json:"query,omitempty"` // PromQL
	Lines []PanelLine `json:"lines,omitempty"`
}

// PanelLine is a value that matters on a panel, in its unit.
type PanelLine struct {
	Value float64 `json:"value"`
	Text  string  `json:"text"` // what it is: "target"
}

// Provenance is one resolved setting.
type Provenance struct {
	Name   string `json:"name"`
	Value  string `json:"value"` // a fingerprint for secrets
	Source string `json:"source"`
}

func (d RunStarted) text() string {
	until := "until stopped"
	if d.Duration > 0 {
		until = "for " + seconds(d.Duration)
	}
	if d.Model == "open" {
		return fmt.Sprintf("Started on %s: %s requests/s, %s", d.Target, units.Number(d.Rate), until)
	}
	return fmt.Sprintf("Started on %s: %s, think time %s, %s", d.Target, units.VUs(d.VUs), d.Think, until)
}

// EndCause is why a run ended.
type EndCause string

// The causes.
const (
	EndAsked    EndCause = "asked"     // it was asked for, by the actor
	EndDuration EndCause = "duration"  // its planned time was over
	EndSignal   EndCause = "signal"    // Detail names it, such as [Interrupt]
	EndStopRule EndCause = "stop_rule" // Detail is the rule
	EndPanic    EndCause = "panic"     // squall itself failed; Detail is the panic
)

// RunEnded is how a run ended.
type RunEnded struct {
	Cause       EndCause `json:"cause"`
	Detail      string   `json:"detail,omitempty"`
	NotReverted []string `json:"not_reverted,omitempty"` // what is still changed on the target, each with its remedy
}

// Interrupt is the signal of Ctrl-C: a person's wish, as q is.
const Interrupt = "interrupt"

func (d RunEnded) text() string {
	text := "Ended: " + d.CauseText()
	if n := len(d.NotReverted); n > 0 {
		text += ", " + units.Int(n) + " not reverted"
	}
	return text
}

// CauseText is why the run ended, for people.
func (d RunEnded) CauseText() string {
	text := map[EndCause]string{
		EndAsked:    "on request",
		EndDuration: "planned duration over",
		EndSignal:   "signal",
		EndStopRule: "stop rule met",
		EndPanic:    "squall failed",
	}[d.Cause]
	if d.Detail != "" {
		text += " (" + d.Detail + ")"
	}
	return text
}

// Halted is a halt: faults are reverted, the load goes back to the baseline, and new spikes and
// faults are refused.
type Halted struct {
	From int `json:"from"` // virtual users wanted before
	To   int `json:"to"`
}

// HaltReleased allows spikes and faults again after a halt.
type HaltReleased struct{}

// Noted is a line that a person wrote.
type Noted struct {
	Note string `json:"note"`
}

// ReportExported is a report that was written while the run went on.
type ReportExported struct {
	Path string `json:"path"`
}

// Warned is something to know about the configuration.
type Warned struct {
	Warning string `json:"warning"`
}

// OutputCaptured is a line that another program or a library wrote to the terminal while the console was open.
type OutputCaptured struct {
	Line string `json:"line"`
}

// FlowOff is a flow that does not run.
type FlowOff struct {
	Flow   string `json:"flow"`
	Title  string `json:"title"` // "Rule toggling"
	Reason string `json:"reason"`
}

// MetricsServed is an address at which the metrics of the run can be read while it goes on.
type MetricsServed struct {
	URL string `json:"url"`
}

// SquallFailed is a failure of squall itself: a panic, a full disk.
type SquallFailed struct {
	// Meanwhile is what follows from it as long as the run goes on; "" when nothing does. What tells of a run that has ended
	// leaves it out.
	Meanwhile string `json:"meanwhile,omitempty"`
	Error     string `json:"error"`
	Stack     string `json:"stack,omitempty"`
}

func (d SquallFailed) text() string {
	text := "squall failed: " + d.Error
	if d.Meanwhile != "" {
		text += ": " + d.Meanwhile
	}
	return text
}

// CommandRefused is a command that was not carried out.
type CommandRefused struct {
	Command string `json:"command"` // its kind: set_vus
	Title   string `json:"title"`   // what was asked for: "set virtual users to 20"
	Params  any    `json:"params"`  // the command's parameters
	Reason  string `json:"reason"`
}

func (d CommandRefused) text() string {
	// Errors name what was asked for as a rule; then the sentence does not say it twice.
	if strings.HasPrefix(d.Reason, d.Title) {
		return "Refused: " + d.Reason
	}
	return fmt.Sprintf("Refused: %s: %s", d.Title, d.Reason)
}

// ChangeRecovered is a change of squall's on the target that was reverted after squall had ended.
type ChangeRecovered struct {
	Object string `json:"object"`
}

// ChangeNotReverted is a change of squall's on the target that is still there, outside of faults or after squall has ended.
type ChangeNotReverted struct {
	Object string `json:"object"` // automation rule r1 of tenant t1
	Remedy string `json:"remedy,omitempty"`
	Reason string `json:"reason"`
}
