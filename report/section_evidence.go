package report

import (
	"path"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/units"
)

// mostEvidence is how many files of the evidence the report names; their index has all.
const mostEvidence = 200

// evidenceSection names every file that the sources wrote, such as the autoscalers as they were before and after: whoever has the
// report finds what it is made of, and what it does not show.
func evidenceSection(run *Run) []block {
	if len(run.evidence) == 0 {
		return nil
	}
	t := table{columns: textColumns("File", "What it holds", "Source")}
	for _, e := range run.evidence[:min(len(run.evidence), mostEvidence)] {
		file := path.Join(rundir.EvidenceDir, e.File)
		t.rows = append(t.rows, []line{{{text: file, style: plainStyle, href: linkTo(file)}}, plain(e.Title), plain(e.Source)})
	}
	blocks := []block{t}
	if rest := len(run.evidence) - len(t.rows); rest > 0 {
		blocks = append(blocks, paragraph{plain(units.Int(rest), " more are in ").then(code(path.Join(rundir.EvidenceDir, rundir.EvidenceFile)), plain("."))})
	}
	return blocks
}
