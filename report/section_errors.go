package report

import (
	"cmp"
	"slices"
	"strings"

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
		// An answer with a wrong status has no text; where nothing else went wrong there is no column.
		texts := slices.ContainsFunc(run.errors, func(x errorTotal) bool { return x.sample != "" })
		t := table{columns: append(textColumns("Series", "Kind", "Whose"), numberColumns("Count", "Share")...)}
		if texts {
			t.columns = append(t.columns, textColumns("First seen as")...)
		}
		for _, x := range run.errors {
			// A share is of the requests that ended; those that never left us are not among them.
			share := absent
			if attribution(x.class) == platformFault {
				share = percent(x.count, requests.Count)
			}
			cells := textRow(x.series, x.kind(), attribution(x.class), units.Count(x.count), share)
			if texts {
				// The name of a library says nothing to a reader.
				cells = append(cells, plain(cmp.Or(strings.ReplaceAll(x.sample, "fasthttp: ", ""), absent)))
			}
			t.rows = append(t.rows, cells)
		}
		blocks = append(blocks, t)
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
