package report

import (
	"net/http"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// addRotations judges a rotation that nobody could judge because the run was killed: from the probes, as the session would have.
func (run *Run) addRotations() error {
	r := run.timeline.Rotated()
	if r == nil || r.Judged != nil {
		return nil
	}
	var names []string
	for _, c := range r.Channels {
		names = append(names, c.Channel)
	}
	track, last := rotation.NewTracker(names...), r.From
	err := run.files.EachProbe(func(p rundir.Probe) {
		if p.At >= r.From {
			last = max(last, p.At)
			track.Add(rotation.Probe{At: p.At, Channel: p.Channel, Replica: p.Replica, Signature: event.Signature(p.Signed), Answer: rotation.Answer(p.Answer), Status: p.Status})
		}
	})
	if err != nil {
		return err
	}
	judged := track.Judge(last, run.signedTraffic(r.From), rotation.LimitsOf(r.RotationArmed))
	r.Judged = &judged
	return nil
}

// signedTraffic is what became of the messages of each channel from a moment on.
func (run *Run) signedTraffic(from float64) map[string]rotation.Traffic {
	all := map[string]rotation.Traffic{}
	of := map[string]string{} // the channel whose secret signs a series
	for _, spec := range load.Channels() {
		of[load.Gateway.Name+"/"+spec.Name] = spec.SecretOf.String()
	}
	for _, s := range run.files.Seconds {
		if s.At < from {
			continue
		}
		for series, counts := range s.Series {
			if channel := of[series]; channel != "" {
				t := all[channel]
				t.Sent += counts[0]
				all[channel] = t
			}
		}
		for _, e := range s.Errors {
			if channel := of[e.Series]; channel != "" && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
				t := all[channel]
				t.Lost += e.Count
				all[channel] = t
			}
		}
	}
	return all
}

// rotationFindings are those of every rotation.
func rotationFindings(run *Run) (all []event.RotationFinding) {
	for _, r := range run.timeline.Rotations {
		if r.Judged != nil {
			all = append(all, r.Judged.Findings...)
		}
	}
	return all
}
