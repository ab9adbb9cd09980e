package session

import (
	"time"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// Phase of life of a session.
type Phase string

// The phases, in order; halted may come and go.
const (
	Running  Phase = "running"
	Paused   Phase = "paused"
	Halted   Phase = "halted"   // everything back to baseline; spikes (and later faults) are blocked until released
	Draining Phase = "draining" // no new requests, waiting for those in flight
	Finished Phase = "finished" // the report is on disk
)

// FlowState says whether a flow runs.
type FlowState struct {
	Flow   load.Flow
	On     bool
	Reason string // why it is off, in words for the screen: "no admin token"
	Detail string // what it does while on: "3/min × 2 tenants"
}

// Snapshot is everything a screen needs, at one moment. Plain data, shared: do not write to its slices.
type Snapshot struct {
	Target    string // name for the header: "staging", "demo"
	Host      string // of the gateway
	Dir       string // run directory
	Started   time.Time
	Elapsed   time.Duration
	Duration  time.Duration // planned; 0: until stopped
	Phase     Phase
	Load      load.Snapshot
	Brands    []load.Brand   // for the mix editor
	Mix       load.Weights   // wanted shares over the whole run, normalised
	Shares    load.Weights   // achieved shares over the last load.RecentWindows seconds, normalised
	Live      []load.Verdict // objectives over the last load.RecentWindows seconds
	Overall   []load.Verdict // objectives since the start: what the exit code will say
	StopRules []string
	Flows     []FlowState
	Events    []rundir.Event // the whole timeline, oldest first
	Report    string         // path of the last written report, "" until one is written
	End       *rundir.End    // set once finished
	Failure   string         // what squall itself suffers from now (full disk, ..); "" if nothing
}
