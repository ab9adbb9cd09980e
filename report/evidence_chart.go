package report

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/units"
)

// Bounds of the pictures of exported panels.
const (
	mostPictures   = 200
	mostLines      = 10  // of a picture: those with the highest values
	mostCells      = 720 // that a line is drawn from; of each the lowest and the highest value are kept
	legendRow      = 13  // points
	longestSteps   = 1000
	stepsTillGap   = 2.5
	legendRoom     = 8
	lineOfNoWeight = 1.5 // points wide is a line whose role has no width
)

// seriesRoles are how lines of a panel look, in their order.
var seriesRoles = [mostLines]role{
	levelRole, firstErrorRole + 1, firstErrorRole + 5, firstErrorRole + 2, firstErrorRole + 4,
	firstErrorRole + 3, firstErrorRole + 6, firstErrorRole + 7, firstErrorRole + 9, firstErrorRole + 8,
}

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
			err = p.draw(run).save(filepath.Join(dir, filepath.FromSlash(path)))
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
	cell   float64 // seconds
	steps  []float64
	series map[string]*exportedSeries
}

// exportedSeries is one line: of each cell the lowest and the highest value.
type exportedSeries struct {
	name  string
	cells []exportedCell
	last  float64 // seconds since the start
	high  float64
}

type exportedCell struct {
	index         int
	lowAt, highAt float64
	low, high     float64
}

// readPanel reads the file of a panel.
func readPanel(run *Run, e rundir.Evidence) (*exportedPanel, error) {
	f, err := inputfile.Open(filepath.Join(run.files.Dir, rundir.EvidenceDir, e.File))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &exportedPanel{Evidence: e, cell: max(1, run.length/mostCells), series: map[string]*exportedSeries{}}
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
		value, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", e.File, err)
		}
		if seconds := at.Sub(run.timeline.Started).Seconds(); seconds >= 0 && seconds <= run.length {
			p.add(row[1], seconds, value)
		}
	}
}

func (p *exportedPanel) add(name string, at, value float64) {
	s := p.series[name]
	if s == nil {
		s = &exportedSeries{name: strings.Clone(name), last: math.NaN(), high: value}
		p.series[s.name] = s
	}
	if step := at - s.last; step > 0 && len(p.steps) < longestSteps {
		p.steps = append(p.steps, step)
	}
	s.last, s.high = at, max(s.high, value)
	index := int(at / p.cell)
	if n := len(s.cells); n == 0 || s.cells[n-1].index != index {
		s.cells = append(s.cells, exportedCell{index, at, at, value, value})
		return
	}
	c := &s.cells[len(s.cells)-1]
	if value < c.low {
		c.lowAt, c.low = at, value
	}
	if value > c.high {
		c.highAt, c.high = at, value
	}
}

// line is a series as it is drawn.
func (s *exportedSeries) line(r role, gap float64) chartLine {
	l := chartLine{name: s.name, role: r, gap: gap}
	add := func(at, value float64) { l.times, l.values = append(l.times, at), append(l.values, value) }
	for _, c := range s.cells {
		switch {
		case c.lowAt == c.highAt:
			add(c.lowAt, c.low)
		case c.lowAt < c.highAt:
			add(c.lowAt, c.low)
			add(c.highAt, c.high)
		default:
			add(c.highAt, c.high)
			add(c.lowAt, c.low)
		}
	}
	return l
}

// gap is how long a time without a value is a gap: a few of the usual steps.
func (p *exportedPanel) gap() float64 {
	if len(p.steps) == 0 {
		return 2 * p.cell
	}
	slices.Sort(p.steps)
	return max(stepsTillGap*p.steps[len(p.steps)/2], 2*p.cell)
}

// chart is the panel as a chart: its highest series, in the order of their names.
func (p *exportedPanel) chart() chart {
	var all []*exportedSeries
	for _, s := range p.series {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *exportedSeries) int {
		return cmp.Or(cmp.Compare(b.high, a.high), strings.Compare(a.name, b.name))
	})
	explanation := p.unit().text
	if len(all) > mostLines {
		explanation += fmt.Sprintf(" · the %d highest of %d series", mostLines, len(all))
		all = all[:mostLines]
	}
	slices.SortFunc(all, func(a, b *exportedSeries) int { return strings.Compare(a.name, b.name) })
	panel := chartPanel{height: 190, label: p.unit().label}
	gap := p.gap()
	for i, s := range all {
		l := s.line(seriesRoles[i], gap)
		panel.lines = append(panel.lines, l)
		panel.high, panel.low = max(panel.high, highest(l.values...)), min(panel.low, slices.Min(l.values))
	}
	for _, b := range p.Lines {
		panel.bounds = append(panel.bounds, chartBound{b.Value, b.Text + " " + panel.label(b.Value)})
		panel.high = max(panel.high, b.Value)
	}
	panel.high, panel.low = panel.high*1.15, panel.low*1.15
	panel.ticks = panelTicks(panel.low, max(panel.high, lowestHigh))
	switch {
	case p.Query != "":
		explanation += " · " + strings.ReplaceAll(p.Query, "\n", " ; ")
	case len(all) == 0:
		explanation += " · nothing was measured"
	}
	if len(all) == 0 && len(p.Gaps) > 0 {
		explanation = "Nothing was measured: " + p.Gaps[0].Reason
	}
	return chart{title: oneLine(p.Title), explanation: oneLine(explanation), panels: []chartPanel{panel}}
}

// panelTicks are round values between two, of which the first may lie below 0.
func panelTicks(low, high float64) []float64 {
	ticks := valueTicks(high)
	if low < 0 {
		for _, t := range valueTicks(-low)[1:] {
			ticks = append(ticks, -t)
		}
	}
	return ticks
}

// draw draws the panel with its legend below it.
func (p *exportedPanel) draw(run *Run) *canvas {
	c, d := p.chart(), pngLayout.of(run)
	lines := c.panels[0].lines
	if len(lines) == 1 && lines[0].name == "" {
		lines = nil // what it is stands in the title
	}
	rows := legendRows(lines)
	below := 0.0
	if len(rows) > 0 {
		below = float64(len(rows))*legendRow + legendRoom
	}
	on := newCanvas(d.heightOf(c) + below)
	c.title, c.explanation = fitted(pngLayout.letters(13, 0).inBold(), c.title), fitted(pngLayout.letters(8.5, 0), c.explanation)
	on.head(c)
	d.draw(lifted{on, below}, c)
	for i, row := range rows {
		x, y := d.leftEdge(), below-float64(i+1)*legendRow+2
		for _, entry := range row {
			lifted{on, 0}.line(entry.role, []xy{{x, y + 3}, {x + 16, y + 3}})
			on.text(pngLayout.letters(8.5, 0), inkRole, xy{x + 20, y}, entry.name)
			x += legendWidth(entry.name)
		}
	}
	return on
}

// legendWidth is the room that a name takes in the legend.
func legendWidth(name string) float64 { return 20 + pngLayout.letters(8.5, 0).width(name) + 14 }

// legendRows puts the names of lines into rows.
func legendRows(lines []chartLine) (rows [][]chartKey) {
	room, used := pngLayout.width-pngLayout.left-pngLayout.right, math.Inf(1)
	for _, l := range lines {
		name := fitted(pngLayout.letters(8.5, 0), cmp.Or(oneLine(l.name), absent))
		if used+legendWidth(name) > room {
			rows, used = append(rows, nil), 0
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], chartKey{name: name, role: l.role})
		used += legendWidth(name)
	}
	return rows
}

// fitted is a text that is no wider than the picture.
func fitted(s lettering, words string) string {
	return fittedTo(s, pngLayout.width-pngLayout.left-pngLayout.right, words)
}

// fittedTo is a text that is no wider than so many points.
func fittedTo(s lettering, room float64, words string) string {
	runes := []rune(words)
	if len(runes) > 400 { // wider than any picture
		runes = runes[:400]
	}
	if s.width(string(runes)) <= room && len(runes) == len([]rune(words)) {
		return words
	}
	n := len(runes)
	for n > 0 && s.width(string(runes[:n])+"…") > room {
		n--
	}
	return string(runes[:n]) + "…"
}

// lifted draws higher, and gives lines of roles that have no width one.
type lifted struct {
	*canvas
	by float64
}

func (l lifted) up(points []xy) []xy {
	moved := make([]xy, len(points))
	for i, p := range points {
		moved[i] = xy{p.x, p.y + l.by}
	}
	return moved
}

func (l lifted) rect(r role, b box, about string) {
	l.canvas.rect(r, box{b.x0, b.y0 + l.by, b.x1, b.y1 + l.by}, about)
}
func (l lifted) area(r role, points []xy)          { l.canvas.area(r, l.up(points)) }
func (l lifted) dot(r role, at xy, radius float64) { l.canvas.dot(r, xy{at.x, at.y + l.by}, radius) }

func (l lifted) text(s lettering, r role, at xy, words string) {
	l.canvas.text(s, r, xy{at.x, at.y + l.by}, words)
}

func (l lifted) line(r role, points []xy) {
	l.canvas.stroke(r, cmp.Or(r.look().width, lineOfNoWeight), l.up(points))
}

// unitLook is what values of a unit are, for people, and how one is written.
type unitLook struct {
	text  string
	label func(float64) string
}

// unitLooks are by the unit of a panel.
var unitLooks = map[string]unitLook{
	"s":     {"Time", func(v float64) string { return latencyLabel(v * 1000) }},
	"ms":    {"Time", latencyLabel},
	"/s":    {"Per second", func(v float64) string { return tickLabel(v) + "/s" }},
	"%":     {"Share", func(v float64) string { return tickLabel(v) + " %" }},
	"ratio": {"Share", func(v float64) string { return tickLabel(v*100) + " %" }},
	"B":     {"Bytes", func(v float64) string { return units.CountShort(uint64(max(0, v))) + " B" }},
}

func (p *exportedPanel) unit() unitLook {
	if look, known := unitLooks[p.Unit]; known {
		return look
	}
	return unitLook{"Value", tickLabel}
}
