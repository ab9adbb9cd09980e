//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// verdict reports whether an aim was met; a row without an aim has none.
type verdict string

const (
	met     verdict = "yes"
	missed  verdict = "no"
	unknown verdict = "unknown"
)

func verdictOf(ok bool) verdict {
	if ok {
		return met
	}
	return missed
}

// row is one line of the table.
type row struct {
	what, aim, measured string
	verdict             verdict
}

// document is the whole result.
type document struct {
	machine []string
	rows    []row
	took    time.Duration
	short   bool
}

// print writes the result for a person at a terminal.
func (d document) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, line := range d.machine {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w, "\nWHAT\tAIM\tMEASURED\tMET")
	for _, r := range d.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.what, dash(r.aim), r.measured, dash(string(r.verdict)))
	}
	fmt.Fprintf(w, "\nmeasured in %s\n", d.took.Round(time.Second))
	return w.Flush()
}

// The lines of a Markdown file between which the result stands.
const (
	beginMark = "<!-- bench: written by `make bench`, do not edit below -->"
	endMark   = "<!-- bench: end -->"
)

// writeInto replaces what stands between the marks of a Markdown file.
func (d document) writeInto(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	before, rest, found := bytes.Cut(text, []byte(beginMark))
	_, after, ended := bytes.Cut(rest, []byte(endMark))
	if !found || !ended {
		return fmt.Errorf("write the tables into %s: it has no lines %q and %q", path, beginMark, endMark)
	}
	whole := string(before) + beginMark + "\n\n" + d.markdown() + "\n" + endMark + string(after)
	if err := os.WriteFile(path, []byte(whole), 0o644); err != nil {
		return fmt.Errorf("write the tables: %w", err)
	}
	return nil
}

func (d document) markdown() string {
	var b strings.Builder
	b.WriteString("| what | aim | measured | met |\n| --- | --- | --- | --- |\n")
	for _, r := range d.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.what, dash(r.aim), r.measured, dash(string(r.verdict)))
	}
	b.WriteString("\n")
	for _, line := range d.machine {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	if d.short {
		b.WriteString("- a short run (`-short`): one round, a first impression only\n")
	}
	return b.String()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// thousands writes a count with its thousands separated.
func thousands(v float64) string {
	digits := strconv.FormatInt(int64(math.Round(v)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// millis writes milliseconds with three significant digits.
func millis(ms float64) string { return nanos(ms * 1e6) }

// nanos writes nanoseconds in the unit that suits them, with three significant
// digits.
func nanos(ns float64) string {
	units := []struct {
		name string
		size float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}}
	for _, u := range units {
		if ns >= u.size {
			return significant(ns/u.size) + " " + u.name
		}
	}
	return significant(ns) + " ns"
}

func significant(v float64) string {
	decimals := 2
	for limit := 10.0; v >= limit && decimals > 0; limit *= 10 {
		decimals--
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}
