package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/printable"
	"xinbot.ir/squall/internal/rundir"
)

// Bounds of the pictures of exported panels.
const (
	mostPictures = 200
	mostLines    = len(seriesRoles) // of a picture: those with the highest values
	mostCells    = 720              // that a line is drawn from; of each the lowest and the highest value are kept
	stepsTillGap = 2.5
)

// saveEvidenceCharts draws each panel that was exported as a picture beside its file: evidence/NAME.png. What cannot be
// drawn is warned of in the report.
func saveEvidenceCharts(run *Run, dir string) (missing error) {
	if err := run.evidenceErr; err != nil {
		run.warn("pictures of panels are missing: " + err.Error())
		return err
	}
	drawn := 0
	for _, e := range run.evidence {
		name, is := strings.CutSuffix(e.File, ".csv")
		if e.Panel == "" || !is {
			continue
		}
		if drawn++; drawn > mostPictures {
			run.warn(fmt.Sprintf("only the first %d panels have a picture", mostPictures))
			break
		}
		path := rundir.EvidenceDir + "/" + name + ".png"
		p, err := readPanel(run, e)
		if err == nil {
			err = drawPNG(run, p.chart()).save(filepath.Join(dir, filepath.FromSlash(path)))
		}
		if err != nil {
			run.warn("picture " + path + " is missing: " + err.Error())
			missing = errors.Join(missing, fmt.Errorf("draw %s: %w", path, err))
		}
	}
	return missing
}

// exportedPanel is what the file of a panel holds, as far as it is drawn.
type exportedPanel struct {
	rundir.Evidence
	panelSeries
}

// readPanel reads the file of a panel.
func readPanel(run *Run, e rundir.Evidence) (*exportedPanel, error) {
	f, err := inputfile.Open(filepath.Join(run.files.Dir, rundir.EvidenceDir, e.File))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &exportedPanel{e, newPanelSeries(max(1, run.length/mostCells), stepsTillGap)}
	rows := csv.NewReader(f)
	rows.FieldsPerRecord, rows.ReuseRecord = 3, true
	if _, err := rows.Read(); err != nil { // the names of its columns
		return nil, fmt.Errorf("read %s: %w", e.File, err)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.File, err)
		}
		at, err := time.Parse(time.RFC3339, row[0])
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.File, err)
		}
		name := printable.Uncell(row[1])
		if row[2] == "" {
			p.lose(name)
			continue
		}
		value, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.File, err)
		}
		if seconds := at.Sub(run.timeline.Started).Seconds(); seconds >= 0 && seconds <= run.length {
			p.add(name, nil, seconds, value)
		}
	}
}

// chart is the panel as a chart.
func (p *exportedPanel) chart() chart {
	c := panelChart{title: p.Title, unit: p.Unit, query: p.Query, height: 190}
	for _, l := range p.Lines {
		c.lines = append(c.lines, event.PanelLine{Value: l.Value, Text: l.Text})
	}
	if len(p.Gaps) > 0 {
		c.missing = p.Gaps[0].Reason
	}
	return c.chart(&p.panelSeries, mostLines)
}
