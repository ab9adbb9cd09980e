package tui

import (
	"context"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
)

// Session is what the console needs of a run. *session.Session is one.
type Session interface {
	Snapshot() session.Snapshot
	Done() <-chan struct{} // closed when the report is on disk

	// Do gives a command. Export takes a moment; the others return at once.
	Do(ctx context.Context, by event.Actor, c command.Command) error

	// Preflight and DryRun ask the target, which may take seconds, and change nothing.
	Preflight(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, error)
	DryRun(ctx context.Context, fault string, p chaos.Params) (chaos.Plan, []chaos.Check, error) // with a check per step
}
