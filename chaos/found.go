package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Found is a change that the target itself shows to be a squall's: by the name of a toxic, by an annotation. It is
// what there is to go by when the ledger is lost.
type Found struct {
	Session string // that made the change
	Kind    string // finds its [Undoer]
	Undo    json.RawMessage
}

// MakeFound makes one of a record for its undoer.
func MakeFound(session, kind string, undo any) (Found, error) {
	raw, err := json.Marshal(undo)
	if err != nil {
		return Found{}, fmt.Errorf("describe a change of session %s: %w", session, err)
	}
	return Found{session, kind, raw}, nil
}

// RecoverFound reverts what was found, in its order. Whether the sessions are dead, the caller has to know.
func RecoverFound(ctx context.Context, found []Found, undoers Undoers, options RecoverOptions) []RecoverResult {
	options = options.withDefaults()
	all := make([]RecoverResult, 0, len(found))
	for _, f := range found {
		r := Record{ID: f.Kind, Time: time.Now(), Kind: f.Kind, Object: f.Kind + " of session " + f.Session, Undo: f.Undo}
		all = append(all, recoverRecord(ctx, "", nothingToResolve, r, undoers, options))
	}
	return all
}

func nothingToResolve(string) error { return nil }
