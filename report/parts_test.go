package report

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// cut makes a run of events alone.
func cut(events []event.Event, length float64) *Run {
	run := &Run{timeline: timeline.Of(events), length: length}
	run.injections = injectionsOf(run.timeline)
	run.repeats = repeatsOf(run)
	run.cutPhases()
	return run
}

// A phase counts whole seconds by their middle; the level of virtual users is taken only from seconds
// that lie in it, for at the edge it may be the other phase's.
func TestPhaseTakesUsersOfItsOwnSecondsOnly(t *testing.T) {
	run := cut([]event.Event{on(2.7, 1, "Channel spike")}, 5)
	phases := run.phases
	for i, users := range []int{10, 20, 500, 600, 700} {
		s := rundir.Second{At: float64(i), Length: 1, VUs: users}
		part, is := run.cutAt(s.At + 0.5)
		if !is {
			t.Fatal("no phase")
		}
		part.add(s, make([]metric.Counts, len(load.Registry().Flows())))
	}
	if p := phases[0]; p.vus != 20 || p.measured != 3 {
		t.Errorf("baseline has %d users in %v seconds, want 20 in 3", p.vus, p.measured)
	}
	if p := phases[1]; p.vus != 700 || p.measured != 2 {
		t.Errorf("spike has %d users in %v seconds, want 700 in 2", p.vus, p.measured)
	}
}

// Phases that hold no second are in no table.
func TestPhasesWithoutASecond(t *testing.T) {
	blink := []event.Event{happened(10.6, event.RoleOperator, event.Paused{}), happened(10.8, event.RoleOperator, event.Resumed{})}
	run, err := Load(synthetic{seconds: 20, killed: true, events: blink}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	text := markdown(phasesSection(run))
	if strings.Contains(text, "| paused |") || !strings.Contains(text, "1 phase was too short") {
		t.Errorf("a pause of 0.2 seconds is in\n%s", text)
	}
	if row := "| baseline | 00:00.0 | 00:10.6 | 11.0 s | 200 |"; !strings.Contains(text, row) {
		t.Errorf("no row %q in\n%s", row, text)
	}
}

func TestPhaseAt(t *testing.T) {
	run := cut([]event.Event{on(10, 1, "Channel spike")}, 20)
	for at, want := range map[float64]string{0: "baseline", 9.9: "baseline", 10: "Channel spike", 19: "Channel spike", 20.5: "Channel spike"} {
		if p, is := run.cutAt(at); !is || p.in.name != want {
			t.Errorf("phase at %v is %v, want %s", at, p, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{percent(0, 0), absent},
		{percent(0, 5), "0 %"},
		{percent(5, 5), "100 %"},
		{percent(1, 1_000_000), "<0.01 %"},
		{percent(12, 10_000), "0.12 %"},
		{percent(413, 1000), "41.3 %"},
		{perSecond(600, 0), absent},
		{perSecond(0, 10), "0/s"},
		{perSecond(12_430, 10), "1,243/s"},
		{perSecond(1, 10), "0.10/s"},
		{clock(0), "00:00"},
		{clock(252.9), "04:12"},
		{clock(3852), "1:04:12"},
		{clockTenths(23.96), "00:24.0"},
		{clockTenths(83.44), "01:23.4"},
		{clockTenths(3852.1), "1:04:12.1"},
		{units.Counted(1, "send", "sends"), "1 send"},
		{units.Counted(1200, "send", "sends"), "1,200 sends"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain text, 3.18 s (really) - yes": "plain text, 3.18 s (really) - yes",
		"a|b":                               `a\|b`,
		"*bold* and <b>":                    `\*bold\* and \<b\>`,
		"gateway_latency and _edge_":        `gateway_latency and \_edge\_`,
		"# title":                           `\# title`,
		"#42":                               "#42",
		"- item":                            `\- item`,
		"--vus":                             "--vus",
		"1. first":                          `1\. first`,
		"2) second":                         `2\) second`,
		"![x](y)":                           `\!\[x\](y)`,
		"a `tick` $x$ ~~y~~ &amp;":          "a \\`tick\\` \\$x\\$ \\~\\~y\\~\\~ \\&amp;",
		"two\nlines\r\n\ttab\x00\x1b[31m":   `two lines  tab\\x00\\x1b\[31m`,
	} {
		if got := escape(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

func TestCodeSpan(t *testing.T) {
	for in, want := range map[string]string{
		"p(95)<1500": "`p(95)<1500`", "a|b": "`a\\|b`", "a`b": "``a`b``", "`x`": "`` `x` ``", "": "", "a\nb": "`a b`", `a\|b`: `a\\\|b`,
	} {
		if got := codeSpan(in); got != want {
			t.Errorf("%q is written %q, want %q", in, got, want)
		}
	}
}

// Text of any origin stays within its cell and its line.
func FuzzMarkdown(f *testing.F) {
	f.Add("Autoscaler woke up | *really*? <b>yes</b>")
	f.Add("```\n| a |\n")
	f.Add(`a\|b\`)
	f.Add("#װʬ0")
	f.Add("eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYSJ9.c2ln")
	f.Fuzz(func(t *testing.T, text string) {
		doc := markdown([]block{table{columns: textColumns("A", "B"), rows: [][]line{{plain(text), code(text)}}}})
		lines := strings.Split(doc, "\n")
		if len(lines) != 4 {
			t.Fatalf("%q breaks out of its line:\n%s", text, doc)
		}
		bars := 0
		row := lines[2]
		for i := range len(row) {
			backslashes := 0
			for j := i - 1; j >= 0 && row[j] == '\\'; j-- {
				backslashes++
			}
			if row[i] == '|' && backslashes%2 == 0 {
				bars++
			}
		}
		if bars != 3 {
			t.Fatalf("%q makes %d bars:\n%s", text, bars, row)
		}
		if strings.ContainsFunc(row, unicode.IsControl) {
			t.Fatalf("%q leaves a control character:\n%q", text, row)
		}
	})
}

func TestTicks(t *testing.T) {
	for _, seconds := range []float64{1, 7, 59, 60, 240, 900, 3600, 30_000, 90_000, 3e6} {
		if n := len(timeTicks(seconds, 10)); n < 2 || n > 11 {
			t.Errorf("%v seconds have %d ticks", seconds, n)
		}
	}
	for _, high := range []float64{0.003, 0.9, 1, 7, 99, 1500, 6700, 1e6} {
		ticks := valueTicks(high)
		if n := len(ticks); n < 3 || n > 8 || ticks[n-1] > high*1.001 {
			t.Errorf("values to %v have the ticks %v", high, ticks)
		}
	}
	if got := valueTicks(0); len(got) != 1 || got[0] != 0 { // six times 0 is no scale
		t.Errorf("values that are all 0 have the ticks %v", got)
	}
	if got := fmt.Sprint(logTicks(7, 900)); got != "[10 20 50 100 200 500]" {
		t.Errorf("logarithmic ticks %s", got)
	}
	for ms, want := range map[float64]string{0: "0", 0.5: "0.5 ms", 500: "500 ms", 1500: "1.5 s", 60_000: "60 s"} {
		if got := latencyLabel(ms); got != want {
			t.Errorf("%v is labelled %s, want %s", ms, got, want)
		}
	}
}

// Charts have few enough stretches to be read and enough samples in each to mean something.
func TestCellLength(t *testing.T) {
	for _, c := range []struct {
		seconds float64
		samples uint64
		want    float64
	}{
		{900, 1_000_000, 2}, {240, 60_000, 1}, {240, 24, 10}, {900, 90, 30}, {86_400, 1e9, 300}, {10, 3, 1}, {86_400 * 30, 1e9, 7200},
	} {
		if got := intervalLength(c.seconds, c.samples); got != c.want {
			t.Errorf("%v seconds with %d samples are cut in stretches of %v, want %v", c.seconds, c.samples, got, c.want)
		}
	}
}

// What is left of a run after its last whole stretch has none of its own unless it is half of one.
func TestLastCell(t *testing.T) {
	for _, c := range []struct {
		seconds, cell float64
		want          int
	}{{40, 1, 39}, {40.15, 1, 39}, {40.6, 1, 40}, {0.2, 1, 0}, {100, 30, 2}, {110, 30, 3}} {
		if got := lastInterval(c.seconds, c.cell); got != c.want {
			t.Errorf("the last stretch of %v s in %v s is %d, want %d", c.seconds, c.cell, got, c.want)
		}
	}
}
