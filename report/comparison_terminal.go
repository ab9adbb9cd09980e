package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"xinbot.ir/squall/internal/compare"
)

// ComparisonTerminal is a comparison for a terminal of so many columns (0: not one): the answer, what must be known
// before believing it, and the numbers of each flow. Of channels it has those that are better or worse; every number is in
// the other formats.
func ComparisonTerminal(r compare.Report, columns int) string {
	if columns <= 0 {
		columns = 100
	}
	var b strings.Builder
	b.WriteByte('\n')
	for _, c := range r.Comparisons {
		b.WriteString(wrap("  "+oneLine(comparisonAnswer(r, c).text())+"\n", columns))
	}
	for _, c := range r.Comparisons {
		if len(r.Comparisons) > 1 {
			fmt.Fprintf(&b, "\n  %s and %s\n", c.Base.Letter, c.Other.Letter)
		}
		b.WriteByte('\n')
		for _, cells := range alignedColumns(comparedRuns(c), nil) {
			b.WriteString(wrap("  "+oneLine(cells)+"\n", columns))
		}
		for _, text := range comparisonRemarks(r, c) {
			b.WriteString(wrap("  ! "+oneLine(text.text())+"\n", columns))
		}
		for _, p := range c.Parts {
			b.WriteByte('\n')
			b.WriteString(wrap("  "+oneLine(comparedPartTitle(c, p))+"\n", columns))
			b.WriteString(comparedPartText(r, c, p, columns))
		}
	}
	b.WriteByte('\n')
	b.WriteString(wrap("  "+comparisonMethod(r)+"\n", columns))
	return b.String()
}

// narrow is the width below which verdicts are shortened.
const narrow = 100

// comparedPartText is the table of a part.
func comparedPartText(r compare.Report, c compare.Comparison, p compare.PartResult, columns int) string {
	rows := [][]string{{"", c.Base.Letter, c.Other.Letter, "difference", "interval", verdictHead(r)}}
	refused := partRefused(p) || len(c.Refusals()) > 0
	between := map[int][]string{} // lines that are no rows of the table, by the row that they stand before
	for i, s := range p.Series {
		if s.Channel != "" {
			if !slices.ContainsFunc(s.Numbers, isShown) {
				continue
			}
		}
		between[len(rows)] = append(between[len(rows)], seriesLabel(s))
		for _, f := range s.Numbers {
			if s.Channel == "" || isShown(f) {
				rows = append(rows, numberCells(r, f, columns, refused))
			}
		}
		if s.Channel != "" {
			continue
		}
		if text := shapeText(s.Shape); text != "" {
			between[len(rows)] = append(between[len(rows)], "  shape: "+text)
		}
		if text := foldedChannels(p.Series[i+1:]); text != "" && !refused {
			between[len(rows)] = append(between[len(rows)], "  "+text)
		}
	}
	var b strings.Builder
	lines := alignedColumns(rows, []int{1, 2, 3, 4})
	for n := range len(lines) + 1 {
		for _, text := range between[n] {
			b.WriteString(wrap("  "+oneLine(text)+"\n", columns))
		}
		if n < len(lines) {
			b.WriteString(strings.TrimRight("    "+oneLine(lines[n]), " ") + "\n")
		}
	}
	return b.String()
}

func isShown(f compare.Finding) bool {
	return f.Verdict == compare.Better || f.Verdict == compare.Worse
}

// verdictHead stands over the verdicts. Each of them is about the tolerance.
func verdictHead(r compare.Report) string {
	if r.Tolerance == 0 {
		return "  verdict"
	}
	return "  beyond " + toleranceText(r.Tolerance)
}

// numberCells are the row of a number. Why one is not comparable is said there, unless a remark has said it of all.
func numberCells(r compare.Report, f compare.Finding, columns int, refused bool) []string {
	a, b := findingValues(f)
	verdict := findingVerdict(f, r.Tolerance)
	if columns < narrow && f.Verdict == compare.NoDifference && !strings.HasPrefix(verdict, withinSign) {
		verdict = comparisonSign(f.Verdict) + " none shown"
	}
	if !f.Judged {
		if refused {
			return []string{f.Number.String(), a, b, absent, absent, verdict}
		}
		return []string{f.Number.String(), a, b, spill + f.Reason, "", verdict}
	}
	return []string{f.Number.String(), a, b, findingDifference(f), findingInterval(f), verdict}
}

// foldedChannels says what became of the channels of a flow that have no rows.
func foldedChannels(rest []compare.SeriesResult) string {
	var names []string
	for _, s := range rest {
		if s.Channel == "" {
			break
		}
		if !slices.ContainsFunc(s.Numbers, isShown) {
			names = append(names, s.Channel)
		}
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "nothing better or worse in " + names[0]
	}
	return "nothing better or worse in " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// spill begins a cell that has the room of the next one, too.
const spill = "\x00"

// gap is between two columns.
const gap = "  "

// alignedColumns pads the cells of rows to columns. Numbers are set flush right.
func alignedColumns(rows [][]string, numbers []int) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if !strings.HasPrefix(cell, spill) {
				widths[i] = max(widths[i], ansi.StringWidth(cell))
			}
		}
	}
	var lines []string
	for _, row := range rows {
		var cells []string
		for i, cell := range row {
			if text, spills := strings.CutPrefix(cell, spill); spills {
				room := widths[i] + len(gap) + widths[i+1]
				cells = append(cells, strings.Repeat(" ", max(0, room-ansi.StringWidth(text)))+text)
				continue
			}
			if i > 0 && strings.HasPrefix(row[i-1], spill) {
				continue
			}
			space := strings.Repeat(" ", widths[i]-ansi.StringWidth(cell))
			if slices.Contains(numbers, i) {
				cell = space + cell
			} else {
				cell += space
			}
			cells = append(cells, cell)
		}
		lines = append(lines, strings.TrimRight(strings.Join(cells, gap), " "))
	}
	return lines
}
