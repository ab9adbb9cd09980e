package report

import (
	"cmp"
	"fmt"
	"slices"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// errorsSection lists what went wrong by kind, and how often each response check held.
func errorsSection(run *Run) []block {
	var blocks []block
	requests := run.requests()
	if len(run.errors) == 0 && requests.Count > 0 {
		blocks = append(blocks, paragraph{plain("No request failed.")})
	}
	if len(run.errors) > 0 {
		texts := slices.ContainsFunc(run.errors, func(x errorTotal) bool { return len(x.texts) > 0 })
		different := slices.ContainsFunc(run.errors, func(x errorTotal) bool { return x.often() != "" })
		t := table{columns: append(textColumns("Series", "Kind", "Whose"), numberColumns("Count", "Share")...)}
		if texts {
			t.columns = append(t.columns, textColumns("First seen as")...)
		}
		if different {
			t.columns = append(t.columns, textColumns("Most often")...)
		}
		for _, x := range run.errors[:min(mostErrorRows, len(run.errors))] {
			// A share is of the requests that ended; those that never left us are not among them.
			share := absent
			if attribution(x.class) == platformFault {
				share = percent(x.count, requests.Count)
			}
			cells := textRow(x.series, x.kind(), attribution(x.class), units.Count(x.count), share)
			if texts {
				cells = append(cells, plain(cmp.Or(x.texts.First(), absent)))
			}
			if different {
				cells = append(cells, plain(cmp.Or(x.often(), absent)))
			}
			t.rows = append(t.rows, cells)
		}
		blocks = append(blocks, t)
		if n := len(run.errors) - mostErrorRows; n > 0 {
			var count uint64
			for _, x := range run.errors[mostErrorRows:] {
				count += x.count
			}
			blocks = append(blocks, paragraph{plain(fmt.Sprintf("%s more kinds of errors, the least frequent, had %s.", units.Count(uint64(n)), units.Counted(count, "error", "errors")))})
		}
	}
	if len(run.totals.Checks) > 0 {
		t := table{columns: append(textColumns("Check"), numberColumns("Held", "Did not", "Share")...)}
		for _, c := range run.totals.Checks {
			t.rows = append(t.rows, textRow(c.Name, units.Count(c.Passes), units.Count(c.Fails), percent(c.Passes, c.Passes+c.Fails)))
		}
		blocks = append(blocks, t)
	}
	return blocks
}

// mostErrorRows is how many kinds of errors the table has, the most frequent first.
const mostErrorRows = 40

// often is what errors of the kind said most often, if that is not what the first of them said.
func (x errorTotal) often() string {
	if most := x.texts.Most(); most.Text != x.texts.First() {
		return most.Text
	}
	return ""
}

const platformFault = "platform"

// attribution says on which side an error is.
func attribution(class string) string {
	c, err := metric.ParseErrorClass(class)
	switch {
	case err != nil:
		return "unknown"
	case c == metric.LocalLimit, c == metric.Away:
		return "generator"
	case c == metric.Interrupted:
		return "end of run"
	}
	return platformFault
}
