package cli

import (
	"errors"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
)

// The exit codes, as documented in the help.
const (
	exitPassed     = 0
	exitFailed     = 1  // anything that has no code of its own
	exitUsage      = 2  // flags or configuration
	exitLeftBehind = 3  // something could not be put back
	exitObjective  = 99 // an objective failed, as with k6
)

// usageError is a mistake on the command line or in the configuration.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usage marks an error as a usage error; nil stays nil.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// outcome is how a run ended, as an error that needs no words: the summary has said it.
type outcome int

func (outcome) Error() string { return "" }

// exitCode says what a command's error means to the shell.
func exitCode(err error) int {
	var ended outcome
	var wrong usageError
	switch {
	case err == nil:
		return exitPassed
	case errors.As(err, &ended):
		return int(ended)
	case errors.As(err, &wrong):
		return exitUsage
	}
	return exitFailed
}

// judge gives the exit code of a finished run. Something left behind needs a person, and so comes
// before everything else; what went wrong in squall itself makes the objectives worthless.
func judge(snap session.Snapshot, failure error) int {
	left := snap.End != nil && len(snap.End.LeftOver) > 0
	switch {
	case left:
		return exitLeftBehind
	case failure != nil:
		return exitFailed
	case brokenObjectives(snap.Overall) > 0:
		return exitObjective
	}
	return exitPassed
}

func brokenObjectives(verdicts []load.Verdict) (n int) {
	for _, v := range verdicts {
		if v.State == load.Fail {
			n++
		}
	}
	return n
}
