package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
)

// k6CSVTags are the columns of tags that k6 has by default. Other tags stand together in extra_tags.
var k6CSVTags = []string{
	"check", "error", "error_code", "expected_response", "group", "method", "name", "proto", "scenario", "service", "status", "subproto", "tls_version", "url",
}

// writeK6CSV writes the points of a run as k6's --out csv=FILE does: times in whole seconds since 1970, and values to
// six decimals.
func writeK6CSV(w io.Writer, run *Run) error {
	to := csv.NewWriter(w)
	if err := to.Write(slices.Concat([]string{"metric_name", "timestamp", "metric_value"}, k6CSVTags, []string{"extra_tags", "metadata"})); err != nil {
		return err
	}
	err := k6Points(run, func(p k6Point) error {
		row := []string{p.metric, strconv.FormatInt(p.time.Unix(), 10), strconv.FormatFloat(p.value, 'f', 6, 64)}
		var extra []k6Tag
		columns := make([]string, len(k6CSVTags))
		for _, t := range p.tags {
			if i := slices.Index(k6CSVTags, t.name); i >= 0 {
				columns[i] = t.value
			} else {
				extra = append(extra, t)
			}
		}
		return to.Write(slices.Concat(row, columns, []string{k6Pairs(extra), k6Pairs(p.metadata)}))
	})
	if err != nil {
		return err
	}
	to.Flush()
	return to.Error()
}

// k6Pairs joins tags as k6 does, which escapes nothing.
func k6Pairs(tags []k6Tag) string {
	pairs := make([]string, len(tags))
	for i, t := range tags {
		pairs[i] = t.name + "=" + t.value
	}
	return strings.Join(pairs, "&")
}
