package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"
	"golang.org/x/net/html"

	"xinbot.ir/squall/internal/compare"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// comparableRunOf reads a synthetic run for a comparison, under a name that stays the same.
func comparableRunOf(t *testing.T, name string, s synthetic, within Stretch) compare.Run {
	t.Helper()
	run, err := Comparable(s.write(t), within)
	if err != nil {
		t.Fatal(err)
	}
	run.Name = name
	return run
}

// another is a run of the same kind at another time.
func another(m *event.RunStarted) { m.RunID = "20260730T111500Z-staging" }

// calm is a run in which nothing was done to the platform, and slowed the same on a platform slower by a sixth.
var (
	calm   = synthetic{quiet: true}
	slowed = synthetic{quiet: true, slow: slowdowns{{0, 240, 7.0 / 6}}, change: func(m *event.RunStarted) {
		another(m)
		m.Version, m.Host = "v0.2.0", "bench-2"
	}}
)

// What is compared adds up to what the report has, percentiles and all.
func TestComparableHasTheNumbersOfTheReport(t *testing.T) {
	for name, s := range map[string]synthetic{"closed": {quiet: true}, "open": {open: true, quiet: true}} {
		dir := s.write(t)
		run, err := Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		compared, err := Comparable(dir, Stretch{})
		if err != nil {
			t.Fatal(err)
		}
		if len(compared.Parts) != 1 {
			t.Fatalf("%s: a run in which nothing was done has %d parts", name, len(compared.Parts))
		}
		p := compared.Parts[0]
		r := compare.Against(compared, []compare.Run{compared}, compare.Options{Resamples: 100})
		for _, s := range r.Comparisons[0].Parts[0].Series {
			h, counts := run.totals.Latency, metric.Counts{}
			merged := metric.NewHistogram()
			for id, series := range load.Registry().Series() {
				if series.Flow.Name == s.Flow && (s.Channel == "" || s.Channel == series.Channel) {
					counts.Count += run.totals.Counts[id].Count
					counts.Failed += run.totals.Counts[id].Failed
					if h[id] != nil {
						merged.Merge(h[id])
					}
				}
			}
			for _, f := range s.Numbers {
				want, requests := float64(counts.Failed)/float64(counts.Count), counts.Count
				if f.Number.Latency() {
					want, requests = float64(metric.Percentile(merged, f.Number.Percentile())), uint64(merged.TotalCount())
				}
				if f.Base.Value != want || f.Base.Requests != requests {
					t.Errorf("%s: %s/%s %s is %v of %d, and %v of %d in the report", name, s.Flow, s.Channel, f.Number, f.Base.Value, f.Base.Requests, want, requests)
				}
			}
		}
		if p.Kept != 240 || (p.VUs > 0) == s.open || (p.Wanted > 0) != s.open {
			t.Errorf("%s: %d seconds, %v users, %v a second", name, p.Kept, p.VUs, p.Wanted)
		}
	}
}

func TestComparableParts(t *testing.T) {
	for _, c := range []struct {
		name   string
		run    synthetic
		within Stretch
		want   string
	}{
		{"pause and spike", synthetic{}, Stretch{}, "baseline 100, Channel spike 61, recovery from Channel spike 64"},
		{"faults", drills(), Stretch{}, "baseline 30, LLM latency 48, recovery from LLM latency 30, Channel spike 61, recovery from Channel spike 11, LLM latency + Redis outage 10, Redis outage 50"},
		{"a stretch", drills(), Stretch{20, 50}, "baseline 10, LLM latency 20"},
		{"an open end", synthetic{quiet: true}, Stretch{From: 230}, "baseline 10"},
		{"saturated", synthetic{saturated: true}, Stretch{From: 140, To: 160}, "Channel spike 17 of 20"},
		{"killed", killedDrills(), Stretch{}, "baseline 30, LLM latency 14, LLM latency + Redis outage 14"},
		{"nothing", synthetic{quiet: true}, Stretch{From: 1000}, ""},
	} {
		run := comparableRunOf(t, c.name, c.run, c.within)
		var got []string
		for _, p := range run.Parts {
			text := fmt.Sprintf("%s %d", p.Name, p.Kept)
			if p.LeftOut > 0 {
				text += fmt.Sprintf(" of %d", p.Kept+p.LeftOut)
			}
			got = append(got, text)
		}
		if all := strings.Join(got, ", "); all != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, all, c.want)
		}
	}
	if got := comparableRunOf(t, "drills", drills(), Stretch{}).Parts[1].Settings; !strings.Contains(got, "LLM latency 3 s") {
		t.Errorf("the settings of the fault are %q", got)
	}
}

// Damaged runs, and those of other versions, are read as far as they go, and it is said what is missing.
func TestComparableOfDamagedRuns(t *testing.T) {
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	appendTo := func(name, text string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString(text); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name    string
		damage  func(t *testing.T, dir string)
		verdict compare.Verdict
		remark  string
	}{
		{"whole", func(*testing.T, string) {}, compare.NoDifference, "one run a side"},
		{"no latencies", remove(rundir.HistogramFile), compare.NoDifference, "there are no latencies"},
		{"no counts", remove(rundir.WindowsFile), compare.NotComparable, "no second was counted"},
		{"torn", appendTo(rundir.WindowsFile, `{"at":240,"len":1,"ser`), compare.NoDifference, "torn"},
		{"a series of another version", appendTo(rundir.WindowsFile, `{"at":240,"len":1,"series":{"telepathy/strong":[5,1]}}`+"\n"), compare.NoDifference, "telepathy/strong"},
		{"seconds without length in between", appendTo(rundir.WindowsFile, "\n\n"), compare.NoDifference, "one run a side"},
	} {
		dir := synthetic{quiet: true, change: another}.write(t)
		c.damage(t, dir)
		other, err := Comparable(dir, Stretch{})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		r := compare.Against(comparableRunOf(t, "a", calm, Stretch{}), []compare.Run{other}, compare.Options{Resamples: 100, Tolerance: 0.05})
		text := ComparisonTerminal(r, 0)
		if r.Verdict() != c.verdict || !strings.Contains(strings.ToLower(strings.Join(strings.Fields(text), " ")), c.remark) {
			t.Errorf("%s: %s, and no remark has %q:\n%s", c.name, r.Verdict(), c.remark, text)
		}
	}
	if _, err := Comparable(t.TempDir(), Stretch{}); err == nil {
		t.Error("an empty directory is taken for a run")
	}
}

// comparisons are reports that differ in what documents must say.
func comparisons(t *testing.T) map[string]compare.Report {
	base := comparableRunOf(t, "before", calm, Stretch{})
	worse := comparableRunOf(t, "after", slowed, Stretch{})
	elsewhere := comparableRunOf(t, "production", synthetic{quiet: true, change: func(m *event.RunStarted) {
		another(m)
		m.Target, m.Gateway = "production", "https://gateway.example.org/webchat/webhook"
	}}, Stretch{})
	usual := compare.Options{Tolerance: compare.DefaultTolerance, Resamples: 100}
	killed := killedDrills()
	killed.change = another
	return map[string]compare.Report{
		"worse":  compare.Against(base, []compare.Run{worse}, usual),
		"better": compare.Against(worse, []compare.Run{base}, usual),
		"same":   compare.Against(base, []compare.Run{base}, usual),
		"three":  compare.Against(base, []compare.Run{worse, elsewhere}, usual),
		"faults": compare.Against(comparableRunOf(t, "drills", drills(), Stretch{}), []compare.Run{comparableRunOf(t, "killed", killed, Stretch{})}, usual),
		"groups": compare.Groups(groupOf(base, 4), groupOf(worse, 4), usual),
		"few":    compare.Groups(groupOf(base, 2), groupOf(worse, 2), usual),
	}
}

// groupOf makes runs of stretches of one.
func groupOf(run compare.Run, n int) (runs []compare.Run) {
	for i := range n {
		part := run.Parts[0]
		part.Series = nil
		for _, s := range run.Parts[0].Series {
			s.Cells = s.Cells[i*len(s.Cells)/n : (i+1)*len(s.Cells)/n]
			part.Series = append(part.Series, s)
		}
		next := run
		next.Name = fmt.Sprintf("%s-%d", run.Name, i+1)
		next.Parts = []compare.Part{part}
		runs = append(runs, next)
	}
	return runs
}

func TestComparisonDocuments(t *testing.T) {
	for name, r := range comparisons(t) {
		t.Run(name, func(t *testing.T) {
			for _, columns := range []int{80, 120} {
				text := ComparisonTerminal(r, columns)
				for line := range strings.Lines(text) {
					if n := len([]rune(strings.TrimRight(line, "\n"))); n > columns {
						t.Errorf("a line has %d columns, and there are %d: %s", n, columns, line)
					}
				}
				t.Run(fmt.Sprintf("%d columns", columns), func(t *testing.T) { golden.RequireEqual(t, []byte(text)) })
			}
			for _, format := range []string{"markdown", "json"} {
				if format == "json" && name != "worse" && name != "groups" {
					continue // they are long
				}
				t.Run(format, func(t *testing.T) {
					var b bytes.Buffer
					if err := WriteComparison(&b, r, format); err != nil {
						t.Fatal(err)
					}
					golden.RequireEqual(t, b.Bytes())
				})
			}
		})
	}
}

// The page needs nothing else, holds the same answer, and is well-formed.
func TestComparisonPage(t *testing.T) {
	for name, r := range comparisons(t) {
		for i := range r.Comparisons {
			r.Comparisons[i].Other.Runs[0].Name = `<script>alert("x")</script>`
		}
		var b bytes.Buffer
		if err := WriteComparison(&b, r, "html"); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if strings.Contains(text, "<script") || strings.Contains(text, "BADINDEX") || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s: the page has a script, or a number that is none", name)
		}
		root, err := html.Parse(&b)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		var visit func(n *html.Node)
		visit = func(n *html.Node) {
			for _, a := range n.Attr {
				if slices.Contains([]string{"src", "href", "xlink:href"}, a.Key) && a.Val != "data:," {
					t.Errorf("%s: the page refers to %s", name, a.Val)
				}
			}
			if n.Type == html.TextNode && strings.Contains(n.Data, oneLine(comparisonAnswer(r, r.Comparisons[0]).text())) {
				seen++
			}
			for c := range n.ChildNodes() {
				visit(c)
			}
		}
		visit(root)
		if seen == 0 {
			t.Errorf("%s: the answer is not in the page", name)
		}
	}
}

// What is printed never rounds to the other side of zero or of the tolerance.
func TestDifferencesAreRoundedHonestly(t *testing.T) {
	latency := func(v, limit float64) compare.Finding {
		return compare.Finding{Number: compare.P95, Limit: limit, Low: v}
	}
	share := func(v, limit float64) compare.Finding {
		return compare.Finding{Number: compare.FailedShare, Limit: limit, Low: v}
	}
	for _, c := range []struct {
		f    compare.Finding
		want string
	}{
		{latency(0.1234, 0.05), "+12.3 %"},
		{latency(-0.1234, 0.05), "-12.3 %"},
		{latency(0.05004, 0.05), "+5.004 %"},
		{latency(0.04996, 0.05), "+4.996 %"},
		{latency(-0.050001, 0.05), "-5.0001 %"},
		{latency(0.0000001, 0.05), "+0.00001 %"},
		{latency(0.05, 0.05), "+5.0 %"},
		{latency(0, 0.05), "0.0 %"},
		{latency(12.5, 0.05), "+1,250.0 %"},
		{share(0.01234, 0.0005), "+1.23 pp"},
		{share(0.000501, 0.0005), "+0.0501 pp"},
		{share(-0.00001, 0), "-0.001 pp"},
	} {
		if got := findingLow(c.f); got != c.want {
			t.Errorf("%v with a limit of %v is written %s, want %s", c.f.Low, c.f.Limit, got, c.want)
		}
	}
}

// Two values that differ for certain never look alike.
func TestValuesThatDifferLookDifferent(t *testing.T) {
	value := func(v float64) compare.Value { return compare.Value{Value: v, Requests: 1000} }
	for _, f := range []compare.Finding{
		{Number: compare.P95, Base: value(450_100), Other: value(450_300), Verdict: compare.Worse},
		{Number: compare.FailedShare, Base: value(0.012341), Other: value(0.012342), Verdict: compare.Worse},
		{Number: compare.FailedShare, Base: value(0.00001), Other: value(0.00002), Verdict: compare.Worse},
	} {
		if a, b := findingValues(f); a == b {
			t.Errorf("%v and %v are both written %s", f.Base.Value, f.Other.Value, a)
		}
	}
	if a, b := findingValues(compare.Finding{Number: compare.P95, Base: value(450_100), Other: value(450_300), Verdict: compare.NoDifference}); a != b {
		t.Errorf("what may be alike is written %s and %s", a, b)
	}
}

func TestSaveComparison(t *testing.T) {
	r := compare.Against(comparableRunOf(t, "a", calm, Stretch{}), nil, compare.Options{})
	dir := t.TempDir()
	for _, name := range []string{"c.md", "c.html", "c.JSON"} {
		if err := SaveComparison(filepath.Join(dir, name), r); err != nil {
			t.Error(err)
		}
	}
	if !json.Valid([]byte(read(t, filepath.Join(dir, "c.JSON")))) {
		t.Error("c.JSON is no JSON")
	}
	if err := SaveComparison(filepath.Join(dir, "c.txt"), r); err == nil || !strings.Contains(err.Error(), ".html") {
		t.Errorf("a name that ends otherwise: %v", err)
	}
}

// That a run is held against itself, or a part of it against another, is said, and the whole run is all of it.
func TestSameRunIsTold(t *testing.T) {
	text := func(base, other compare.Run) string {
		r := compare.Against(base, []compare.Run{other}, compare.Options{Resamples: 100, Tolerance: 0.05})
		return strings.Join(strings.Fields(ComparisonTerminal(r, 0)), " ")
	}
	calm := synthetic{quiet: true}
	run := comparableRunOf(t, "a", calm, Stretch{})
	if got := text(run, run); !strings.Contains(got, "A and B are the same run, ") || !strings.Contains(got, "Whole run (") {
		t.Errorf("twice the same:\n%s", got)
	}
	if got := text(comparableRunOf(t, "a", calm, Stretch{To: 100}), comparableRunOf(t, "a", calm, Stretch{From: 100})); !strings.Contains(got, "A and B are parts of one run, ") {
		t.Errorf("two halves:\n%s", got)
	}
	drilled := comparableRunOf(t, "b", drills(), Stretch{})
	drilled.Conditions.ID = "another"
	if got := text(run, drilled); strings.Contains(got, "Whole run") || strings.Contains(got, "one run, ") || !strings.Contains(got, "Baseline (") {
		t.Errorf("a calm run and one with faults:\n%s", got)
	}
}
