package report

import (
	"xinbot.ir/squall/internal/rundir"
)

// workloadTotals is what the pods of one workload did, from its table in the evidence.
type workloadTotals struct {
	file, namespace, name string

	known             bool // once
	first, last       rundir.Replicas
	fewest, most      int
	restarts          int
	counted           bool    // once
	notReady, unknown float64 // seconds
	now               rundir.Replicas
	uncounted         float64 // seconds in which restarts were not counted
	reason            string  // why it was not known, the last time
}

// addWorkloads reads what the workloads did. Each row holds until the next one.
func (run *Run) addWorkloads() error {
	at := map[string]*workloadTotals{}
	err := run.files.EachReplicas(func(r rundir.Replicas) {
		key := r.Namespace + "\x00" + r.Workload
		w := at[key]
		if w == nil {
			w = &workloadTotals{file: r.File, namespace: r.Namespace, name: r.Workload}
			at[key], run.workloads = w, append(run.workloads, w)
		} else {
			w.hold(r.At.Sub(w.now.At).Seconds())
		}
		w.add(r)
	})
	if err != nil {
		return err
	}
	return run.files.EachGonePod(func(p rundir.GonePod) { run.gonePods = append(run.gonePods, p) })
}

// hold adds the seconds for which what was said last was so.
func (w *workloadTotals) hold(seconds float64) {
	switch {
	case !w.now.Known:
		w.unknown += seconds
	case w.now.Ready < w.now.Desired:
		w.notReady += seconds
	}
	if !w.now.Counted {
		w.uncounted += seconds
	}
}

func (w *workloadTotals) add(r rundir.Replicas) {
	w.now = r
	if r.Gap != "" {
		w.reason = r.Gap
	}
	if r.Counted {
		w.restarts, w.counted = r.Restarts, true
	}
	if !r.Known {
		return
	}
	if !w.known {
		w.known, w.first, w.fewest = true, r, r.Ready
	}
	w.last, w.fewest, w.most = r, min(w.fewest, r.Ready), max(w.most, r.Ready)
}
