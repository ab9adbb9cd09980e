package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/load"
)

// ErrAlive says that a run directory belongs to a session that is still running.
var ErrAlive = errors.New("the run is still going on")

// Recovered is what became of one change that a dead session left.
type Recovered struct {
	Dir    string
	Object string // what was changed
	Err    error  // nil: it is back as it was found, and this was verified
}

// Unfinished lists the run directories below root whose ledger still holds something, oldest
// first. A root that does not exist holds none.
func Unfinished(root string) ([]string, error) {
	ledgers, err := filepath.Glob(filepath.Join(root, "*", chaos.LedgerFile))
	if err != nil {
		return nil, fmt.Errorf("look for unfinished runs in %s: %w", root, err)
	}
	slices.Sort(ledgers)
	var dirs []string
	for _, path := range ledgers {
		dir := filepath.Dir(path)
		open, err := chaos.ReadLedger(dir)
		if err != nil {
			return nil, err
		}
		if len(open) > 0 {
			dirs = append(dirs, dir)
		}
	}
	return dirs, nil
}

// Recover takes back what a dead session left, from its ledger alone, newest change first. It
// leaves a living session alone (ErrAlive) and may be run again at any time. The options carry the
// token, TLS and proxy settings; where to go is in the ledger.
func Recover(ctx context.Context, dir string, o load.Options) (_ []Recovered, err error) {
	if _, err := chaos.ReadLedger(dir); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, LockFile))
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
	ledger, err := chaos.OpenLedger(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, ledger.Release()) }()

	var all []Recovered
	for _, r := range ledger.Open() {
		undo := undoRecord(ctx, r, o)
		if undo == nil {
			undo = ledger.Close(r.ID)
		}
		all = append(all, Recovered{Dir: dir, Object: r.Object, Err: undo})
	}
	return all, nil
}

func undoRecord(ctx context.Context, r chaos.Record, o load.Options) error {
	if r.Kind != ruleKind {
		return fmt.Errorf("take back %s: this squall does not know changes of kind %q", r.Object, r.Kind)
	}
	var state load.RuleState
	if err := json.Unmarshal(r.Undo, &state); err != nil {
		return fmt.Errorf("take back %s: read ledger: %w", r.Object, err)
	}
	return load.RestoreRule(ctx, o, state)
}
