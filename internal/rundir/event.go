// Package rundir is the run directory: the one format that a session writes and a report reads.
//
//	journal.jsonl   append-only events; what happened, and who did it
//	windows.jsonl   one line per second: counts, errors, virtual users, generator health
//	latency.hlog    HdrHistogram interval log, one tagged histogram per series and second
//	ledger.jsonl    write-ahead undo ledger (package chaos)
//
// Every file is append-only and crash-safe: a torn last line is dropped by the reader, never fatal.
package rundir

import (
	"encoding/json"
	"time"

	"xinbot.ir/squall/chaos"
)

// Kind names what happened.
type Kind string

// The kinds of event. Reports must ignore kinds that they do not know.
const (
	Started   Kind = "started"  // Data is [Meta]
	Finished  Kind = "finished" // Data is [End]
	SetVUs    Kind = "vus"      // Data is [Change]
	SetRate   Kind = "rate"
	SetThink  Kind = "think"
	SetRamp   Kind = "ramp"
	SetMix    Kind = "mix"
	SetFactor Kind = "spike_factor"
	SpikeOn   Kind = "spike_on" // begins a phase
	SpikeOff  Kind = "spike_off"
	Paused    Kind = "paused"
	Resumed   Kind = "resumed"
	Held      Kind = "held"
	Released  Kind = "released"
	Recycled  Kind = "recycled" // connections
	Note      Kind = "note"
	Halted    Kind = "halted"
	Unblocked Kind = "unblocked" // after a halt
	Objective Kind = "objective" // an objective changed its state; Data is [ObjectiveChange]
	StopRule  Kind = "stop_rule"
	Saturated Kind = "saturated" // the generator; also when it recovers
	FlowOff   Kind = "flow_off"  // a flow does not run, and why
	Exported  Kind = "exported"  // a report was written while running
	RuleState Kind = "rules"     // automation rules put back, or left behind
	Warning   Kind = "warning"   // something the operator was warned about at the start; Text says what
	Failure   Kind = "failure"   // squall itself: a panic, a full disk

	// A fault's events share one number, [Fault.Run]. Its phase lasts from FaultOn to FaultOff.
	FaultOn        Kind = "fault_on"        // is about to be injected; on the disk before anything is touched
	FaultActive    Kind = "fault_active"    // was applied and read back
	FaultChanged   Kind = "fault_changed"   // its parameters, while it was active
	FaultUndo      Kind = "fault_undo"      // is being taken back; Data has the reason
	FaultRetry     Kind = "fault_retry"     // is not taken back yet, and tried again; Data has the reason
	FaultOff       Kind = "fault_off"       // was taken back, and this was read back
	FaultRefused   Kind = "fault_refused"   // was not begun: preflight, rights, steady state
	FaultStuck     Kind = "fault_stuck"     // could not be taken back; Data has the remedies
	FaultRecovered Kind = "fault_recovered" // objectives are green again after it; Data has the seconds
	Expectation    Kind = "expectation"     // Data is [Expected]
	Scaled         Kind = "scaled"          // pods of a workload; Data is [Scale]
)

// ChannelSpike is the fault that is a spike of our own load: SpikeOn and SpikeOff between its FaultOn
// and FaultOff are its own.
const ChannelSpike = "channel_spike"

// Phase is a stretch of a run in which one thing was done to the platform, or several at once, or
// nothing. Phases follow from the events alone. A second belongs to the phase that its middle lies in.
type Phase struct {
	Name     string  // baseline, spike 1, LLM latency + Redis outage, recovery 2, paused, ..
	Strained bool    // a spike or a fault was on
	From, To float64 // seconds since the start
}

// Event is one line of the journal.
type Event struct {
	Time time.Time       `json:"time"` // wall clock, UTC
	At   float64         `json:"at"`   // seconds since the start, monotonic clock
	Kind Kind            `json:"kind"`
	By   string          `json:"by"`             // operator, squall, objectives, stop rule, signal
	Text string          `json:"text"`           // one line of plain English, ready for the screen
	Data json.RawMessage `json:"data,omitempty"` // shape by Kind
}

// Change is the Data of an event that moved a setting.
type Change struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// ObjectiveChange is the Data of an [Objective] event.
type ObjectiveChange struct {
	Objective string  `json:"objective"` // as in "gateway_latency: p(95)<1500"
	State     string  `json:"state"`     // pass, fail, unknown
	Value     float64 `json:"value"`
}

// Fault is the Data of a fault's events.
type Fault struct {
	Fault    string            `json:"fault"` // llm_latency
	Title    string            `json:"title"`
	Run      int               `json:"run"` // counts the injections of a run from 1; 0 for one that was not begun
	Driver   string            `json:"driver,omitempty"`
	Params   map[string]string `json:"params,omitempty"`
	Summary  string            `json:"summary,omitempty"` // of the parameters: "3 s ± 500 ms"
	Scope    string            `json:"scope,omitempty"`   // what is hit: "proxy llm-upstream"
	Lasts    float64           `json:"lasts,omitempty"`   // time-to-live, seconds
	Facts    []chaos.Fact      `json:"facts,omitempty"`   // of the preflight; FaultOn only
	Checks   []chaos.Check     `json:"checks,omitempty"`  // of the preflight; FaultOn and FaultRefused only
	Reason   string            `json:"reason,omitempty"`  // why it is taken back, refused or stuck
	Remedies []string          `json:"remedies,omitempty"`
	Seconds  float64           `json:"seconds,omitempty"` // FaultRecovered: from the verified undo until objectives were green
}

// Expected is the Data of an [Expectation] event: one expectation of a fault, decided.
type Expected struct {
	Fault string `json:"fault"`
	Title string `json:"title"`
	Run   int    `json:"run"`
	chaos.Finding
}

// Scale is the Data of a [Scaled] event.
type Scale struct {
	Workload string `json:"workload"` // deployment xin-staging/gateway
	Ready    int    `json:"ready"`    // pods
	Wanted   int    `json:"wanted"`   // replicas asked for
	Min      int    `json:"min,omitempty"`
	Max      int    `json:"max,omitempty"` // of its autoscaler; 0: it has none
}

// Meta is what a run was started with. It holds fingerprints of secrets, never secrets.
type Meta struct {
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
	Embedded     bool               `json:"embedded"` // the demo platform, in the same process
	Workload     string             `json:"workload"` // where it came from
	Tenants      int                `json:"tenants"`
	Brands       int                `json:"brands"`
	Model        string             `json:"model"` // closed or open
	VUs          int                `json:"vus"`
	Rate         float64            `json:"rate"`
	Think        string             `json:"think"`
	Ramp         string             `json:"ramp"`
	Mix          map[string]float64 `json:"mix"`
	SpikeFactor  float64            `json:"spike_factor"`
	Duration     float64            `json:"duration"` // seconds; 0: until stopped
	Seed         uint64             `json:"seed"`
	Objectives   []string           `json:"objectives"`
	StopRules    []string           `json:"stop_rules"`
	FlowsOff     map[string]string  `json:"flows_off"` // flow -> why it does not run
	Secrets      map[string]string  `json:"secrets"`   // name -> fingerprint
	Settings     []Provenance       `json:"settings"`  // resolved configuration and where each value came from
}

// Provenance is one resolved setting.
type Provenance struct {
	Name   string `json:"name"`
	Value  string `json:"value"` // a fingerprint for secrets
	Source string `json:"source"`
}

// End is how a run ended.
type End struct {
	Reason   string   `json:"reason"`              // operator, duration, signal, stop rule, panic
	Detail   string   `json:"detail"`              // "" or one line
	LeftOver []string `json:"left_over,omitempty"` // what could not be put back, each with its remedy
}

// Second is one line of windows.jsonl.
type Second struct {
	At        float64              `json:"at"` // start of the window, seconds since the start of the run
	Length    float64              `json:"len"`
	WantedVUs int                  `json:"wanted_vus"`
	VUs       int                  `json:"vus"`
	Rate      float64              `json:"rate,omitempty"`
	Missed    uint64               `json:"missed,omitempty"`
	InFlight  int                  `json:"in_flight"`
	LagMS     float64              `json:"lag_ms"`
	CPU       float64              `json:"cpu"`
	Saturated string               `json:"saturated,omitempty"` // reason
	Clamped   uint64               `json:"clamped,omitempty"`
	Series    map[string][2]uint64 `json:"series,omitempty"` // tag -> requests, failed
	Errors    []ErrorCount         `json:"errors,omitempty"`
	Checks    map[string][2]uint64 `json:"checks,omitempty"` // name -> passes, fails
}

// ErrorCount is one kind of error within one second.
type ErrorCount struct {
	Series string `json:"series"`
	Class  string `json:"class"`
	Status int    `json:"status,omitempty"`
	Count  uint64 `json:"count"`
	Sample string `json:"sample,omitempty"`
}
