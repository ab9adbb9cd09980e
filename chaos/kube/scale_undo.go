package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"xinbot.ir/squall/chaos"
)

// scaleRecord is what restoring the replicas of a workload needs.
type scaleRecord struct {
	Where    clusterRef  `json:"where"`
	Workload workloadRef `json:"workload"`
	Before   int32       `json:"before"` // replicas
	After    int32       `json:"after"`  // what the fault sets
	Ready    int         `json:"ready"`  // pods that were ready before
	Session  string      `json:"session,omitempty"`
}

// scaleUndoer is the undoer of set replicas.
type scaleUndoer struct{ opener clusterOpener }

// Undo restores the replicas if they are still what the fault has set, and is over once as many pods
// are ready as were before.
func (u scaleUndoer) Undo(ctx context.Context, raw json.RawMessage, overwrite bool) error {
	var r scaleRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("read record of replicas: %w", err)
	}
	cl, err := u.opener.open(ctx, r.Where, r.Workload.Namespace)
	if err != nil {
		return err
	}
	moved := func(found string) *chaos.ConflictError {
		return &chaos.ConflictError{Object: r.Workload.String(), Found: found, Left: replicas(r.After), Before: replicas(r.Before)}
	}
	w, err := cl.sameWorkload(ctx, r.Workload)
	var other *replacedWorkload
	switch {
	case errors.As(err, &other):
		if other.now == nil {
			gone := moved(other.found)
			gone.Gone = true
			return gone
		}
		if !overwrite {
			return moved(other.found)
		}
		w = *other.now
	case err != nil:
		return err
	}
	m, marked := parseMark(w.mark)
	ours := marked && m.Session == r.Session
	if !overwrite && w.replicas != r.Before {
		switch {
		case w.replicas != r.After:
			return moved(replicas(w.replicas))
		case !ours && r.Session != "": // somebody has reverted it and set the same number again
			return moved(replicas(w.replicas) + ", without the mark of this session")
		}
	}
	back := scaleChange{workloadRef: w.workloadRef, before: w.replicas, after: r.Before, session: r.Session, mark: w.mark}
	if ours {
		back.mark = ""
	}
	if w.replicas != r.Before || w.mark != back.mark {
		if err := cl.scale(ctx, back, nil); err != nil {
			return err
		}
		k, err := kindOf(w.Kind)
		if err != nil {
			return err
		}
		if w, err = cl.workload(ctx, k, w.Namespace, w.Name); err != nil {
			return err
		}
	}
	return cl.readyCheck(ctx, w, r.Ready)
}

// Describe says which replicas are set.
func (scaleUndoer) Describe(raw json.RawMessage) (chaos.Change, error) {
	var r scaleRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return chaos.Change{}, fmt.Errorf("read record of replicas: %w", err)
	}
	return chaos.Change{Object: r.Workload.String(), Place: r.Where.Place(), Undo: "set " + replicas(r.Before)}, nil
}

// Remedy sets the replicas as they were.
func (u scaleUndoer) Remedy(raw json.RawMessage) string {
	var r scaleRecord
	if json.Unmarshal(raw, &r) != nil {
		return "kubectl scale, for the workload of the record"
	}
	command := scaleCommand(r.Where, r.Workload, r.Before)
	if r.Session != "" {
		command += " && " + unmarkCommand(r.Where, r.Workload)
	}
	return command
}
