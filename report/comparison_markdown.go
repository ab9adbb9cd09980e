package report

import (
	"io"
	"strings"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/units"
)

// writeComparisonMarkdown writes a comparison with every series.
func writeComparisonMarkdown(w io.Writer, r compare.Report) error {
	_, err := io.WriteString(w, markdown(comparisonDocument(r)))
	return err
}

// comparisonDocument puts a comparison together, the answer first.
func comparisonDocument(r compare.Report) []block {
	blocks := []block{heading{1, comparisonTitle(r)}}
	for _, c := range r.Comparisons {
		blocks = append(blocks, paragraph{comparisonAnswer(r, c)})
	}
	for _, c := range r.Comparisons {
		if len(r.Comparisons) > 1 {
			blocks = append(blocks, heading{2, c.Base.Letter + " and " + c.Other.Letter})
		}
		for _, text := range comparisonRemarks(r, c) {
			blocks = append(blocks, note{text})
		}
		sides := table{columns: textColumns("", "Run", "Started", "Compared", "Requests", "Failed")}
		for _, cells := range comparedRuns(c) {
			sides.rows = append(sides.rows, textRow(cells...))
		}
		blocks = append(blocks, sides)
		for _, p := range c.Parts {
			blocks = append(blocks, heading{3, comparedPartTitle(c, p)}, comparedPartTable(r, c, p))
		}
	}
	return append(blocks, paragraph{plain(comparisonMethod(r))}, paragraph{plain("pp: percentage points. How it is done, and what it cannot tell: docs/compare.md of squall.")})
}

func comparisonTitle(r compare.Report) string {
	title := "Comparison with A"
	if len(r.Comparisons) == 1 {
		title = "Comparison of " + comparedSide(r.Comparisons[0].Base) + " and " + comparedSide(r.Comparisons[0].Other)
	}
	return title
}

// comparedSide is the run of a side, or how many they are.
func comparedSide(s compare.Side) string {
	if len(s.Runs) == 1 {
		return s.Runs[0].Name
	}
	return s.Letter + " (" + units.Counted(uint64(len(s.Runs)), "run", "runs") + ")"
}

// comparedPartTable has a row for each number of each series, and one for the shape.
func comparedPartTable(r compare.Report, c compare.Comparison, p compare.PartResult) block {
	t := table{columns: append(textColumns("Series", "Number"), append(numberColumns("Requests "+c.Base.Letter, "Requests "+c.Other.Letter, c.Base.Letter, c.Other.Letter, "Difference", "Interval"), textColumns(upperFirst(strings.TrimSpace(verdictHead(r))))...)...)}
	if r.Method == compare.MannWhitney {
		t.columns = append(t.columns, numberColumns("p, alone", "p, of all")...)
	}
	for _, s := range p.Series {
		name := plain(seriesLabel(s))
		if s.Channel == "" {
			name = strong(seriesLabel(s))
		}
		for _, f := range s.Numbers {
			a, b := findingValues(f)
			row := []line{name, plain(f.Number.String()), plain(countText(f.Base.Requests)), plain(countText(f.Other.Requests)), plain(a), plain(b)}
			if f.Judged {
				row = append(row, textRow(findingDifference(f), findingInterval(f), findingVerdict(f, r.Tolerance))...)
			} else {
				row = append(row, textRow(absent, absent, findingVerdict(f, r.Tolerance)+reasonText(c, p, f))...)
			}
			if r.Method == compare.MannWhitney {
				row = append(row, textRow(probability(f, f.P), probability(f, f.AdjustedP))...)
			}
			t.rows = append(t.rows, row)
		}
		if text := shapeText(s.Shape); text != "" {
			row := append([]line{name}, textRow("shape", "", "", "", "", "", "", text)...)
			for len(row) < len(t.columns) {
				row = append(row, plain(""))
			}
			t.rows = append(t.rows, row)
		}
	}
	return t
}

func countText(n uint64) string {
	if n == 0 {
		return absent
	}
	return units.Count(n)
}

// probability writes a p-value: never as zero.
func probability(f compare.Finding, p float64) string {
	switch {
	case !f.Judged:
		return absent
	case p < 0.0001:
		return "<0.0001"
	}
	return atLeastDecimals(p, 4, 4)
}
