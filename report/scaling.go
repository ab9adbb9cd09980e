package report

import (
	"slices"

	"xinbot.ir/squall/internal/timeline"
)

// scaling is how the pods of one workload moved.
type scaling struct{ timeline.Workload }

// before is how it was when it was first seen.
func (s scaling) before() timeline.Pods { return s.Points[0] }

// extremes are the fewest and the most pods that were ready, and the most that were wanted.
func (s scaling) extremes() (fewest, most, wanted int) {
	fewest = s.before().Ready
	for _, p := range s.Points {
		fewest, most, wanted = min(fewest, p.Ready), max(most, p.Ready), max(wanted, p.Wanted)
	}
	return fewest, most, wanted
}

// changedFirst is the first point at which it was no longer as before; nil when it always was.
func (s scaling) changedFirst() *timeline.Pods {
	return s.first(func(p timeline.Pods) bool { return p.Ready != s.before().Ready || p.Wanted != s.before().Wanted })
}

func (s scaling) first(test func(timeline.Pods) bool) *timeline.Pods {
	if i := slices.IndexFunc(s.Points, test); i >= 0 {
		return &s.Points[i]
	}
	return nil
}

// back is the moment from which it was as before until the end of the data; nil when it was not.
func (s scaling) back() *timeline.Pods {
	var since *timeline.Pods
	for i, p := range s.Points {
		switch same := p.Ready == s.before().Ready && p.Wanted == s.before().Wanted; {
		case !same:
			since = nil
		case since == nil:
			since = &s.Points[i]
		}
	}
	return since
}
