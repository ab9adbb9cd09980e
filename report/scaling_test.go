package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/rundir"
)

// pods are the observations of one workload.
func pods(most int, points ...scalePoint) []rundir.Event {
	var events []rundir.Event
	for _, p := range points {
		events = append(events, happened(p.at, rundir.Scaled, "autoscaler", "pods", rundir.Scale{Workload: "deployment a/b", Ready: p.ready, Wanted: p.wanted, Min: 2, Max: most}))
	}
	return events
}

func TestScalingTable(t *testing.T) {
	spike := []strain{{label: "spike 1", from: 10, to: 60}, {label: "LLM latency", from: 80, to: 90}}
	for _, c := range []struct {
		name    string
		events  []rundir.Event
		strains []strain
		want    string
	}{
		{"never changed", pods(8, scalePoint{0, 2, 2}), spike, "| 2 | 2 | 2 | 2 to 8, maximum not reached | none | – | – |"},
		{"to the top and back", pods(8, scalePoint{0, 2, 2}, scalePoint{22.6, 2, 8}, scalePoint{30, 5, 8}, scalePoint{41, 8, 8}, scalePoint{70, 8, 2}, scalePoint{75, 2, 2}), spike, "| 2 | 2 | 8 | 2 to 8, maximum reached | 8 wanted at 00:22.6, 12.6 s after spike 1 began | 00:41.0 | 01:15.0 |"},
		{"wanted and never there", pods(8, scalePoint{0, 2, 2}, scalePoint{20, 2, 8}), spike, "| 2 | 2 | 2 | 2 to 8, maximum wanted and not reached | 8 wanted at 00:20.0, 10.0 s after spike 1 began | – | not within the run |"},
		{"back for a while", pods(8, scalePoint{0, 2, 2}, scalePoint{20, 3, 3}, scalePoint{30, 2, 2}, scalePoint{40, 3, 3}), spike, "| 3 | 2 to 8, maximum not reached | 3 wanted at 00:20.0, 10.0 s after spike 1 began | 00:20.0 | not within the run |"},
		{"evicted", pods(0, scalePoint{0, 2, 2}, scalePoint{81, 1, 2}, scalePoint{84, 2, 2}), spike, "| 2 | 1 | 2 | none | 1 ready at 01:21.0, 1.0 s after LLM latency began | – | 01:24.0 |"},
		{"nothing was done", pods(8, scalePoint{0, 2, 2}, scalePoint{5, 3, 3}), nil, "| 3 wanted at 00:05.0 | 00:05.0 |"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &evidence{run: &rundir.Run{}, strains: c.strains, scaling: scalingOf(c.events)}
			if text := markdown(scalingSection(e)); !strings.Contains(text, c.want) {
				t.Errorf("no %q in\n%s", c.want, text)
			}
		})
	}
	strange := []rundir.Event{{Kind: rundir.Scaled, Data: []byte(`7`)}, {Kind: rundir.Scaled, Data: []byte(`{}`)}, {Kind: rundir.Scaled}}
	if got := scalingOf(strange); got != nil {
		t.Errorf("workloads %v of events that name none", got)
	}
}

// Pods are steps: they are as many as before until they are more, and as many at the end as at last.
func TestStairs(t *testing.T) {
	times, ready, wanted := stairs([]scalePoint{{1, 2, 2}, {5, 2, 4}, {8, 4, 4}}, 10)
	if got := fmt.Sprint(times, ready, wanted); got != "[1 5 5 8 8 10] [2 2 2 2 4 4] [2 2 4 4 4 4]" {
		t.Errorf("stairs %s", got)
	}
	for _, high := range []float64{1.2, 2.4, 9.6, 40, 120, 4000} {
		if ticks := wholeTicks(high); len(ticks) < 2 || len(ticks) > 8 || slices.ContainsFunc(ticks, func(v float64) bool { return v != float64(int(v)) }) {
			t.Errorf("pods to %v have the ticks %v", high, ticks)
		}
	}
}

// A run with many workloads has a chart with room for some, and all in the table.
func TestScalingChartOfManyWorkloads(t *testing.T) {
	var events []rundir.Event
	for i := range 12 {
		events = append(events, happened(1, rundir.Scaled, "autoscaler", "pods", rundir.Scale{Workload: fmt.Sprintf("deployment a/w%d", i), Ready: i, Wanted: i}))
	}
	e, err := gather(synthetic{seconds: 20, events: events}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	if h := scalingChart(e).height; h > 900 {
		t.Errorf("the chart is %v points high", h)
	}
	if text := markdown(scalingSection(e)); !strings.Contains(text, "w11") {
		t.Errorf("not every workload is in\n%s", text)
	}
}
