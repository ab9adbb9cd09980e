package report

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// Faults cut a run into phases together with spikes, pauses and halts.
func TestPhasesOfFaults(t *testing.T) {
	on, off, stuck := rundir.FaultOn, rundir.FaultOff, rundir.FaultStuck
	const llm, redis, spike = "LLM latency", "Redis outage", "Channel spike"
	plain := func(at float64, kind rundir.Kind) rundir.Event { return rundir.Event{At: at, Kind: kind} }
	for _, c := range []struct {
		name   string
		events []rundir.Event
		want   string
	}{
		{"one", []rundir.Event{faulty(10, on, 1, llm), faulty(11, rundir.FaultActive, 1, llm), faulty(19, rundir.FaultUndo, 1, llm), faulty(20, off, 1, llm)}, "baseline 0-10, LLM latency 10-20, recovery 1 20-100"},
		{"killed while it is on", []rundir.Event{faulty(10, on, 1, llm)}, "baseline 0-10, LLM latency 10-100"},
		{"stuck", []rundir.Event{faulty(10, on, 1, llm), faulty(20, rundir.FaultUndo, 1, llm), faulty(30, stuck, 1, llm)}, "baseline 0-10, LLM latency 10-100"},
		{"stuck, and then not", []rundir.Event{faulty(10, on, 1, llm), faulty(30, stuck, 1, llm), faulty(40, off, 1, llm)}, "baseline 0-10, LLM latency 10-40, recovery 1 40-100"},
		{"refused", []rundir.Event{faulty(10, rundir.FaultRefused, 0, llm)}, "baseline 0-100"},
		{
			"two that overlap",
			[]rundir.Event{faulty(10, on, 1, llm), faulty(20, on, 2, redis), faulty(30, off, 1, llm), faulty(40, off, 2, redis)},
			"baseline 0-10, LLM latency 10-20, LLM latency + Redis outage 20-30, Redis outage 30-40, recovery 1 40-100",
		},
		{
			"one within another",
			[]rundir.Event{faulty(10, on, 1, llm), faulty(20, on, 2, redis), faulty(30, off, 2, redis), faulty(40, off, 1, llm)},
			"baseline 0-10, LLM latency 10-20, LLM latency + Redis outage 20-30, LLM latency, continued 30-40, recovery 1 40-100",
		},
		{
			"two within another",
			[]rundir.Event{faulty(10, on, 1, llm), faulty(20, on, 2, redis), faulty(30, off, 2, redis), faulty(40, on, 3, redis), faulty(50, off, 3, redis)},
			"baseline 0-10, LLM latency 10-20, LLM latency + Redis outage 20-30, LLM latency, continued 30-40, LLM latency + Redis outage 2 40-50, LLM latency, continued 2 50-100",
		},
		{
			"the same again",
			[]rundir.Event{faulty(10, on, 1, llm), faulty(20, off, 1, llm), faulty(30, on, 2, llm), faulty(40, off, 2, llm)},
			"baseline 0-10, LLM latency 10-20, recovery 1 20-30, LLM latency 2 30-40, recovery 2 40-100",
		},
		{
			"the channel spike is one thing with its spike",
			[]rundir.Event{faulty(10, on, 1, spike), plain(10.1, rundir.SpikeOn), faulty(19, rundir.FaultUndo, 1, spike), plain(19.5, rundir.SpikeOff), faulty(20, off, 1, spike)},
			"baseline 0-10, Channel spike 10-20, recovery 1 20-100",
		},
		{
			"the operator's spike before and in a fault",
			[]rundir.Event{plain(10, rundir.SpikeOn), faulty(20, on, 1, llm), plain(30, rundir.SpikeOff), faulty(40, off, 1, llm)},
			"baseline 0-10, spike 1 10-20, spike 1 + LLM latency 20-30, LLM latency 30-40, recovery 1 40-100",
		},
		{
			"a spike of the operator's after the channel spike",
			[]rundir.Event{faulty(10, on, 1, spike), plain(10, rundir.SpikeOn), plain(20, rundir.SpikeOff), faulty(20, off, 1, spike), plain(30, rundir.SpikeOn), plain(40, rundir.SpikeOff)},
			"baseline 0-10, Channel spike 10-20, recovery 1 20-30, spike 1 30-40, recovery 2 40-100",
		},
		{
			"a pause in a fault",
			[]rundir.Event{faulty(10, on, 1, llm), plain(20, rundir.Paused), plain(30, rundir.Resumed), faulty(40, off, 1, llm)},
			"baseline 0-10, LLM latency 10-20, paused 20-30, LLM latency, continued 30-40, recovery 1 40-100",
		},
		{
			"a fault within a pause",
			[]rundir.Event{plain(10, rundir.Paused), faulty(20, on, 1, llm), faulty(30, off, 1, llm), plain(40, rundir.Resumed), plain(50, rundir.Paused), plain(60, rundir.Resumed)},
			"baseline 0-10, paused 10-40, recovery 1 40-50, paused 2 50-60, recovery 1, continued 60-100",
		},
		{
			"a halt takes back what is on, which takes its time",
			[]rundir.Event{faulty(10, on, 1, llm), plain(15, rundir.SpikeOn), faulty(20, rundir.FaultUndo, 1, llm), plain(20, rundir.Halted), faulty(25, off, 1, llm), plain(50, rundir.Unblocked), plain(60, rundir.Halted), plain(70, rundir.Unblocked)},
			"baseline 0-10, LLM latency 10-15, LLM latency + spike 1 15-20, LLM latency, continued 20-25, halted 25-50, after halt 50-60, halted 2 60-70, after halt 2 70-100",
		},
		{
			"what a halt takes back has no recovery of its own",
			[]rundir.Event{faulty(10, on, 1, llm), plain(20, rundir.Halted), faulty(25, off, 1, llm), plain(30, rundir.Unblocked), faulty(40, on, 2, redis), faulty(50, off, 2, redis)},
			"baseline 0-10, LLM latency 10-25, halted 25-30, after halt 30-40, Redis outage 40-50, recovery 1 50-100",
		},
		{
			"times that are not in order",
			[]rundir.Event{faulty(20, on, 1, llm), faulty(19.99, on, 2, redis), faulty(40, off, 1, llm), faulty(50, off, 2, redis)},
			"baseline 0-20, LLM latency + Redis outage 20-40, Redis outage 40-50, recovery 1 50-100",
		},
		{
			"what cannot be read begins nothing",
			[]rundir.Event{{At: 10, Kind: on, Data: []byte(`"?"`)}, {At: 20, Kind: on}, faulty(30, on, 0, llm), {At: 40, Kind: "fault_unheard_of", Data: []byte(`{"run":7}`)}},
			"baseline 0-100",
		},
		{"its beginning is lost", []rundir.Event{faulty(20, rundir.FaultActive, 1, llm), faulty(30, off, 1, llm)}, "baseline 0-20, LLM latency 20-30, recovery 1 30-100"},
		{"its end is lost, its recovery is not", []rundir.Event{faulty(20, on, 1, llm), faulty(40, rundir.FaultRecovered, 1, llm)}, "baseline 0-20, LLM latency 20-40, recovery 1 40-100"},
		{"announced twice", []rundir.Event{faulty(20, on, 1, llm), faulty(30, on, 1, llm), faulty(40, off, 1, llm), faulty(50, off, 1, llm)}, "baseline 0-20, LLM latency 20-40, recovery 1 40-100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range cut(c.events, 100) {
				got = append(got, fmt.Sprintf("%s %g-%g", p.name, p.from, p.to))
			}
			if g := strings.Join(got, ", "); g != c.want {
				t.Errorf("phases %s\nwant   %s", g, c.want)
			}
		})
	}
}

// Known samples: the p95 of a fault's phase is that of all its seconds' samples, to the digit, in the
// table of phases.
func TestPhaseOfAFaultHasTheSamplesOwnPercentile(t *testing.T) {
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []rundir.Event{
		{Time: began, Kind: rundir.Started, Data: []byte("{}")},
		faulty(10, rundir.FaultOn, 1, "LLM latency"), faulty(20, rundir.FaultOff, 1, "LLM latency"),
	} {
		if err := w.Event(e, false); err != nil {
			t.Fatal(err)
		}
	}
	rng := rand.New(rand.NewPCG(5, 6))
	within := load.NewHistogram()
	for i := range 30 {
		var obs load.Observation
		obs.Window.Start, obs.Window.Length = began, 1e9
		for c := range load.NumChannels {
			obs.Latency[c] = load.NewHistogram()
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
	s := load.Statistics(within)
	want := fmt.Sprintf("| LLM latency | %s | 0 %% | %s | %s | %s | %s | %s |\n", count(s.Count), latency(s.P50), latency(s.P90), latency(s.P95), latency(s.P99), latency(s.Max))
	if text := read(t, write(t, dir).Report); !strings.Contains(text, want) {
		t.Errorf("no row %q in\n%s", want, text)
	}
}

// A channel spike counts once, a fault that was refused not at all.
func TestChaosEventsTriggered(t *testing.T) {
	counted := func(run synthetic) (*evidence, float64) {
		t.Helper()
		e, err := gather(run.write(t))
		if err != nil {
			t.Fatal(err)
		}
		text, err := k6Document(e)
		if err != nil {
			t.Fatal(err)
		}
		var summary struct {
			Metrics map[string]struct{ Count float64 }
		}
		if err := json.Unmarshal(text, &summary); err != nil {
			t.Fatal(err)
		}
		return e, summary.Metrics["chaos_events_triggered"].Count
	}
	if _, n := counted(drills()); n != 4 {
		t.Errorf("%v chaos events, want 4", n)
	}
	e, n := counted(synthetic{seconds: 110, events: drillLLM(1, 10, 50)})
	if n != 2 {
		t.Errorf("%v chaos events of one fault and one spike, want 2", n)
	}
	if text := markdown(document(e)); !strings.Contains(text, "- Spikes: 1\n") || !strings.Contains(text, "**1 fault**: LLM latency.\n") {
		t.Errorf("the first lines do not tell the spike from the fault:\n%s", text)
	}
}

// Wherever a run with faults is cut short, there is a report, and no fault is taken for taken back
// that the journal does not say so of.
func TestReportOfTornFaults(t *testing.T) {
	s := drills()
	s.seconds, s.events = 12, append(drillLLM(1, 2, 6), drillRedis(2, 4, 8)...)
	whole := s.write(t)
	journal := read(t, whole+"/"+rundir.JournalFile)
	off := strings.Index(journal, `"kind":"fault_off"`)
	rng := rand.New(rand.NewPCG(8, 9))
	for range 20 {
		size := rng.IntN(len(journal))
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		cutFile(t, dir, rundir.JournalFile, size)
		e, err := gather(dir)
		if err != nil {
			t.Fatalf("cut at %d: %v", size, err)
		}
		if text := markdown(document(e)); size < off && strings.Contains(text, "✓ verified") {
			t.Errorf("cut at %d: a fault is told as taken back\n%s", size, text)
		}
		if _, err := k6Document(e); err != nil {
			t.Errorf("cut at %d: %v", size, err)
		}
	}
}

// What was changed is named; a change that was refused moved nothing.
func TestChanged(t *testing.T) {
	before := map[string]string{"latency": "3s", "for": "1m"}
	for _, c := range []struct {
		data rundir.Fault
		want string
	}{
		{rundir.Fault{Params: map[string]string{"latency": "5s", "for": "1m", "jitter": "1s"}}, "jitter – → 1s, latency 3s → 5s"},
		{rundir.Fault{Params: before, Reason: "not allowed"}, "refused, not allowed"},
		{rundir.Fault{Summary: "5 s"}, "5 s"},
		{rundir.Fault{Params: before}, "nothing"},
	} {
		if got := changed(before, step{data: c.data}); got != c.want {
			t.Errorf("%+v: %q, want %q", c.data, got, c.want)
		}
	}
}

func TestLasting(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0.0 s", 45.23: "45.2 s", 119.94: "119.9 s", 119.96: "2 min", 605: "10 min 5 s", 7200: "120 min"} {
		if got := lasting(seconds); got != want {
			t.Errorf("%v s is written %q, want %q", seconds, got, want)
		}
	}
}
