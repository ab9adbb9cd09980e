package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// How long a guard goes on with what it cannot revert, and how long it waits between tries: a target that was
// restarted together with squall is back within that.
const (
	guardPatience = time.Hour
	guardPause    = time.Second
	guardMaxPause = 30 * time.Second
)

// StartGuard starts the process that reverts what a run has left when its own is killed. It is given the key of the run's
// ledger, which may be that of this run alone. The process watches when it returns.
type StartGuard func(dir string, key chaos.Key) error

// Guard waits until the session that holds a run directory has ended: until its process has, which closes ended, and
// until nobody holds the lock. Files alone do not tell, since a person can remove them under a living session. When the
// session was killed, the guard reverts what it has left, and writes into the journal what became of it. It calls ready
// once it is waiting. A run directory that was moved or removed meanwhile it finds, or copies what is left of it.
func Guard(ctx context.Context, dir string, ended <-chan struct{}, ready func(), r RecoverOptions) (err error) {
	files, err := holdFiles(dir)
	if err != nil {
		return fmt.Errorf("guard %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, files.close()) }()
	ready()
	select {
	case <-ended:
	case <-ctx.Done():
		return fmt.Errorf("guard %s: wait for the end of the session: %w", dir, context.Cause(ctx))
	}
	now, isCopy, err := files.find()
	if err != nil {
		return fmt.Errorf("guard %s: %w", dir, err)
	}
	dir = now
	if isCopy {
		defer func() { err = errors.Join(err, removeSettled(now)) }()
	}
	lock, err := Lock(dir)
	if err != nil {
		return fmt.Errorf("guard %s: wait for the end of the session: %w", dir, err)
	}
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return fmt.Errorf("guard %s: wait for the end of the session: %w", dir, err)
	}
	if err := lock.Unlock(); err != nil { // Recover takes it for itself
		return fmt.Errorf("guard %s: %w", dir, err)
	}
	run, err := rundir.Open(dir)
	if err != nil {
		return fmt.Errorf("guard %s: %w", dir, err)
	}
	if run.End != nil { // by itself: what it could not revert, it has told its operator
		return nil
	}
	g := guard{dir: dir, redact: r.Options.Keys.Redact, started: run.Start, reported: map[string]bool{}}
	began := time.Now()
	for pause := guardPause; ; pause = min(2*pause, guardMaxPause) {
		left, err := g.revert(ctx, r)
		if err == nil && !left {
			return nil
		}
		if err != nil && !errors.Is(err, ErrAlive) {
			return fmt.Errorf("guard %s: %w", dir, err)
		}
		if time.Since(began) >= guardPatience {
			return fmt.Errorf("guard %s: gave up after %s: squall recover goes on", dir, guardPatience)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// removeSettled removes a copied run directory, unless it is the only record of what is not reverted yet.
func removeSettled(dir string) error {
	if open, err := chaos.ReadLedger(dir); err != nil || len(open) > 0 {
		return err
	}
	return os.RemoveAll(dir)
}

// guard writes down what it does for one dead run.
type guard struct {
	dir      string
	redact   func(string) string
	started  time.Time
	reported map[string]bool // objects that are not reverted, and of which the journal says so
}

// revert tries once; left when trying again can help.
func (g *guard) revert(ctx context.Context, r RecoverOptions) (left bool, err error) {
	results, err := Recover(ctx, g.dir, r)
	var errs []error
	for _, result := range results {
		if result.Err != nil {
			left = left || canBeRetried(result.Err)
			if g.reported[result.Object] {
				continue
			}
			g.reported[result.Object] = true
		}
		errs = append(errs, g.write(result))
	}
	return left, errors.Join(append(errs, g.endFaults(), err)...)
}

// endFaults writes down that those faults are over of which nothing is left to revert.
func (g *guard) endFaults() error {
	run, err := rundir.Open(g.dir)
	if err != nil {
		return err
	}
	open, err := chaos.ReadLedger(g.dir)
	if err != nil {
		return nil //nolint:nilerr // damage is among the results, and what is damaged may be such a fault's
	}
	var errs []error
	for _, i := range timeline.Of(run.Events).Injections {
		if i.Reverted != nil || i.Active == nil || len(i.Active.Data.Records) == 0 {
			continue
		}
		records := i.Active.Data.Records
		stays := slices.ContainsFunc(open, func(r chaos.Record) bool { return slices.Contains(records, r.ID) })
		if !stays && len(chaos.LostRecords(g.dir, records)) == 0 {
			errs = append(errs, g.append(event.FaultReverted{Injection: i.Injection, Cause: event.CauseKilled}))
		}
	}
	return errors.Join(errs...)
}

// canBeRetried reports whether time can mend it: a person's decision, another place and a lost record cannot be waited for.
func canBeRetried(err error) bool {
	return !errors.As(err, new(*unrecordedError)) && !errors.As(err, new(*chaos.ConflictError)) && !errors.As(err, new(*chaos.OtherTargetError)) && !errors.As(err, new(*chaos.DamagedError))
}

func (g *guard) write(result chaos.RecoverResult) error {
	object := g.redact(result.Object)
	var data any = event.ChangeRecovered{Object: object}
	var left *chaos.NotRevertedError
	switch {
	case errors.As(result.Err, &left):
		data = event.ChangeNotReverted{Object: object, Remedy: g.redact(left.Remedy), Reason: g.redact(left.Err.Error())}
	case result.Err != nil:
		data = event.ChangeNotReverted{Object: object, Reason: g.redact(result.Err.Error())}
	}
	return g.append(data)
}

func (g *guard) append(data any) error {
	now := time.Now()
	return rundir.AppendEvent(g.dir, event.Make(now, now.Sub(g.started).Seconds(), event.By(event.RoleGuard), data))
}
