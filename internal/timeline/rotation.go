package timeline

import (
	"slices"

	"xinbot.ir/squall/internal/event"
)

// Rotation is the rotation of secrets, from when it was armed until it was disarmed or the run ended. One that is armed again is
// another.
type Rotation struct {
	event.RotationArmed
	From, To float64 // seconds since the start; To is Open while it goes on
	By       event.Actor

	Changes    []Step[event.SecretChanged]
	Milestones []Step[event.RotationMilestone] // the last of each kind of a channel and replica
	Disagreed  []Disagreement
	Forged     []Step[event.ForgedAccepted]
	Judged     *event.RotationJudged // nil: it goes on, or the run was killed
}

// Disagreement is a time in which replicas accepted different secrets.
type Disagreement struct {
	Channel  string
	From, To float64  // seconds since the start; To is Open while it goes on
	Old      []string // replicas with the old secret when it began; none: not known
}

// Rotated is the rotation that goes on, or the last one; nil when there was none.
func (t *Timeline) Rotated() *Rotation {
	if n := len(t.Rotations); n > 0 {
		return &t.Rotations[n-1]
	}
	return nil
}

// applyRotation keeps what became of rotations.
func (t *Timeline) applyRotation(e event.Event) {
	if d, is := e.Data.(event.RotationArmed); is {
		t.Rotations = append(t.Rotations, Rotation{RotationArmed: d, From: e.At, To: Open, By: e.By})
		return
	}
	r := t.Rotated()
	if r == nil {
		return
	}
	switch d := e.Data.(type) {
	case event.RotationDisarmed:
		r.To = e.At
	case event.RunEnded:
		if r.To == Open {
			r.To = e.At
		}
	case event.SecretChanged:
		r.Changes = append(slices.Clip(r.Changes), stepOf(e, d))
	case event.RotationMilestone:
		r.Milestones = slices.DeleteFunc(slices.Clone(r.Milestones), func(m Step[event.RotationMilestone]) bool {
			return m.Data.Channel == d.Channel && m.Data.Replica == d.Replica && m.Data.Milestone == d.Milestone
		})
		r.Milestones = append(r.Milestones, stepOf(e, d))
	case event.ReplicasDisagree:
		r.Disagreed = append(slices.Clip(r.Disagreed), Disagreement{Channel: d.Channel, From: d.Since, To: Open, Old: d.Old})
	case event.ReplicasAgree:
		r.Disagreed = slices.Clone(r.Disagreed)
		for i := range r.Disagreed {
			if g := &r.Disagreed[i]; g.Channel == d.Channel && g.To == Open {
				g.To = max(g.From, d.Until)
			}
		}
	case event.ForgedAccepted:
		r.Forged = append(slices.Clip(r.Forged), stepOf(e, d))
	case event.RotationJudged:
		r.Judged = &d
	}
}
