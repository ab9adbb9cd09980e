package report

import (
	"path"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// panelTotals is what was read of one panel of the platform's own metrics. A reading is the highest of its series.
type panelTotals struct {
	event.Panel
	readings    uint64
	first, last float64
	low, high   float64
	highAt      float64 // seconds since the start
	panelSeries

	at, now float64 // of the reading that goes on
	open    bool
}

// addSamples reads the platform's own metrics.
func (run *Run) addSamples() error {
	at := map[string]*panelTotals{}
	for _, p := range run.timeline.Start.Panels {
		run.panels = append(run.panels, newPanelTotals(p, run.length))
		at[p.Name] = run.panels[len(run.panels)-1]
	}
	err := run.files.EachSample(func(s rundir.Sample) {
		p := at[s.Panel]
		if p == nil {
			p = newPanelTotals(event.Panel{Name: s.Panel, Title: s.Panel}, run.length)
			run.panels, at[s.Panel] = append(run.panels, p), p
		}
		p.add(s)
	})
	for _, p := range run.panels {
		p.close()
	}
	return err
}

func newPanelTotals(p event.Panel, length float64) *panelTotals {
	return &panelTotals{Panel: p, panelSeries: newPanelSeries(max(1, length/mostPlatformCells), platformTillGap)}
}

func (p *panelTotals) add(s rundir.Sample) {
	p.panelSeries.add(event.LabelText(s.Labels), s.Labels, max(0, s.At), s.Value)
	if p.open && s.At == p.at {
		p.now = max(p.now, s.Value)
		return
	}
	p.close()
	p.at, p.now, p.open = s.At, s.Value, true
}

// close ends the reading that goes on.
func (p *panelTotals) close() {
	if !p.open {
		return
	}
	p.open = false
	if p.readings++; p.readings == 1 {
		p.first, p.low, p.high, p.highAt = p.now, p.now, p.now, p.at
	}
	p.last, p.low = p.now, min(p.low, p.now)
	if p.now > p.high {
		p.high, p.highAt = p.now, p.at
	}
}

// value writes a value of the panel.
func (p *panelTotals) value(v float64) string {
	switch p.Unit {
	case "s":
		return units.Latency(duration(v))
	case "/s":
		return units.Rate(v) + "/s"
	}
	return units.Number(v)
}

// platformSection is what the platform said of itself: its panels, and what was missing.
func platformSection(run *Run) []block {
	if len(run.panels) == 0 {
		return nil
	}
	t := table{columns: append(textColumns("Panel"), numberColumns("Readings", "Series", "First", "Lowest", "Highest", "At", "Last")...)}
	for _, p := range run.panels {
		if p.readings == 0 {
			t.rows = append(t.rows, textRow(p.Title, "0", absent, absent, absent, absent, absent, absent))
			continue
		}
		t.rows = append(t.rows, textRow(p.Title, units.Count(p.readings), units.Int(len(p.series)), p.value(p.first), p.value(p.low), p.value(p.high), clock(p.highAt), p.value(p.last)))
	}
	where := paragraph{plain("A reading is the highest of a panel's series. Every value is in ").then(code(rundir.SamplesFile), plain("."))}
	if files := run.evidenceFiles(func(e rundir.Evidence) bool { return e.Panel != "" && strings.HasPrefix(e.File, "panel-") }); len(files) > 0 {
		what := " What the sources gave for the whole run at its end, at steps of their own: "
		if run.salvaged() {
			what = " The run was killed before its sources could give all that they knew; a file for each panel has what was read until then: "
		}
		where.text = where.text.then(plain(what)).then(fileList(files)).then(plain("."))
	}
	blocks := []block{t, where}
	if gaps := gapLines(run.gapsOf(func(source string) bool { return source != kubernetesSource })); len(gaps) > 0 {
		blocks = append(blocks, paragraph{plain("Not read:")}, list{gaps})
	}
	return blocks
}

// alertsSection is the alert timeline: what fired, how long after a fault began, and when it was over.
func alertsSection(run *Run) []block {
	if len(run.timeline.Alerts) == 0 {
		return quietBlocks(run)
	}
	where := paragraph{plain("Each change as it was seen is in ").then(code(rundir.JournalFile))}
	if files := run.alertFiles(); len(files) > 0 {
		what := "; what each source knew of alerts at the end of the run: "
		if run.salvaged() {
			what = "; a file for each source has the same: "
		}
		where.text = where.text.then(plain(what)).then(fileList(files))
	}
	where.text = where.text.then(plain("."))
	return append(alertTable(run), where)
}

// quietBlocks say that sources told of no alert, and when they could not; nil where there was no source.
func quietBlocks(run *Run) []block {
	files := run.alertFiles()
	if len(files) == 0 {
		return nil
	}
	blocks := []block{paragraph{plain("No source told of an alert: ").then(fileList(files)).then(plain("."))}}
	var silent []timeline.Gap
	for _, g := range run.timeline.Gaps {
		if (g.Panel == "" || g.Panel == "alerts") && slices.ContainsFunc(files, func(file string) bool {
			return strings.HasPrefix(path.Base(file), alertFilePrefix+g.Source+".")
		}) {
			silent = append(silent, g)
		}
	}
	if lines := gapLines(silent); len(lines) > 0 {
		blocks = append(blocks, paragraph{plain("They could not tell of any meanwhile:")}, list{lines})
	}
	return blocks
}

// alertFilePrefix begins the names of files with the alerts of a source.
const alertFilePrefix = "alerts-"

// alertFiles are the files in which sources wrote the alerts that they knew of.
func (run *Run) alertFiles() []string {
	return run.evidenceFiles(func(e rundir.Evidence) bool { return strings.HasPrefix(e.File, alertFilePrefix) })
}

// salvaged reports whether the evidence was made of what was read while the run went on.
func (run *Run) salvaged() bool {
	return slices.ContainsFunc(run.evidence, func(e rundir.Evidence) bool { return e.Salvaged })
}

// evidenceFiles are the files of some kind that the sources wrote.
func (run *Run) evidenceFiles(wanted func(rundir.Evidence) bool) (files []string) {
	for _, e := range run.evidence {
		if wanted(e) {
			files = append(files, path.Join(rundir.EvidenceDir, e.File))
		}
	}
	return files
}

// fileList names files in one line.
func fileList(files []string) (text line) {
	for n, file := range files {
		if n > 0 {
			text = text.then(plain(", "))
		}
		text = text.then(code(file))
	}
	return text
}
