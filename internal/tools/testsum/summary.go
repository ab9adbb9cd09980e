package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of `go test -json`, as `go doc test2json` has it.
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build
	Test       string
	Elapsed    float64 // seconds
	Output     string
}

// flusher is what the summary writes to: a package's lines appear as soon as it
// is done.
type flusher interface {
	io.Writer
	Flush() error
}

// summary counts tests and subtests, and keeps the output of each until it is
// known whether anybody needs to see it.
type summary struct {
	out    flusher
	strict bool

	output  map[string][]string // by package and test
	build   map[string][]string // by import path
	perPkg  map[string]int      // tests done
	failPkg map[string]int      // tests failed

	passed, failed, skipped int
	failures, skips         []string
}

func newSummary(out flusher, strict bool) *summary {
	return &summary{
		out: out, strict: strict,
		output: map[string][]string{}, build: map[string][]string{},
		perPkg: map[string]int{}, failPkg: map[string]int{},
	}
}

// read takes in all of r. A line that is not an event is passed on as it is.
func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
				s.add(e)
			} else {
				fmt.Fprint(s.out, line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of go test: %w", err)
		}
	}
}

func (s *summary) add(e event) {
	key := e.Package + "\x00" + e.Test
	switch {
	case e.Action == "output":
		s.output[key] = append(s.output[key], e.Output)
	case e.Action == "build-output":
		s.build[e.ImportPath] = append(s.build[e.ImportPath], e.Output)
	case e.Action == "build-fail":
		fmt.Fprint(s.out, strings.Join(s.build[e.ImportPath], ""))
	case e.Test != "":
		s.addTest(e, s.output[key])
	default:
		s.addPackage(e, s.output[key])
	}
}

func (s *summary) addTest(e event, output []string) {
	name := e.Package + "." + e.Test
	switch e.Action {
	case "pass":
		s.passed++
		if s.strict {
			fmt.Fprintf(s.out, "--- PASS: %s (%.2fs)\n", name, e.Elapsed)
		}
	case "fail":
		s.failed++
		s.failPkg[e.Package]++
		s.failures = append(s.failures, name)
		fmt.Fprintf(s.out, "--- FAIL: %s (%.2fs)\n%s", name, e.Elapsed, said(output))
	case "skip":
		s.skipped++
		s.skips = append(s.skips, name)
		fmt.Fprintf(s.out, "--- SKIP: %s (%.2fs)\n%s", name, e.Elapsed, said(output))
	default:
		return
	}
	s.perPkg[e.Package]++
	delete(s.output, e.Package+"\x00"+e.Test)
}

func (s *summary) addPackage(e event, output []string) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(s.out, "ok    %-40s %6.2fs  %4d tests\n", e.Package, e.Elapsed, s.perPkg[e.Package])
	case "skip":
		fmt.Fprintf(s.out, "-     %-40s no tests\n", e.Package)
	case "fail":
		// A package fails of itself when it does not build, panics outside a
		// test or leaks goroutines.
		if s.failPkg[e.Package] == 0 {
			s.failed++
			s.failures = append(s.failures, e.Package)
			fmt.Fprint(s.out, strings.Join(output, ""))
			for _, left := range s.unfinished(e.Package) {
				fmt.Fprint(s.out, strings.Join(left, ""))
			}
		}
		fmt.Fprintf(s.out, "FAIL  %-40s %6.2fs\n", e.Package, e.Elapsed)
	default:
		return
	}
	_ = s.out.Flush() // a writer that fails is reported at the end
}

// unfinished is the output of the tests of pkg that never came to a result.
func (s *summary) unfinished(pkg string) [][]string {
	var left [][]string
	for key, output := range s.output {
		if p, test, _ := strings.Cut(key, "\x00"); p == pkg && test != "" {
			left = append(left, output)
		}
	}
	return left
}

// finish prints the totals and reports whether the run may count as good.
func (s *summary) finish() bool {
	list := func(title string, names []string) {
		if len(names) == 0 {
			return
		}
		slices.Sort(names)
		fmt.Fprintf(s.out, "\n%s:\n", title)
		for _, name := range names {
			fmt.Fprintln(s.out, "  "+name)
		}
	}
	list("failed", s.failures)
	list("skipped", s.skips)
	if s.strict && s.skipped > 0 {
		fmt.Fprintln(s.out, "\nA skipped test is a failure here (CI=true).")
	}
	if s.passed+s.failed+s.skipped == 0 {
		fmt.Fprintln(s.out, "\nNo test was run.")
		return false
	}
	fmt.Fprintf(s.out, "\n%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	return s.failed == 0 && (s.skipped == 0 || !s.strict)
}

// said is what a test printed, without the lines in which go test tells of its
// progress.
func said(output []string) string {
	var b strings.Builder
	for _, line := range output {
		trimmed := strings.TrimLeft(line, " ")
		if strings.HasPrefix(trimmed, "=== ") || strings.HasPrefix(trimmed, "--- ") {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
