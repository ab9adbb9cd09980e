package report

import (
	"strings"
	"testing"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// Expectations that were not met are said in the first lines and leave the verdict as it is.
func TestExpectationsLine(t *testing.T) {
	finding := func(text string, v chaos.Verdict, reason string) chaos.Finding {
		return chaos.Finding{Text: text, Verdict: v, Reason: reason}
	}
	pass, fail := finding("recovers within 2 min", chaos.Pass, "took 8 s"), finding("objectives hold", chaos.Fail, "p95 broke")
	unknown, strange := finding("an alert fires", chaos.Unknown, "no alerts"), finding("something", "perhaps", "")
	for _, c := range []struct {
		findings []chaos.Finding
		want     string
	}{
		{nil, ""},
		{[]chaos.Finding{pass}, "✓ 1 of 1 expectation met."},
		{[]chaos.Finding{pass, pass}, "✓ 2 of 2 expectations met."},
		{[]chaos.Finding{pass, unknown, fail, fail}, "✗ 2 of 4 expectations not met: LLM latency, objectives hold: p95 broke; and 1 more. 1 met; 1 could not be judged (LLM latency, an alert fires: no alerts)."},
		{[]chaos.Finding{fail}, "✗ 1 of 1 expectation not met: LLM latency, objectives hold: p95 broke. 0 met."},
		{[]chaos.Finding{pass, strange}, "✓ 1 of 2 expectations met; 1 could not be judged (LLM latency, something)."},
	} {
		if got := expectationsLine([]*injection{{label: "LLM latency", findings: c.findings}}).text(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	calm := func(m *rundir.Meta) { m.Objectives = []string{"http_req_failed: rate<0.01"} }
	s := drills()
	s.change = calm
	r := write(t, s.write(t))
	if r.Verdict != Passed {
		t.Errorf("verdict %s, want passed: expectations are no objectives", r.Verdict)
	}
	for _, text := range []string{read(t, r.Report), r.Text} {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if first := strings.Join(lines[:min(9, len(lines))], "\n"); !strings.Contains(first, "2 of 6 expectations not met:") || !strings.Contains(first, "LEFT BEHIND") {
			t.Errorf("the first lines do not say what failed:\n%s", first)
		}
	}
}

// A fault that was taken back late, or kept as it is, is told as what it is.
func TestFateOfAFault(t *testing.T) {
	kept := faulty(30, rundir.FaultOff, 1, "Redis outage")
	kept.Data = []byte(`{"fault":"redis_outage","title":"Redis outage","run":1,"reason":"kept as it is"}`)
	on, stuck, off := faulty(10, rundir.FaultOn, 1, "Redis outage"), faulty(20, rundir.FaultStuck, 1, "Redis outage"), faulty(30, rundir.FaultOff, 1, "Redis outage")
	for _, c := range []struct {
		name    string
		events  []rundir.Event
		killed  bool
		has     []string
		hasNone []string
	}{
		{"stuck", []rundir.Event{on, stuck}, false, []string{"| ✗ LEFT BEHIND |", "**✗ LEFT BEHIND**: Redis outage.", "> **Left behind.** Redis outage: no reason was given", "> **Left behind: Redis outage.**"}, nil},
		{"stuck at first", []rundir.Event{on, stuck, off}, false, []string{"| ✓ verified |"}, []string{"LEFT BEHIND", "Left behind"}},
		{"kept", []rundir.Event{on, stuck, kept}, false, []string{"| ✗ NO, kept as it is |", "**! Kept as it is**: Redis outage.", "decided to keep the target as it is"}, []string{"✓ verified", "LEFT BEHIND"}},
		{"killed", []rundir.Event{on}, true, []string{"| ✗ still on when data stopped |", "| at least 30.0 s |", "**Faults were on.**"}, []string{"LEFT BEHIND"}},
		{"off is not in the journal", []rundir.Event{on}, false, []string{"| ? not in the journal |"}, []string{"verified"}},
		{"begin is not in the journal", []rundir.Event{off}, false, []string{"| before 00:30.0 |", "Its beginning could not be read"}, nil},
		{"data that cannot be read", []rundir.Event{{At: 10, Kind: rundir.FaultOn, Text: "begins", Data: []byte(`[]`)}}, false, []string{"1 event of a fault says nothing that can be read", "| begins |"}, []string{"## Faults"}},
		{"unknown kind", []rundir.Event{faulty(10, "fault_unheard_of", 1, "Redis outage")}, false, []string{"| Redis outage |"}, []string{"## Faults", "Incomplete"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := gather(synthetic{seconds: 40, quiet: true, killed: c.killed, events: c.events}.write(t))
			if err != nil {
				t.Fatal(err)
			}
			text := markdown(document(e))
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			for _, unwanted := range c.hasNone {
				if strings.Contains(text, unwanted) {
					t.Errorf("%q is in\n%s", unwanted, text)
				}
			}
		})
	}
}

// A run whose faults were all refused says so at the top, and so does one that a stop rule halted.
func TestFirstLinesNameRefusalsAndStopRules(t *testing.T) {
	refused := &evidence{totals: new(load.Totals), run: &rundir.Run{}}
	refused.faults.refused = make([]step, 2)
	if lines := faultLines(refused); len(lines) != 1 || lines[0].text() != "No fault was injected: 2 were refused. The section on faults says why." {
		t.Errorf("lines %v", lines)
	}
	stopped := &evidence{totals: new(load.Totals), run: &rundir.Run{End: &rundir.End{}, Events: []rundir.Event{{At: 65, Kind: rundir.StopRule, Text: "Stop rule gateway latency p(95)>3000 for 10s met (3.2 s)"}}}}
	notes := cautions(stopped)
	if len(notes) != 1 || notes[0].text() != "Stop rule. At 01:05: Stop rule gateway latency p(95)>3000 for 10s met (3.2 s)." {
		t.Errorf("notes %v", notes)
	}
}
