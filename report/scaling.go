package report

import (
	"encoding/json"
	"slices"

	"xinbot.ir/squall/internal/rundir"
)

// scaling is how the pods of one workload moved.
type scaling struct {
	workload string // deployment xin-staging/gateway
	min, max int    // of its autoscaler; max 0: it has none
	points   []scalePoint
}

// scalePoint is how many pods there were from a moment on.
type scalePoint struct {
	at            float64 // seconds since the start
	ready, wanted int
}

// scalingOf reads the workloads that were watched, in the order in which they were first seen.
func scalingOf(events []rundir.Event) []scaling {
	var all []scaling
	for _, e := range events {
		var seen rundir.Scale
		if e.Kind != rundir.Scaled || json.Unmarshal(e.Data, &seen) != nil || seen.Workload == "" {
			continue
		}
		i := slices.IndexFunc(all, func(s scaling) bool { return s.workload == seen.Workload })
		if i < 0 {
			i = len(all)
			all = append(all, scaling{workload: seen.Workload})
		}
		s := &all[i]
		s.min, s.max = seen.Min, seen.Max
		s.points = append(s.points, scalePoint{e.At, max(0, seen.Ready), max(0, seen.Wanted)})
	}
	return all
}

// before is how it was when it was first seen.
func (s scaling) before() scalePoint { return s.points[0] }

// extremes are the fewest and the most pods that were ready, and the most that were wanted.
func (s scaling) extremes() (fewest, most, wanted int) {
	fewest = s.before().ready
	for _, p := range s.points {
		fewest, most, wanted = min(fewest, p.ready), max(most, p.ready), max(wanted, p.wanted)
	}
	return fewest, most, wanted
}

// changedFirst is the first point at which it was no longer as before; nil when it always was.
func (s scaling) changedFirst() *scalePoint {
	return s.first(func(p scalePoint) bool { return p.ready != s.before().ready || p.wanted != s.before().wanted })
}

func (s scaling) first(test func(scalePoint) bool) *scalePoint {
	if i := slices.IndexFunc(s.points, test); i >= 0 {
		return &s.points[i]
	}
	return nil
}

// back is the moment from which it was as before until the end of the data; nil when it was not.
func (s scaling) back() *scalePoint {
	var since *scalePoint
	for i, p := range s.points {
		switch same := p.ready == s.before().ready && p.wanted == s.before().wanted; {
		case !same:
			since = nil
		case since == nil:
			since = &s.points[i]
		}
	}
	return since
}
