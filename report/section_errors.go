package report

import (
	"cmp"
	"slices"
	"strings"

	"xinbot.ir/squall/load"
)

// errorsSection lists what went wrong by kind, and how often each response check held.
func errorsSection(e *evidence) []block {
	var blocks []block
	requests := e.requests()
	if len(e.errors) == 0 && requests.Count > 0 {
		blocks = append(blocks, paragraph{plain("No request failed.")})
	}
	if len(e.errors) > 0 {
		// An answer with a wrong status has no text; where nothing else went wrong there is no column.
		texts := slices.ContainsFunc(e.errors, func(x errorTotal) bool { return x.sample != "" })
		t := table{columns: append(words("Series", "Kind", "Whose"), numbers("Count", "Share")...)}
		if texts {
			t.columns = append(t.columns, words("First seen as")...)
		}
		for _, x := range e.errors {
			// A share is of the requests that ended; those that never left us are not among them.
			share := absent
			if whose(x.class) == platformFault {
				share = percent(x.count, requests.Count)
			}
			cells := row(x.series, x.kind(), whose(x.class), count(x.count), share)
			if texts {
				// The name of a library says nothing to a reader.
				cells = append(cells, plain(cmp.Or(strings.ReplaceAll(x.sample, "fasthttp: ", ""), absent)))
			}
			t.rows = append(t.rows, cells)
		}
		blocks = append(blocks, t)
	}
	if len(e.totals.Checks) > 0 {
		t := table{columns: append(words("Check"), numbers("Held", "Did not", "Share")...)}
		for _, c := range e.totals.Checks {
			t.rows = append(t.rows, row(c.Name, count(c.Passes), count(c.Fails), percent(c.Passes, c.Passes+c.Fails)))
		}
		blocks = append(blocks, t)
	}
	return blocks
}

const platformFault = "platform"

// whose says on which side an error is.
func whose(class string) string {
	c, err := load.ParseErrorClass(class)
	switch {
	case err != nil:
		return "unknown"
	case c == load.LocalLimit:
		return "generator"
	case c == load.Interrupted:
		return "end of run"
	}
	return platformFault
}
