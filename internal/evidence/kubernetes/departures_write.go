package kubernetes

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/printable"
)

// write writes the list of all pods that went away or crashed, and a text for each of the first ones.
func (d *departures) write(dir string, done func(evidence.File)) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	put := func(f evidence.File, text func(io.Writer) error) {
		writeErr := evidence.WriteFile(dir, f.Name, text)
		if err = errors.Join(err, writeErr); writeErr == nil {
			done(f)
		}
	}
	rows := [][]string{{"seen_at", "gone_at", "namespace", "pod", "workload", "how", "file"}}
	used := map[string]int{}
	for _, uid := range d.order {
		x := d.all[uid]
		name := ""
		if x.text {
			name = "pod-" + x.namespace + "-" + x.name
			if used[name]++; used[name] > 1 {
				name = fmt.Sprintf("%s-%d", name, used[name])
			}
			name += ".txt"
			put(evidence.File{Name: name, Title: "Pod " + x.namespace + "/" + x.name + ": last lines and events"}, func(w io.Writer) error {
				_, err := io.WriteString(w, d.redact(printable.Lines(x.document(uid, d.events[uid], d.lost, d.unread[x.namespace]))))
				return err
			})
		}
		rows = append(rows, []string{stamp(x.seen), stamp(x.gone), x.namespace, x.name, printable.Cell(x.workload), d.redact(printable.Cell(x.how)), name})
	}
	if n := len(d.more); n > 0 {
		atLeast := ""
		if n == mostPods {
			atLeast = "at least "
		}
		rows = append(rows, []string{"", "", "", "", "", fmt.Sprintf("%s%d more, of which nothing is kept", atLeast, n), ""})
	}
	put(evidence.File{Name: "gone-pods.csv", Title: "Pods that went away or crashed", Rows: len(rows) - 1}, func(w io.Writer) error {
		return csv.NewWriter(w).WriteAll(rows)
	})
	return err
}

// document is the text of one pod.
func (x *departure) document(uid types.UID, events map[types.UID]podEvent, lost bool, unread string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // a builder takes all
	line("Pod:\t%s/%s", x.namespace, x.name)
	line("UID:\t%s", uid)
	line("Workload:\t%s", cmp.Or(x.workload, "none"))
	line("Node:\t%s", cmp.Or(x.node, "none"))
	line("What happened:\t%s", x.how)
	line("Seen at:\t%s", stamp(x.seen))
	line("Gone at:\t%s", cmp.Or(stamp(x.gone), "it was still there at the end of the run"))
	for _, exit := range x.exits {
		line("\t%s", exit)
	}
	_ = w.Flush()
	line("\nEvents:")
	switch {
	case unread != "":
		line("  not all were read, some may be missing: %s", unread)
	case len(events) == 0:
		line("  none was seen")
	}
	for _, e := range slices.SortedStableFunc(maps.Values(events), func(a, b podEvent) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.reason, b.reason), cmp.Compare(a.message, b.message))
	}) {
		times := ""
		if e.count > 1 {
			times = fmt.Sprintf(" (x%d)", e.count)
		}
		line("  %s\t%s\t%s%s\t%s", stamp(e.at), e.kind, e.reason, times, e.message)
	}
	if lost {
		line("  there were more than are kept: some may be missing")
	}
	_ = w.Flush()
	if len(x.tails) == 0 {
		b.WriteString("\nNo container had begun, or the pod was gone before its lines could be asked for.\n")
	}
	for _, t := range x.tails {
		before := ""
		if t.previous {
			before = " before its last restart"
		}
		fmt.Fprintf(&b, "\nLast lines of container %s%s", t.container, before)
		switch {
		case t.missing != "":
			fmt.Fprintf(&b, ": not read: %s\n", t.missing)
		case t.text == "":
			fmt.Fprintf(&b, ", read at %s: it has written nothing\n", stamp(t.asked))
		default:
			fmt.Fprintf(&b, ", read at %s (at most %d lines, %d KiB):\n%s\n", stamp(t.asked), mostLines, mostBytes>>10, strings.TrimSuffix(t.text, "\n"))
		}
	}
	return b.String()
}

// stamp is a time as files have it; "" of none.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(evidence.TimeFormat)
}
