package timeline

import (
	"slices"
	"strings"

	"xinbot.ir/squall/internal/event"
)

// Workload is how the pods of one workload moved.
type Workload struct {
	Workload string // deployment xin-staging/gateway
	Name     string // short: gateway
	Min, Max int    // of its autoscaler; Max 0: it has none
	Points   []Pods // a point per change, oldest first
}

// Pods is how many pods there were from a moment on.
type Pods struct {
	At            float64 // seconds since the start
	Ready, Wanted int
}

// applyWorkload keeps the workloads that were watched, in the order in which they were first seen.
func (t *Timeline) applyWorkload(e event.Event) {
	d, ok := e.Data.(event.WorkloadScaled)
	if !ok || d.Workload == "" {
		return
	}
	i := slices.IndexFunc(t.Workloads, func(w Workload) bool { return w.Workload == d.Workload })
	if i < 0 {
		i = len(t.Workloads)
		t.Workloads = append(t.Workloads, Workload{Workload: d.Workload})
		shorten(t.Workloads)
	}
	w := &t.Workloads[i]
	w.Min, w.Max = d.Min, d.Max
	w.Points = append(w.Points, Pods{e.At, max(0, d.Ready), max(0, d.Wanted)})
}

// shorten names workloads by what tells them apart: without the words in front that all of them share.
func shorten(all []Workload) {
	names := make([][]string, len(all))
	for i, w := range all {
		names[i] = strings.Split(w.Workload[strings.LastIndex(w.Workload, "/")+1:], "-")
	}
	shared := 0
	for len(names) > 1 && !slices.ContainsFunc(names, func(n []string) bool { return shared+1 >= len(n) || n[shared] != names[0][shared] }) {
		shared++
	}
	for i := range all {
		all[i].Name = strings.Join(names[i][shared:], "-")
	}
}

// Last is how it is now, or was at the end.
func (w Workload) Last() Pods { return w.Points[len(w.Points)-1] }

// Most is the most pods that were ready at or after a moment.
func (w Workload) Most(from float64) int {
	most := 0
	for i, p := range w.Points {
		if p.At >= from || i == len(w.Points)-1 || w.Points[i+1].At >= from {
			most = max(most, p.Ready)
		}
	}
	return most
}
