package tui

import (
	"context"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
)

// Session is what the console needs of a run. *session.Session is one.
type Session interface {
	Snapshot() session.Snapshot
	Done() <-chan struct{} // closed when the report is on disk
	Finish(reason string)  // returns at once and drains in the background

	SetVUs(n int) error
	SetRate(perSecond float64) error // 0 goes back to the closed model
	SetThink(t load.Think) error
	SetRamp(d time.Duration) error
	SetMix(w load.Weights) error                      // the zero value resets
	SetBrandMix(brandID string, w load.Weights) error // the zero value resets
	SetSpikeFactor(f float64) error
	Spike(on bool) error
	Pause(on bool) error
	Hold(on bool) error
	RecycleConnections() error
	Note(text string) error
	Halt() error
	Release() error
	Export() (path string, err error) // takes a moment

	// Preflight and DryRun ask the target, which may take seconds, and change nothing. The others
	// return at once.
	Preflight(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error)
	DryRun(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, []chaos.Check, error) // with a check per step
	Inject(fault string, p chaos.Params, confirm string) error                                   // confirm: a protected target's name, as typed
	Adjust(fault string, p chaos.Params) error                                                   // the live parameters of an active fault
	Revert(fault string) error
	Settle(fault string, d chaos.Decision) error // of a fault that is stuck
}
