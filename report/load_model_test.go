package report

import (
	"strings"
	"testing"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Virtual users for 30 seconds, then a rate: service time is known of the second part only, and its
// table must not count the first.
func TestServiceTableOfAMixedRun(t *testing.T) {
	dir := synthetic{seconds: 60, openFrom: 30, adminOff: true}.write(t)
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var measured uint64
	for id := range load.NumChannels {
		if h := run.service[id]; h != nil {
			measured += uint64(h.TotalCount())
		}
	}
	text := markdown(document(run))
	_, service, found := strings.Cut(text, "(service time), in the seconds of the open model only (00:30 to 01:00)")
	if !found {
		t.Fatalf("no table of service time with its seconds in\n%s", text)
	}
	service, _, _ = strings.Cut(service, "## ")
	if row := "| **Gateway** | " + units.Count(measured) + " | "; measured >= run.requests().Count || !strings.Contains(service, row) {
		t.Errorf("want the row %q of %d requests in\n%s", row, run.requests().Count, service)
	}
	for _, want := range []string{
		"Part of the run was open (an arrival rate): 00:30 to 01:00. The rest was closed (virtual users): 00:00 to 00:30.",
		"open model, up to 150/s wanted (00:30 to 01:00), and closed model, up to 250 virtual users, think time 0 – 1.5 s (00:00 to 00:30)",
		"In the closed model the load", "In the open model the load",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
}

// A flow that ran in the closed part only has no row in the table of service time.
func TestServiceTableLeavesOutFlowsWithoutAny(t *testing.T) {
	run := &Run{totals: load.Registry().NewTotals(), service: load.Registry().NewObservation().Service}
	run.totals.Counts[load.Ingestion.Series("upload")].Count = 5
	if _, some := serviceTable(run); some {
		t.Error("a table without service times")
	}
	run.service[load.Webchat] = metric.NewHistogram()
	record(run.service[load.Webchat], 1000)
	if got, _ := serviceTable(run); len(got.rows) != 1 || got.rows[0][1].text() != "1" {
		t.Errorf("rows %v, want one of one request", got.rows)
	}
}

func TestModels(t *testing.T) {
	second := func(at float64, vus int, rate float64) rundir.Second {
		return rundir.Second{At: at, Length: 1, VUs: vus, WantedVUs: vus, Rate: rate}
	}
	got := modelPeriods([]rundir.Second{
		second(0, 0, 0), second(1, 5, 0), second(2, 0, 0), second(3, 5, 0), second(4, 5, 100), second(5, 0, 0), second(6, 9, 0), second(7, 0, 0),
	})
	if o, c := times(got, true), times(got, false); o != "00:04 to 00:06" || c != "00:01 to 00:04 and 00:06 to 00:08" {
		t.Errorf("open %s, closed %s", o, c)
	}
}
