package promapi

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Window is how far a value of a query looks back, at most: over its longest range, and over each subquery around it. 0 is
// a value of a moment.
func Window(query string) time.Duration {
	var longest, subqueries time.Duration
	for rest := scan(query); ; {
		open := slices.IndexFunc(rest, func(t token) bool { return t.text == "[" })
		if open < 0 {
			return longest + subqueries
		}
		rest = rest[open+1:]
		end := slices.IndexFunc(rest, func(t token) bool { return t.text == "]" })
		if end < 0 {
			return longest + subqueries
		}
		inside := slices.DeleteFunc(slices.Clone(rest[:end]), func(t token) bool { return t.kind == space })
		rest = rest[end+1:]
		if len(inside) == 0 {
			continue
		}
		d, err := model.ParseDuration(inside[0].text)
		switch {
		case err != nil: // an expression, which some version of PromQL may know
		case len(inside) > 1 && strings.HasPrefix(inside[1].text, ":"):
			subqueries += time.Duration(d)
		default:
			longest = max(longest, time.Duration(d))
		}
	}
}

// counters end names of metrics that only ever grow: by the convention of Prometheus, and the rule of OpenMetrics.
var counters = []string{"_total", "_bucket", "_count", "_sum"}

// Cumulative reports whether the values of a query are those of a counter since its beginning.
func Cumulative(query string) bool {
	if Window(query) > 0 {
		return false // of a rate, or another function over a range
	}
	return slices.ContainsFunc(Metrics(query), func(name string) bool {
		return slices.ContainsFunc(counters, func(end string) bool { return strings.HasSuffix(name, end) })
	})
}
