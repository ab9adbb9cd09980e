package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// Known samples: the p95 of a fault's phase is that of all its seconds' samples, to the digit, in the
// table of phases.
func TestPhaseOfAFaultHasTheSamplesOwnPercentile(t *testing.T) {
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []event.Event{happened(0, event.RoleSquall, event.RunStarted{}), on(10, 1, "LLM latency"), off(20, 1, "LLM latency")} {
		if err := w.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	within := metric.NewHistogram()
	for i := range 30 {
		obs := load.Registry().NewObservation()
		obs.Window.Start, obs.Window.Length = began, 1e9
		for c := range load.NumChannels {
			obs.Latency[c] = metric.NewHistogram()
			for range 20 + 7*i {
				v := 1000 + rng.Int64N(90_000+int64(i*c)*10_000)
				record(obs.Latency[c], v)
				if i >= 10 && i < 20 {
					record(within, v)
				}
				obs.Window.Series[c].Count++
			}
		}
		if err := w.Second(rundir.NewSecond(float64(i), obs), obs); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s := metric.Statistics(within)
	want := fmt.Sprintf("| LLM latency | %s | 0 %% | %s | %s | %s | %s | %s |\n", units.Count(s.Count), units.Latency(s.P50), units.Latency(s.P90), units.Latency(s.P95), units.Latency(s.P99), units.Latency(s.Max))
	if text := documentsOf(t, dir).report; !strings.Contains(text, want) {
		t.Errorf("no row %q in\n%s", want, text)
	}
}

// A channel spike counts once, a fault that was refused not at all.
func TestChaosEventsTriggered(t *testing.T) {
	counted := func(run synthetic) (*Run, float64) {
		t.Helper()
		loaded, err := Load(run.write(t))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := writeK6Summary(&text, loaded); err != nil {
			t.Fatal(err)
		}
		var summary struct {
			Metrics map[string]struct{ Count float64 }
		}
		if err := json.Unmarshal(text.Bytes(), &summary); err != nil {
			t.Fatal(err)
		}
		return loaded, summary.Metrics["chaos_events_triggered"].Count
	}
	if _, n := counted(drills()); n != 4 {
		t.Errorf("%v chaos events, want 4", n)
	}
	run, n := counted(synthetic{seconds: 110, events: drillLLM(1, 10, 50)})
	if n != 2 {
		t.Errorf("%v chaos events of one fault and one spike, want 2", n)
	}
	if text := markdown(document(run)); !strings.Contains(text, "- Spikes: 1\n") || !strings.Contains(text, "**2 faults**: LLM latency, Channel spike.\n") {
		t.Errorf("the first lines do not tell the spike from the fault:\n%s", text)
	}
}

// Wherever a run with faults is cut short, there is a report, and no fault is taken for reverted
// that the journal does not say so of.
func TestReportOfTornFaults(t *testing.T) {
	s := drills()
	s.seconds, s.events = 12, append(drillLLM(1, 2, 6), drillRedis(2, 4, 8)...)
	whole := s.write(t)
	journal := read(t, whole+"/"+rundir.JournalFile)
	off := strings.Index(journal, `"kind":"fault_reverted"`)
	rng := rand.New(rand.NewPCG(8, 9))
	for range 10 {
		size := rng.IntN(len(journal))
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		cutFile(t, dir, rundir.JournalFile, size)
		run, err := Load(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		if text := markdown(document(run)); size < off && strings.Contains(text, "✓ verified") {
			t.Errorf("cut at %d: a fault is told as reverted\n%s", size, text)
		}
		if err := writeK6Summary(io.Discard, run); err != nil {
			t.Errorf("cut at %d: %v", size, err)
		}
	}
}

// What was changed is named.
func TestChanged(t *testing.T) {
	before := map[string]string{"latency": "3s", "for": "1m"}
	for _, c := range []struct {
		data event.FaultChanged
		want string
	}{
		{event.FaultChanged{Params: map[string]string{"latency": "5s", "for": "1m", "jitter": "1s"}}, "jitter – → 1s, latency 3s → 5s"},
		{event.FaultChanged{Summary: "5 s"}, "5 s"},
		{event.FaultChanged{Params: before}, "nothing"},
	} {
		if got := changed(before, c.data); got != c.want {
			t.Errorf("%+v: %q, want %q", c.data, got, c.want)
		}
	}
}

func TestLasting(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0 s", 45.23: "45.2 s", 60.2: "1 min", 119.4: "1 min 59 s", 605: "10 min 5 s", 7200: "2 h"} {
		if got := lengthText(seconds); got != want {
			t.Errorf("%v s is written %q, want %q", seconds, got, want)
		}
	}
}
