package report

import (
	"cmp"
	"fmt"
	"path"
	"time"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// mostGonePods is how many pods that went away the report names; the file has all.
const mostGonePods = 50

// kubernetesSource is the source of what this section shows.
const kubernetesSource = "kubernetes"

// podsSection is how the pods of workloads came and went, and which of them went away or crashed.
func podsSection(run *Run) []block {
	var blocks []block
	if len(run.workloads) > 0 {
		blocks = append(blocks, workloadTable(run))
		var gaps []line
		for _, w := range run.workloads {
			if w.unknown > 0 || w.uncounted > 0 || !w.known {
				gaps = append(gaps, code(w.namespace+"/"+w.name).then(plain(": ", w.reason)))
			}
		}
		files := paragraph{plain("Counts are of pods. Fewest and most are of the time that is known. Every change is in ")}
		seen := map[string]bool{}
		for _, w := range run.workloads {
			if !seen[w.file] {
				if len(seen) > 0 {
					files.text = files.text.then(plain(", "))
				}
				seen[w.file], files.text = true, files.text.then(code(path.Join(rundir.EvidenceDir, w.file)))
			}
		}
		blocks = append(blocks, paragraph{files.text.then(plain("; what scaled them is in "), code(path.Join(rundir.EvidenceDir, "scaling-events.csv")), plain("."))})
		if len(gaps) > 0 {
			blocks = append(blocks, paragraph{plain("Not known:")}, list{gaps})
		}
	}
	if gaps := gapLines(run.gapsOf(func(source string) bool { return source == kubernetesSource })); len(gaps) > 0 {
		blocks = append(blocks, paragraph{plain("Not read:")}, list{gaps})
	}
	if len(run.gonePods) > 0 {
		blocks = append(blocks, heading{3, "Pods that went away or crashed"}, gonePodTable(run))
		if rest := len(run.gonePods) - mostGonePods; rest > 0 {
			blocks = append(blocks, paragraph{plain(units.Int(rest), " more are in ").then(code(path.Join(rundir.EvidenceDir, rundir.GonePodsFile)), plain("."))})
		}
	}
	return blocks
}

// gapsOf are the times in which sources gave nothing, of some sources.
func (run *Run) gapsOf(ofSource func(string) bool) (gaps []timeline.Gap) {
	for _, g := range run.timeline.Gaps {
		if ofSource(g.Source) {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

func workloadTable(run *Run) table {
	t := table{columns: append(textColumns("Workload"), numberColumns("Ready at first", "Fewest", "Most", "At the end", "Not all ready for", "Not known for", "Restarts")...)}
	for _, w := range run.workloads {
		cells := []line{code(w.namespace + "/" + w.name)}
		if w.known {
			end := fmt.Sprintf("%d of %d", w.last.Ready, w.last.Desired)
			if !w.now.Known {
				end = absent
			}
			cells = append(cells, textRow(fmt.Sprintf("%d of %d", w.first.Ready, w.first.Desired), units.Int(w.fewest), units.Int(w.most), end, lengthText(w.notReady))...)
		} else {
			cells = append(cells, textRow(absent, absent, absent, absent, absent)...)
		}
		restarts := absent
		switch {
		case w.counted && w.uncounted > 0:
			restarts = units.Int(w.restarts) + " or more"
		case w.counted:
			restarts = units.Int(w.restarts)
		}
		t.rows = append(t.rows, append(cells, textRow(lengthText(w.unknown), restarts)...))
	}
	return t
}

func gonePodTable(run *Run) table {
	t := table{columns: append(numberColumns("Seen at", "Gone at"), textColumns("Pod", "Workload", "What happened", "Last lines and events")...)}
	at := func(when time.Time, otherwise string) string {
		if when.IsZero() {
			return otherwise
		}
		return clockTenths(max(0, when.Sub(run.files.Start).Seconds()))
	}
	for _, p := range run.gonePods[:min(len(run.gonePods), mostGonePods)] {
		if p.Pod == "" { // how many more there were
			t.rows = append(t.rows, textRow(absent, absent, absent, absent, p.How, absent))
			continue
		}
		text := plain("not kept")
		if p.File != "" {
			text = code(path.Join(rundir.EvidenceDir, p.File))
		}
		t.rows = append(t.rows, append(textRow(at(p.Seen, absent), at(p.Gone, "still there")), code(p.Namespace+"/"+p.Pod), plain(cmp.Or(p.Workload, "none")), plain(p.How), text))
	}
	return t
}
