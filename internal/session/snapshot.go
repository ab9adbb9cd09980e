package session

import (
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Status is where a session is between its start and its end.
type Status string

// The statuses, in order; paused and halted may come and go.
const (
	Running  Status = "running"
	Paused   Status = "paused"
	Halted   Status = "halted"   // everything back to baseline; spikes and faults are blocked until released
	Draining Status = "draining" // no new requests, waiting for those in flight
	Finished Status = "finished" // the report is on disk
)

// FaultState is a fault with what became of its last injection.
type FaultState struct {
	chaos.Status
	Run      int       // counts the injections of the run from 1; 0: not injected yet
	Reverted time.Time // when the last injection was reverted; zero before
	Recovery TimeToGreen
	Findings []event.Finding     // expectations of the last injection; none before the first
	Effect   *event.EffectJudged // whether the last injection changed anything that is measured; nil: not judged yet
}

// PhaseStats is what was measured in one phase, from its merged histograms.
type PhaseStats struct {
	timeline.Phase
	Seconds float64        // length of the seconds that were counted in it
	Flows   []metric.Stats // by flow
}

// TimeToGreen is the clock from a verified undo until objectives are green again.
type TimeToGreen struct {
	Watching bool          // the clock runs, from FaultState.Reverted
	Done     bool          // green again after Took
	Took     time.Duration // with a resolution of one second
	Unbroken bool          // done, and no objective ever broke: there was nothing to recover from
	Goal     time.Duration // 0: none
	Reason   string        // why it could not be told, "" otherwise
}

// Snapshot is everything a screen needs, at one moment. Plain data, shared: do not write to its slices.
type Snapshot struct {
	Target    string // name for the header: "staging", "demo"
	Host      string // of the gateway
	Dir       string // run directory
	Started   time.Time
	Elapsed   time.Duration
	Duration  time.Duration // planned; 0: until stopped
	Status    Status
	Load      load.Snapshot
	Brands    []load.Brand // for the mix editor
	Mix       load.Weights // wanted shares over the whole run, normalised
	Shares    load.Weights // achieved shares over the last load.RecentWindows seconds, normalised
	Live      []slo.Result // objectives over the last load.RecentWindows seconds
	Overall   []slo.Result // objectives over the run: what the exit code will say
	Outside   bool         // Overall is of the time outside faults, spikes and their recovery
	StopRules []string
	Flows     []load.FlowState
	Faults    []FaultState       // in the order of their keys
	Phases    []PhaseStats       // of the whole run, oldest first; the last one goes on
	Panels    []PanelState       // of the platform's own metrics, in the order of the screen; none without a source
	Alerts    bool               // a source reads the platform's alerts
	Rotation  *RotationState     // of webhook secrets; nil: no channel has one
	Protected bool               // injecting a fault wants the target's name typed
	Events    []event.Event      // all, oldest first
	Timeline  *timeline.Timeline // what they mean; how the run ended is there too
	Report    string             // path of the last written report, "" until one is written
	Failure   string             // an error of squall itself (full disk, ..), "" if none
}
