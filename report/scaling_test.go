package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// pods are the observations of one workload.
func pods(most int, points ...timeline.Pods) []event.Event {
	var events []event.Event
	for _, p := range points {
		events = append(events, happened(p.At, event.RoleKubernetes, event.WorkloadScaled{Workload: "deployment a/b", Ready: p.Ready, Wanted: p.Wanted, Min: 2, Max: most}))
	}
	return events
}

func TestScalingTable(t *testing.T) {
	done := []event.Event{on(10, 1, "Channel spike"), off(60, 1, "Channel spike"), on(80, 2, "LLM latency"), off(90, 2, "LLM latency")}
	for _, c := range []struct {
		name   string
		events []event.Event
		done   []event.Event
		want   string
	}{
		{"never changed", pods(8, timeline.Pods{At: 0, Ready: 2, Wanted: 2}), done, "| 2 | 2 | 2 | 2 to 8, maximum not reached | none | – | – |"},
		{"to the top and back", pods(8, timeline.Pods{At: 0, Ready: 2, Wanted: 2}, timeline.Pods{At: 22.6, Ready: 2, Wanted: 8}, timeline.Pods{At: 30, Ready: 5, Wanted: 8}, timeline.Pods{At: 41, Ready: 8, Wanted: 8}, timeline.Pods{At: 70, Ready: 8, Wanted: 2}, timeline.Pods{At: 75, Ready: 2, Wanted: 2}), done, "| 2 | 2 | 8 | 2 to 8, maximum reached | 8 wanted at 00:22.6, 12.6 s after Channel spike began | 00:41.0 | 01:15.0 |"},
		{"wanted and never there", pods(8, timeline.Pods{At: 0, Ready: 2, Wanted: 2}, timeline.Pods{At: 20, Ready: 2, Wanted: 8}), done, "| 2 | 2 | 2 | 2 to 8, maximum wanted and not reached | 8 wanted at 00:20.0, 10 s after Channel spike began | – | not within the run |"},
		{"back for a while", pods(8, timeline.Pods{At: 0, Ready: 2, Wanted: 2}, timeline.Pods{At: 20, Ready: 3, Wanted: 3}, timeline.Pods{At: 30, Ready: 2, Wanted: 2}, timeline.Pods{At: 40, Ready: 3, Wanted: 3}), done, "| 3 | 2 to 8, maximum not reached | 3 wanted at 00:20.0, 10 s after Channel spike began | 00:20.0 | not within the run |"},
		{"evicted", pods(0, timeline.Pods{At: 0, Ready: 2, Wanted: 2}, timeline.Pods{At: 81, Ready: 1, Wanted: 2}, timeline.Pods{At: 84, Ready: 2, Wanted: 2}), done, "| 2 | 1 | 2 | none | 1 ready at 01:21.0, 1 s after LLM latency began | – | 01:24.0 |"},
		{"nothing was done", pods(8, timeline.Pods{At: 0, Ready: 2, Wanted: 2}, timeline.Pods{At: 5, Ready: 3, Wanted: 3}), nil, "| 3 wanted at 00:05.0 | 00:05.0 |"},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := timeline.Of(append(slices.Clone(c.done), c.events...))
			run := &Run{files: &rundir.Run{}, timeline: line, injections: injectionsOf(line)}
			if text := markdown(scalingSection(run)); !strings.Contains(text, c.want) {
				t.Errorf("no %q in\n%s", c.want, text)
			}
		})
	}
}

// Pods are steps: they are as many as before until they are more, and as many at the end as at last.
func TestStairs(t *testing.T) {
	times, ready, wanted := stepLine([]timeline.Pods{{At: 1, Ready: 2, Wanted: 2}, {At: 5, Ready: 2, Wanted: 4}, {At: 8, Ready: 4, Wanted: 4}}, 10)
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
	var events []event.Event
	for i := range 12 {
		events = append(events, happened(1, event.RoleKubernetes, event.WorkloadScaled{Workload: fmt.Sprintf("deployment a/w%d", i), Ready: i, Wanted: i}))
	}
	run, err := Load(synthetic{seconds: 20, events: events}.write(t))
	if err != nil {
		t.Fatal(err)
	}
	if h := drawPNG(run, scalingCharts(run)[0]).height; h > 900 {
		t.Errorf("the chart is %v points high", h)
	}
	if text := markdown(scalingSection(run)); !strings.Contains(text, "w11") {
		t.Errorf("not every workload is in\n%s", text)
	}
}
