package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/report"
	"xinbot.ir/squall/tui"
)

// extras is what some commands add to a run.
type extras struct {
	embedded bool                                    // the target is the platform in this process
	rotation session.Rotation                        // what that one offers
	drive    func(context.Context, *session.Session) // gives commands of its own while the run goes on; nil: nothing does
}

// runSession runs one session from its start to its report, whichever way it ends. The guard is started with it; nil: none.
func (a *commands) runSession(ctx context.Context, r config.Resolved, guard session.StartGuard, more extras) error {
	a.hide(r.Options.Keys)
	for _, warning := range r.Warnings {
		fmt.Fprintf(a.Err, "warning: %s\n", warning)
	}
	if r.Faults.DryRun {
		return a.dryRun(ctx, r)
	}
	if trouble := a.tokenProblem(r); trouble != "" {
		fmt.Fprintf(a.Err, "warning: %s: the admin API will refuse it\n", trouble)
	}
	leftovers, err := a.offerRecovery(ctx, r)
	if err != nil {
		return err
	}
	r.Warnings = append(r.Warnings, leftovers...)
	if err := a.preflightFaults(ctx, r); err != nil {
		return err
	}
	dir, err := app.Directory(r, a.Now())
	if err != nil {
		return usage(err)
	}
	var screen *screen
	if !a.isHeadless(r.Headless) {
		if screen, err = captureScreen(); err != nil {
			return err
		}
	}
	run := app.Run{Resolved: r, Dir: dir, Embedded: more.embedded, Rotation: more.rotation, Guard: guard, Version: Version(), Command: a.Args}
	s, err := app.Start(ctx, run)
	if err != nil {
		err = errors.Join(err, screen.giveBack(a.Err))
		if errors.As(err, new(*app.ConfigError)) {
			return usage(err)
		}
		return err
	}
	watched := a.endOnSignal(s)
	if more.drive != nil {
		go more.drive(ctx, s)
	}
	failure := a.runConsole(ctx, s, r, screen)
	<-s.Done()
	watched()

	snap := s.Snapshot()
	if snap.Report != "" {
		dir = filepath.Dir(snap.Report) // not the run directory, if that could not be written
	}
	var verdict slo.Verdict
	made, err := report.Load(dir)
	if err == nil {
		verdict = made.Verdict()
		fmt.Fprint(a.Out, report.Terminal(made, snap.Report, columns(a.out)))
		err = errors.Join(app.SaveDocuments(made, dir, r.Documents), a.exportDocuments(made, dir, r.Copies))
		a.appendJobSummary(made, dir)
	}
	failure = errors.Join(failure, s.Err(), err)
	if failure != nil {
		a.printError(failure)
	}
	if code := exitCodeOf(snap, verdict, failure); code != exitPassed {
		return exitStatus(code)
	}
	return nil
}

// appendJobSummary appends the run to the job summary of GitHub Actions, if there is one. Nobody asked for it by name, so
// that a failure is said and leaves the exit code to the verdict.
func (a *commands) appendJobSummary(run *report.Run, dir string) {
	path, _ := a.LookupEnv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return
	}
	if err := app.AppendJobSummary(run, dir, path); err != nil {
		fmt.Fprintf(a.Err, "warning: %v\n", err)
	}
}

// runConsole drives the session until it has ended. However it returns, the session is ending: an error or
// a panic of a screen must not leave load running unseen.
func (a *commands) runConsole(ctx context.Context, s *session.Session, r config.Resolved, screen *screen) (err error) {
	defer func() {
		if value := recover(); value != nil {
			s.Panicked(value, debug.Stack())
			err = fmt.Errorf("squall failed: %v", value)
		}
	}()
	if screen == nil {
		a.headless(ctx, s, r.Warnings)
		return nil
	}
	err = a.showConsole(ctx, s, screen)
	var panicked *tui.PanicError
	switch {
	case errors.As(err, &panicked):
		s.Panicked(panicked.Value, panicked.Stack)
	case err != nil:
		a.end(ctx, s, event.Actor{Role: event.RoleSignal, Name: "console lost"})
	default:
		a.end(ctx, s, event.By(event.RoleOperator))
	}
	return err
}

// showConsole shows the console, which has the terminal to itself meanwhile.
func (a *commands) showConsole(ctx context.Context, s *session.Session, screen *screen) (err error) {
	defer func() { err = errors.Join(err, screen.release()) }()
	screen.tell(s.Captured)
	return tui.Run(ctx, s, tui.Options{Output: screen.out, ASCII: a.withoutUTF8()})
}

// end asks the session to end. One that is ending already stays as it is.
func (a *commands) end(ctx context.Context, s *session.Session, by event.Actor) {
	if err := s.Do(ctx, by, command.Finish{}); err != nil {
		a.printError(err)
	}
}

// isHeadless reports whether a run has lines in place of the console.
func (a *commands) isHeadless(headless bool) bool {
	return headless || !a.terminal(a.In) || !a.terminal(a.Out)
}

// endOnSignal ends the session at the first signal, drops what is in flight at the second, and leaves
// the third to the system. The returned function stops watching.
func (a *commands) endOnSignal(s *session.Session) (stop func()) {
	over := make(chan struct{})
	go func() {
		for n := 0; n < 2; n++ {
			select {
			case sig := <-a.Signals:
				by := event.Actor{Role: event.RoleSignal, Name: sig.String()}
				if n == 0 {
					a.end(context.Background(), s, by)
				} else {
					s.Abort(by)
				}
			case <-over:
				return
			}
		}
		if a.LastSignal != nil {
			a.LastSignal()
		}
	}()
	return func() { close(over) }
}

func (a *commands) tokenProblem(r config.Resolved) string {
	if !r.AdminToken.Set() {
		return ""
	}
	token, err := config.ReadToken(r.AdminToken)
	if err != nil {
		return err.Error()
	}
	return token.Problem(a.Now())
}

// Signals are what asks squall to end. SIGHUP is a dropped SSH connection. SIGQUIT and SIGABRT would dump goroutines
// and leave faults on.
func Signals() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT}
}
