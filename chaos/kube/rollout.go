package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/units"
)

// rolloutRecord is what waiting for a workload's pods needs.
type rolloutRecord struct {
	Where    clusterRef  `json:"where"`
	Workload workloadRef `json:"workload"`
	Ready    int         `json:"ready"` // pods that were ready before
}

// rolloutUndoer is the undoer of taken pods: their controller makes new ones, and it waits for them.
type rolloutUndoer struct{ opener clusterOpener }

// Undo is over once as many pods are ready as were before, or as many as are asked for by now.
func (u rolloutUndoer) Undo(ctx context.Context, raw json.RawMessage, overwrite bool) error {
	var r rolloutRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("read record of taken pods: %w", err)
	}
	cl, err := u.opener.open(ctx, r.Where, r.Workload.Namespace)
	if err != nil {
		return err
	}
	w, err := cl.sameWorkload(ctx, r.Workload)
	var other *replacedWorkload
	switch {
	case errors.As(err, &other):
		if overwrite {
			return nil // nothing of it can come back
		}
		return &chaos.ConflictError{Object: r.Workload.String(), Found: other.found, Left: "without some pods", Before: podCount(r.Ready) + " ready"}
	case err != nil:
		return err
	}
	return cl.readyCheck(ctx, w, r.Ready)
}

// Describe says which pods are waited for.
func (rolloutUndoer) Describe(raw json.RawMessage) (chaos.Change, error) {
	var r rolloutRecord
	if err := json.Unmarshal(raw, &r); err != nil {
		return chaos.Change{}, fmt.Errorf("read record of taken pods: %w", err)
	}
	return chaos.Change{Object: r.Workload.String(), Place: r.Where.Place(), Undo: "wait until " + podsReady(r.Ready)}, nil
}

// Remedy waits the same way.
func (u rolloutUndoer) Remedy(raw json.RawMessage) string {
	var r rolloutRecord
	if json.Unmarshal(raw, &r) != nil {
		return "kubectl rollout status, for the workload of the record"
	}
	return rolloutCommand(r.Where, r.Workload)
}

func rolloutCommand(ref clusterRef, w workloadRef) string {
	return kubectlCommand(ref, w.Namespace, "rollout", "status", w.Kind+"/"+w.Name)
}

// readyCheck is a [*chaos.Pending] until so many pods of the workload are ready, none of them on its way
// out. More than the replicas that are asked for are not waited for.
func (cl *cluster) readyCheck(ctx context.Context, w workload, before int) error {
	own, _, err := cl.pods(ctx, w, w.selector)
	if err != nil {
		return err
	}
	n, wanted := countReady(own), min(before, int(w.replicas))
	if n < wanted || !w.observed {
		return &chaos.PendingError{What: fmt.Sprintf("%d of %d pods of %s ready", n, wanted, w.workloadRef)}
	}
	return nil
}

// replacedWorkload means that the workload of a record is not there any more.
type replacedWorkload struct {
	found string
	now   *workload // of the same name; nil if there is none
}

func (o *replacedWorkload) Error() string { return "found " + o.found }

// sameWorkload reads a record's workload. The error is an [*otherWorkload] if it is gone, even if
// another of its name stands there.
func (cl *cluster) sameWorkload(ctx context.Context, want workloadRef) (workload, error) {
	k, err := kindOf(want.Kind)
	if err != nil {
		return workload{}, err
	}
	w, err := cl.workload(ctx, k, want.Namespace, want.Name)
	switch {
	case apierrors.IsNotFound(err) && !cl.unverified:
		return w, &replacedWorkload{found: "none of this name"}
	case err != nil && !apierrors.IsNotFound(err):
		return w, err
	case cl.unverified && w.UID != want.UID:
		return w, cl.errUnknownOutcome(want.String())
	case w.UID != want.UID:
		return w, &replacedWorkload{found: fmt.Sprintf("another of this name with %s", replicas(w.replicas)), now: &w}
	}
	return w, nil
}

func replicas(n int32) string {
	return units.Counted(uint64(max(0, n)), "replica", "replicas")
}
