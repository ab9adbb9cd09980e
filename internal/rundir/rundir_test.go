package rundir_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

var start = time.Date(2026, 7, 30, 9, 15, 0, 250e6, time.UTC)

// observe makes an observation with the given latencies, in microseconds, of gateway/webchat.
func observe(at time.Time, service bool, micros ...int64) metric.Observation {
	obs := load.Registry().NewObservation()
	obs.Window.Start, obs.Window.Length, obs.Window.WantedVUs, obs.Window.VUs = at, time.Second, 10, 9
	h := metric.NewHistogram()
	for _, v := range micros {
		if err := h.RecordValue(v); err != nil {
			panic(err)
		}
	}
	obs.Latency[load.Webchat] = h
	if service {
		obs.Service[load.Webchat] = h
	}
	obs.Latency[load.Ingestion.Series("upload")] = metric.NewHistogram() // no samples: no line
	obs.Window.Series[load.Webchat] = metric.Counts{Count: uint64(len(micros)), Failed: 1}
	obs.Errors = []metric.ErrorTotal{{Series: metric.Series{Flow: load.Gateway, Channel: "webchat"}, Class: metric.BadStatus, Status: 502, Count: 1}}
	obs.Checks = []metric.Check{{Name: "gateway accepted", Passes: 2, Fails: 1}}
	return obs
}

// write fills a run directory with two seconds and returns it.
func write(t *testing.T, finish bool) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "runs", "one")
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	meta := event.RunStarted{RunID: "r1", Target: "demo", Objectives: []string{"gateway_latency: p(95)<1500"}}
	operator := event.By(event.RoleOperator)
	events := []event.Event{
		event.Make(start, 0, event.By(event.RoleSquall), meta),
		event.Make(start.Add(500*time.Millisecond), 0.5, operator, event.VUsSet{From: 5, To: 10}),
	}
	if finish {
		events = append(events, event.Make(start.Add(2*time.Second), 2, operator, event.RunEnded{Cause: event.EndAsked}))
	}
	for _, e := range events {
		if err := w.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	for i, micros := range [][]int64{{1000, 2000, 3000}, {4000, 170_000_000}} {
		at := float64(i)
		obs := observe(start.Add(time.Duration(i)*time.Second), i == 1, micros...)
		if err := w.Second(rundir.NewSecond(at, obs), obs); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What is recorded after the end, such as that people were told of it, is no part of the length.
func TestLengthEndsWithTheRun(t *testing.T) {
	run, err := rundir.Open(write(t, true))
	if err != nil {
		t.Fatal(err)
	}
	run.Events = append(run.Events, event.Make(start.Add(7*time.Second), 7, event.By(event.RoleSquall), event.Notified{To: "Slack"}))
	if run.Length() != 2 {
		t.Errorf("length %v, want 2", run.Length())
	}
	run.Events = slices.Delete(run.Events, 2, 3) // a killed run has no end of its own
	if run.Length() != 7 {
		t.Errorf("length of a killed run %v, want 7", run.Length())
	}
}

func TestRoundTrip(t *testing.T) {
	run, err := rundir.Open(write(t, true))
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Warnings) > 0 {
		t.Errorf("warnings of a whole run: %q", run.Warnings)
	}
	if !run.Start.Equal(start) || run.Meta.RunID != "r1" || run.Meta.Objectives[0] != "gateway_latency: p(95)<1500" {
		t.Errorf("start %s, meta %+v", run.Start, run.Meta)
	}
	if run.End == nil || run.End.Cause != event.EndAsked {
		t.Errorf("end %+v", run.End)
	}
	if run.Length() != 2 {
		t.Errorf("length %v, want 2", run.Length())
	}
	want := rundir.Second{
		At: 1, Length: 1, WantedVUs: 10, VUs: 9,
		Series: map[string][2]uint64{"gateway/webchat": {2, 1}},
		Errors: []rundir.ErrorCount{{Series: "gateway/webchat", Class: "status", Status: 502, Count: 1}},
		Checks: map[string][2]uint64{"gateway accepted": {2, 1}},
	}
	if len(run.Seconds) != 2 || !reflect.DeepEqual(run.Seconds[1], want) {
		t.Errorf("seconds %+v, want the second to be %+v", run.Seconds, want)
	}
	type seen struct {
		tag        string
		at, length float64
		count, max int64
	}
	var got []seen
	err = run.EachHistogram(func(tag string, at, length float64, bars rundir.Bars) error {
		h := metric.NewHistogram()
		if dropped := bars.AddTo(h); dropped > 0 {
			t.Errorf("%d values dropped", dropped)
		}
		got = append(got, seen{tag, at, length, h.TotalCount(), h.Max()})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	clamped := metric.NewHistogram()
	if err := clamped.RecordValue(170_000_000); err != nil {
		t.Fatal(err)
	}
	highest := clamped.Max()
	if w := []seen{
		{"gateway/webchat", 0, 1, 3, 3001},
		{"gateway/webchat", 1, 1, 2, highest},
		{"gateway/webchat/service", 1, 1, 2, highest},
	}; !reflect.DeepEqual(got, w) {
		t.Errorf("histograms %v, want %v", got, w)
	}
}

func TestVisitorCanStop(t *testing.T) {
	run, err := rundir.Open(write(t, true))
	if err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	calls := 0
	err = run.EachHistogram(func(string, float64, float64, rundir.Bars) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("error %v after %d calls, want %v after 1", err, calls, enough)
	}
}

// The log is one that the standard tools read: hdrhistogram-go's reader knows nothing of squall.
func TestStandardReader(t *testing.T) {
	f, err := os.Open(filepath.Join(write(t, true), rundir.HistogramFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reader := hdr.NewHistogramLogReader(f)
	var tags []string
	for i := 0; ; i++ {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		tags = append(tags, h.Tag())
		if i == 0 {
			if got := time.UnixMilli(h.StartTimeMs()); !got.Equal(start) {
				t.Errorf("starts at %s, want %s", got, start)
			}
			if d := h.EndTimeMs() - h.StartTimeMs(); d != 1000 {
				t.Errorf("lasts %d ms, want 1000", d)
			}
			if p := h.ValueAtPercentile(50); p != 2000 {
				t.Errorf("median %d µs, want 2000", p)
			}
		}
	}
	if want := "gateway/webchat gateway/webchat gateway/webchat/service"; strings.Join(tags, " ") != want {
		t.Errorf("tags %q, want %q", tags, want)
	}
}

func TestIntervalMaxIsMilliseconds(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(write(t, true), rundir.HistogramFile))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Tag=gateway/webchat,0.000,1.000,3.001,HIST"; !strings.Contains(string(text), want) {
		t.Errorf("no line begins with %q in\n%s", want, text)
	}
}

func TestCreateRefusesAnotherRun(t *testing.T) {
	dir := write(t, true)
	before, err := os.ReadFile(filepath.Join(dir, rundir.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = rundir.Create(dir)
	if err == nil || !strings.Contains(err.Error(), "already holds a run (journal.jsonl)") {
		t.Errorf("error %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, rundir.JournalFile)); string(after) != string(before) {
		t.Error("the journal of the other run changed")
	}
}

func TestOpenWithoutJournal(t *testing.T) {
	if _, err := rundir.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a run") {
		t.Errorf("error %v", err)
	}
}

func TestKilledRunHasNoEnd(t *testing.T) {
	run, err := rundir.Open(write(t, false))
	if err != nil {
		t.Fatal(err)
	}
	if run.End != nil || run.Meta.RunID != "r1" || len(run.Seconds) != 2 {
		t.Errorf("end %v, run %q, %d seconds", run.End, run.Meta.RunID, len(run.Seconds))
	}
}

func TestConcurrentEvents(t *testing.T) {
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	const writers, each = 8, 50
	for range writers {
		wg.Go(func() {
			for i := range each {
				if err := w.Event(event.Make(start, float64(i), event.By(event.RoleOperator), event.Noted{Note: strings.Repeat("x", i)})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range 5 {
		obs := observe(start, false, 1000)
		if err := w.Second(rundir.NewSecond(float64(i), obs), obs); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Events) != writers*each || len(run.Seconds) != 5 {
		t.Errorf("%d events and %d seconds, want %d and 5; %q", len(run.Events), len(run.Seconds), writers*each, run.Warnings)
	}
}

func TestWriteAfterCloseNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	err = w.Event(event.Make(start, 0, event.By(event.RoleOperator), event.Noted{}))
	if !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "append to run directory") || !strings.Contains(err.Error(), rundir.JournalFile) {
		t.Errorf("error %v", err)
	}
}

// Every file cut at every byte still opens; what is read is a beginning of what was written.
func TestTruncatedAnywhere(t *testing.T) {
	whole := write(t, true)
	full, err := rundir.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	histograms := func(r *rundir.Run) (n int) {
		if err := r.EachHistogram(func(string, float64, float64, rundir.Bars) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	all := histograms(full)
	for _, name := range []string{rundir.JournalFile, rundir.WindowsFile, rundir.HistogramFile} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(whole, name))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			for size := len(text) - 1; size >= 0; size-- {
				if err := os.Truncate(filepath.Join(dir, name), int64(size)); err != nil {
					t.Fatal(err)
				}
				run, err := rundir.Open(dir)
				if err != nil {
					t.Fatalf("cut at %d: %v", size, err)
				}
				n := histograms(run)
				if n > all || (name != rundir.HistogramFile && n != all) {
					t.Fatalf("cut at %d: %d histograms of %d", size, n, all)
				}
				if !reflect.DeepEqual(run.Events, full.Events[:len(run.Events)]) && len(run.Events) > 0 {
					t.Fatalf("cut at %d: events %v", size, run.Events)
				}
				if !reflect.DeepEqual(run.Seconds, full.Seconds[:len(run.Seconds)]) && len(run.Seconds) > 0 {
					t.Fatalf("cut at %d: seconds %v", size, run.Seconds)
				}
				whole := size == 0 || text[size-1] == '\n'
				warned := strings.Contains(strings.Join(run.Warnings, "\n"), name+": the last line is torn")
				if warned == whole {
					t.Fatalf("cut at %d, between lines %v, warnings %q", size, whole, run.Warnings)
				}
			}
		})
	}
}

func TestMissingFilesAreWarnings(t *testing.T) {
	dir := write(t, true)
	for _, name := range []string{rundir.WindowsFile, rundir.HistogramFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.EachHistogram(func(string, float64, float64, rundir.Bars) error { return io.EOF }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(run.Warnings, "; "); got != "windows.jsonl is missing: there are no counts; latency.hlog is missing: there are no latencies" {
		t.Errorf("warnings %q", got)
	}
}

// A damaged line in the middle, as a full disk leaves one, costs that line and no more.
func TestDamagedLine(t *testing.T) {
	dir := write(t, true)
	for _, name := range []string{rundir.JournalFile, rundir.WindowsFile, rundir.HistogramFile} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append([]byte("{\"at\":1,\"ki\nTag=a\n\n"), text...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := run.EachHistogram(func(string, float64, float64, rundir.Bars) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if len(run.Events) != 3 || len(run.Seconds) != 2 || n != 3 {
		t.Errorf("%d events, %d seconds, %d histograms", len(run.Events), len(run.Seconds), n)
	}
	if len(run.Warnings) != 3 || !strings.Contains(run.Warnings[0], "2 damaged lines were left out (first line 1:") {
		t.Errorf("warnings %q", run.Warnings)
	}
}
