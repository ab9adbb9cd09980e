package kubernetes

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/printable"
)

// write writes the points of all workloads in the order of their times, and each workload's last ones again at the end of what was
// watched.
func (h *history) write(out io.Writer, until time.Time, redact func(string) string) (rows int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	type row struct {
		workload string
		point
	}
	var all []row
	for _, u := range h.unread {
		all = append(all, row{u.kind, point{at: u.since, gap: u.why, unsure: h.podsLost}})
	}
	for _, name := range slices.Sorted(maps.Keys(h.workloads)) {
		w := h.workloads[name]
		for _, p := range w.points {
			all = append(all, row{name, p})
		}
		if n := len(w.points); n > 0 && w.points[n-1].at.Before(until) {
			last := w.points[n-1]
			last.at = until
			if h.full {
				last = point{at: until, gap: "there was more than is kept", unsure: "there was more than is kept"}
			}
			all = append(all, row{name, last})
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return a.at.Compare(b.at) })
	w := csv.NewWriter(out)
	err = w.Write([]string{"time", "workload", "desired_pods", "current_pods", "ready_pods", "restarts", "gap"})
	for _, r := range all {
		cells := []string{r.at.UTC().Format(evidence.TimeFormat), r.workload, "", "", "", "", redact(printable.Cell(cmp.Or(r.gap, r.unsure)))}
		if r.gap == "" {
			for i, n := range []int{r.replicas.desired, r.replicas.current, r.replicas.ready} {
				cells[2+i] = strconv.Itoa(n)
			}
		}
		if r.unsure == "" {
			cells[5] = strconv.Itoa(r.restarts)
		}
		err = errors.Join(err, w.Write(cells))
	}
	w.Flush()
	return len(all), errors.Join(err, w.Error())
}

// rows are the scalings of a namespace as lines of the file.
func (s *scalings) rows(redact func(string) string) (rows [][]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	text := func(t string) string { return redact(printable.Cell(t)) }
	for _, x := range s.all {
		of := ""
		if x.of != (reference{}) {
			w := s.workload(x.of)
			of = w.kind + " " + w.name
		}
		rows = append(rows, []string{
			x.at.UTC().Format(evidence.TimeFormat), s.namespace, text(of), number(x.from), number(x.to), x.seen, text(x.reason), text(x.by), text(x.message), text(x.gap),
		})
	}
	if s.full {
		rows = append(rows, []string{"", s.namespace, "", "", "", "", "", "", "", fmt.Sprintf("there were more than these %d", mostScalings)})
	}
	return rows
}

// writeScalings writes those of all namespaces in the order of their times.
func writeScalings(out io.Writer, rows [][]string) error {
	slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	w := csv.NewWriter(out)
	err := w.Write([]string{"time", "namespace", "workload", "from_pods", "to_pods", "seen_in", "reason", "by", "message", "gap"})
	return errors.Join(err, w.WriteAll(rows))
}
