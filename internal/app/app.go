// Package app is the composition root: a checked configuration in, a wired session out. It is the only
// room that knows the drivers of faults.
package app

import (
	"context"
	"errors"
	"fmt"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
)

// Run is one run to start.
type Run struct {
	Resolved config.Resolved
	Dir      string             // run directory, see [Directory]
	Embedded bool               // the target is the embedded platform, in this process
	Rotation session.Rotation   // what the embedded platform offers of its own: replicas, next secrets, and to rotate them
	Guard    session.StartGuard // nil: none
	Version  string             // of squall
	Command  []string           // arguments as typed; secrets are taken out
}

// Start wires a session and starts it. An error of the faults' configuration is a [ConfigError].
func Start(ctx context.Context, run Run) (*session.Session, error) {
	r := run.Resolved
	r.Options.RunID = session.NewRunID()
	f, err := OpenFaults(r, run.Embedded, r.Options.RunID, newClientLog(run.Dir, r.Options.Keys.Redact))
	if err != nil {
		return nil, &ConfigError{err}
	}
	monitoring, err := openMonitoring(r, f.list)
	if err != nil {
		return nil, &ConfigError{err}
	}
	rotated, err := rotationOf(r, run.Rotation, newClientLog(run.Dir, r.Options.Keys.Redact))
	if err != nil {
		return nil, &ConfigError{err}
	}
	told, err := openOutlets(r, run.Dir)
	if err != nil {
		return nil, &ConfigError{err}
	}
	key, err := LedgerKey(r)
	if err != nil {
		key = chaos.NewKey() // of this run and its guard
		if !run.Embedded {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%v: if this run and its guard die, squall recover will need --trust", err))
		}
	}
	s, err := session.Start(ctx, session.Config{
		Options: r.Options, Settings: r.Settings, Duration: r.Duration,
		Objectives: r.Objectives, BuiltIn: r.BuiltIn, StopRules: r.StopRules,
		Policy: slo.Policy{WarnExpectations: r.WarnExpectations, Unknown: slo.UnknownRule(r.Unknown)},
		Faults: f.list, Undoers: f.undoers, FaultParams: f.checked.Given, Schedule: f.checked.Inject,
		SteadyState: session.SteadyState(r.Faults.SteadyState), Steady: r.Faults.Steady, Protected: r.Protected, Watch: watchOf(monitoring, r.Faults.Kubernetes.Namespace), Monitoring: monitoring,
		Dir: run.Dir, LedgerKey: key, Guard: run.Guard, Target: r.Target, Embedded: run.Embedded, Version: run.Version,
		Command: config.WithoutSecrets(run.Command, r.Options.Keys.Fingerprint), Settled: provenance(r), Secrets: r.Secrets, Warnings: r.Warnings,
		Rotation: rotated, Token: tokenOf(r),
		Measured: told.measured, Outlets: told.list,
		Report: writeReport,
	})
	if err != nil {
		return nil, errors.Join(err, told.close())
	}
	return s, nil
}

// ConfigError is a mistake in the configuration, as opposed to something that went wrong.
type ConfigError struct{ err error }

func (e *ConfigError) Error() string { return e.err.Error() }
func (e *ConfigError) Unwrap() error { return e.err }

func provenance(r config.Resolved) []event.Provenance {
	all := make([]event.Provenance, len(r.Origins))
	for i, o := range r.Origins {
		all[i] = event.Provenance(o)
	}
	return all
}
