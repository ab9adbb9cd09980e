package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
)

// ErrAlive means that a run directory belongs to a session that is still running.
var ErrAlive = errors.New("the run is still going on, or another squall recover is at work on it")

// AllRuns lists the directories below root, oldest first. A root that does not exist holds none.
func AllRuns(root string) (dirs []string, err error) {
	entries, err := os.ReadDir(root) // sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for runs in %s: %w", root, err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			dirs = append(dirs, filepath.Join(root, entry.Name()))
		}
	}
	return dirs, nil
}

// Unfinished lists the run directories below root whose ledger still holds something, is damaged, or lacks what the
// journal says, oldest first. A root that does not exist holds none. One that cannot be read makes an error, and keeps
// none of the others from being listed.
func Unfinished(root string) (dirs []string, err error) {
	all, err := AllRuns(root)
	for _, dir := range all {
		open, failed := chaos.ReadLedger(dir)
		damaged := errors.As(failed, new(*chaos.DamagedError))
		if failed != nil && !damaged {
			err = errors.Join(err, failed)
			continue
		}
		if len(open) > 0 || damaged || len(unrecorded(dir)) > 0 {
			dirs = append(dirs, dir)
		}
	}
	return dirs, err
}

// Lock is the lock of a run directory, which its session holds as long as it lives. What is no lock file, such as a pipe that
// somebody has put there, would keep whoever opens it, and is an error.
func Lock(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, LockFile)
	if err := inputfile.Regular(path); err != nil {
		return nil, err
	}
	return flock.New(path), nil
}

// largestJournal bounds what is read of a journal at once, in bytes.
const largestJournal = 256 << 20

// unrecorded lists the faults that a run's journal says were injected and never reverted, and of which its ledger
// lacks a record: it was lost, or a part of it.
func unrecorded(dir string) (lost []timeline.Injection) {
	journal, err := inputfile.ReadRegular(filepath.Join(dir, rundir.JournalFile), largestJournal)
	if err != nil || !bytes.Contains(journal, []byte(`"kind":"fault_active"`)) { // spares most runs the reading of all their files
		return nil
	}
	info, err := os.Stat(filepath.Join(dir, chaos.LedgerFile))
	empty := err != nil || info.Size() == 0
	if !empty && bytes.Contains(journal, []byte(`"kind":"run_ended"`)) { // it has said itself what it did not revert
		return nil
	}
	run, err := rundir.Open(dir)
	if err != nil || run.Meta.Embedded {
		return nil
	}
	for _, i := range timeline.Of(run.Events).Injections {
		if !i.Applied() || i.Spike() || i.Reverted != nil {
			continue
		}
		if empty || len(chaos.LostRecords(dir, i.Active.Data.Records)) > 0 {
			lost = append(lost, i)
		}
	}
	return lost
}

// unrecordedError is a fault that cannot be reverted because the ledger lacks a record of it.
type unrecordedError struct{ injection timeline.Injection }

func (e *unrecordedError) Error() string {
	return fmt.Sprintf("revert %s: the journal says that it was injected at %s and never reverted, and the ledger lacks a record of it: squall recover --scan finds what is still changed at the target, or look there yourself; then move the run directory elsewhere",
		e.injection.Label, units.Clock(time.Duration(e.injection.Active.At*float64(time.Second))))
}

// RecoverOptions is how and with what a dead run is recovered.
type RecoverOptions struct {
	Options load.Options         // token, TLS and proxy settings for rules; where to go is in the ledger
	Undoers chaos.Undoers        // for faults
	How     chaos.RecoverOptions // whom to ask, how long to wait
	Key     chaos.Key            // of this user: a ledger that was not written with it is somebody else's
	// Trusts is asked, with what would be done, whether a ledger of somebody else is to be followed. Nil: it is not.
	Trusts func(foreign error, plan []chaos.Change) bool
}

// Recover reverts what a dead session left, from its ledger alone, newest change first. It
// leaves a living session alone (ErrAlive) and may be run again at any time. With a ledger that is somebody else's, and
// not trusted, nobody is contacted, and the error is a [*chaos.ForeignLedgerError].
func Recover(ctx context.Context, dir string, r RecoverOptions) (_ []chaos.RecoverResult, err error) {
	if _, err := chaos.ReadLedger(dir); err != nil && !errors.As(err, new(*chaos.DamagedError)) {
		return nil, err
	}
	lock, err := Lock(dir)
	if err != nil {
		return nil, fmt.Errorf("recover %s: lock: %w", dir, err)
	}
	held, err := lock.TryLock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("recover %s: no such run directory", dir)
	case err != nil:
		return nil, fmt.Errorf("recover %s: lock: %w", dir, err)
	case !held:
		return nil, fmt.Errorf("recover %s: %w", dir, ErrAlive)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	ledger, err := chaos.OpenLedger(dir, r.Key)
	if errors.Is(err, chaos.ErrLedgerInUse) { // somebody has removed the lock of a living session
		return nil, fmt.Errorf("recover %s: %w", dir, ErrAlive)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ledger.Close()) }()
	undoers := maps.Clone(r.Undoers)
	if undoers == nil {
		undoers = chaos.Undoers{}
	}
	undoers[load.RuleKind] = ruleUndoer{r.Options}
	embedded := isEmbedded(dir)
	if embedded {
		for kind := range undoers {
			undoers[kind] = noopUndoer{}
		}
	}
	foreign := ledger.Foreign()
	if open := ledger.Unresolved(); foreign != nil && len(open) > 0 && !embedded && (r.Trusts == nil || !r.Trusts(foreign, planOf(open, undoers))) {
		return nil, fmt.Errorf("recover %s: %w", dir, foreign)
	}
	all := chaos.Recover(ctx, ledger, undoers, r.How)
	if err := ledger.Damaged(); err != nil && !embedded {
		all = append(all, chaos.RecoverResult{Object: "damaged lines of the ledger", Err: err})
	}
	for _, i := range unrecorded(dir) {
		all = append(all, chaos.RecoverResult{Object: i.Label, Err: &unrecordedError{i}})
	}
	return all, nil
}

// RecoverFound reverts what was found at the target without a ledger, once it is trusted that the sessions are dead:
// see [RecoverOptions].Trusts, which is always asked.
func RecoverFound(ctx context.Context, found []chaos.Found, r RecoverOptions) (_ []chaos.RecoverResult, trusted bool) {
	records := make([]chaos.Record, len(found))
	for i, f := range found {
		records[i] = chaos.Record{Kind: f.Kind, Undo: f.Undo}
	}
	if !r.Trusts(nil, planOf(records, r.Undoers)) {
		return nil, false
	}
	return chaos.RecoverFound(ctx, found, r.Undoers, r.How), true
}

// planOf is what recovering does, in its order, as the records themselves say it.
func planOf(open []chaos.Record, undoers chaos.Undoers) []chaos.Change {
	plan := make([]chaos.Change, len(open))
	for i, r := range open {
		plan[i] = changeOf(r, undoers[r.Kind])
	}
	return plan
}

// changeOf is what a record says; of one that cannot be undone, why.
func changeOf(r chaos.Record, u chaos.Undoer) chaos.Change {
	err := fmt.Errorf("this squall does not know changes of kind %s", r.Kind)
	if u != nil {
		var change chaos.Change
		if change, err = u.Describe(r.Undo); err == nil {
			return change
		}
	}
	return chaos.Change{Object: r.Object, Place: "an unknown place", Undo: "nothing: " + err.Error()}
}

// isEmbedded reports whether a run had its platform in its own process.
func isEmbedded(dir string) bool {
	run, err := rundir.Open(dir)
	return err == nil && run.Meta.Embedded
}

// Foreign is a [*chaos.ForeignLedgerError] when a run's ledger has something open and is somebody else's.
func Foreign(dir string, key chaos.Key) error {
	if isEmbedded(dir) {
		return nil
	}
	return chaos.ForeignLedger(dir, key)
}

// noopUndoer undoes what was changed on an embedded platform: that has died with the run that held the lock.
type noopUndoer struct{}

func (noopUndoer) Undo(context.Context, json.RawMessage, bool) error { return nil }
func (noopUndoer) Describe(json.RawMessage) (chaos.Change, error)    { return chaos.Change{}, nil }
func (noopUndoer) Remedy(json.RawMessage) string                     { return "" }
