package cli

import (
	"errors"
	"os"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
)

// The exit codes, as documented in the help. Those of a run are its verdict's.
const (
	exitPassed      = slo.ExitPassed
	exitFailed      = slo.ExitError
	exitUsage       = slo.ExitUsage
	exitNotReverted = slo.ExitNotReverted
)

// usageError is a mistake on the command line or in the configuration.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// signalError is a signal that ended squall before there was a run.
type signalError struct{ signal os.Signal }

func (e signalError) Error() string { return "ended by a signal (" + e.signal.String() + ")" }

// usage marks an error as a usage error; nil stays nil, and a signal is no mistake of the user's.
func usage(err error) error {
	var ended signalError
	if err == nil || errors.As(err, &ended) {
		return err
	}
	return usageError{err}
}

// exitStatus is how a run ended, as an error that needs no words: the summary has said it.
type exitStatus int

func (exitStatus) Error() string { return "" }

// exitCode is the exit code of a command that ended with an error, or with none.
func exitCode(err error) int {
	var ended exitStatus
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

// exitCodeOf returns the exit code of a finished run: its verdict's. What is still changed on the target needs a
// person, and so comes before everything else; what went wrong in squall itself makes the objectives
// worthless.
func exitCodeOf(snap session.Snapshot, verdict slo.Verdict, failure error) int {
	end := snap.Timeline.End
	switch {
	case end != nil && len(end.Data.NotReverted) > 0:
		return exitNotReverted
	case failure != nil:
		return exitFailed
	}
	return verdict.Exit
}

func brokenObjectives(verdicts []slo.Result) (n int) {
	for _, v := range verdicts {
		if v.State == slo.Fail {
			n++
		}
	}
	return n
}
