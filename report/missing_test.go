package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// A disk that was full: latencies without counts are not judged, and no counts are printed beside them.
func TestMissingCountsAreUnknown(t *testing.T) {
	for name, kept := range map[string]func([]string) []string{
		"none":              func([]string) []string { return nil },
		"the end":           func(lines []string) []string { return lines[:10] },
		"the middle":        func(lines []string) []string { return append(lines[:4:4], lines[6:]...) },
		"one, and it ended": func(lines []string) []string { return lines[:29] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := synthetic{seconds: 30}.write(t)
			path := filepath.Join(dir, rundir.WindowsFile)
			lines := strings.SplitAfter(read(t, path), "\n")
			if err := os.WriteFile(path, []byte(strings.Join(kept(lines), "")), 0o600); err != nil {
				t.Fatal(err)
			}
			r := documentsOf(t, dir)
			if r.verdict.Answer != slo.NotJudged {
				t.Errorf("verdict %s, want not judged", r.verdict.Answer)
			}
			for _, v := range r.verdict.Run.Objectives {
				if v.State != slo.Unknown || v.Samples != 0 {
					t.Errorf("%s is %s over %d samples, want unknown", v.Objective, v.State, v.Samples)
				}
			}
			for _, want := range []string{"requests unknown in 00:30", "windows.jsonl has no counts of ", "! Counts missing."} {
				if !strings.Contains(r.terminal, want) {
					t.Errorf("the summary does not say %q:\n%s", want, r.terminal)
				}
			}
			if text := r.report; !strings.Contains(text, "Requests: unknown") || strings.Contains(text, "No request ended") {
				t.Errorf("the report does not say that requests are unknown:\n%s", text)
			}
		})
	}
}

// The summary names a report only where there is one.
func TestSummaryNamesNoReportThatIsNotThere(t *testing.T) {
	dir := synthetic{seconds: 20, events: []event.Event{happened(3, event.RoleSquall, event.SquallFailed{
		Error: "write windows.jsonl: no space left on device", Meanwhile: "what is measured from then on is saved elsewhere",
	})}}.write(t)
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := Terminal(run, "", 0)
	if strings.Contains(text, File) || !strings.Contains(text, "report  not written") {
		t.Errorf("no report was written, and the summary says\n%s", text)
	}
	if !strings.Contains(text, "! squall itself failed. write windows.jsonl: no space left on device\n") {
		t.Errorf("the summary does not say what failed:\n%s", text)
	}
	if path := filepath.Join(dir, File); !strings.Contains(Terminal(run, path, 0), path) {
		t.Errorf("the summary does not say where the report is:\n%s", Terminal(run, path, 0))
	}
}

func TestWhyTheRunEnded(t *testing.T) {
	for _, c := range []struct {
		by   event.Actor
		end  event.RunEnded
		want string
	}{
		{event.By(event.RoleOperator), event.RunEnded{Cause: event.EndAsked}, "Ended at 00:20: by the operator."},
		{event.Actor{Role: event.RoleScript, Name: "x"}, event.RunEnded{Cause: event.EndAsked}, "Ended at 00:20: by the script x."},
		{event.By(event.RoleSquall), event.RunEnded{Cause: event.EndDuration}, "Ended at 00:20: planned duration over."},
		{event.By(event.RoleSignal), event.RunEnded{Cause: event.EndSignal, Detail: "terminated"}, "Ended at 00:20: signal (terminated)."},
		{event.By(event.RoleStopRule), event.RunEnded{Cause: event.EndStopRule, Detail: "http_req_failed: rate>0.5 for 10s"}, "Ended at 00:20: stop rule met (http_req_failed: rate>0.5 for 10s)."},
	} {
		dir := synthetic{seconds: 20, killed: true, events: []event.Event{event.Make(began, 20, c.by, c.end)}}.write(t)
		text := documentsOf(t, dir).terminal
		if !strings.Contains(text, "\n  "+c.want+"\n") {
			t.Errorf("no line %q in\n%s", c.want, text)
		}
	}
}

// failing is a run of one second in which so many of 10 requests failed.
func failing(t *testing.T, failed uint64, errors ...metric.ErrorTotal) *Run {
	t.Helper()
	dir := t.TempDir()
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Event(happened(0, event.RoleSquall, event.RunStarted{})); err != nil {
		t.Fatal(err)
	}
	obs := load.Registry().NewObservation()
	obs.Errors = errors
	obs.Window.Start, obs.Window.Length = began, 1e9
	obs.Window.Series[load.Webchat] = metric.Counts{Count: 10, Failed: failed}
	if err := w.Second(rundir.NewSecond(0, obs), obs); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestMostFailuresAreNamed(t *testing.T) {
	all := load.Registry().Series()
	status := func(series, code int, n uint64) metric.ErrorTotal {
		return metric.ErrorTotal{Series: all[series], Class: metric.BadStatus, Status: code, Count: n}
	}
	limit := metric.ErrorTotal{Series: all[0], Class: metric.LocalLimit, Count: 50}
	for _, c := range []struct {
		failed uint64
		errors []metric.ErrorTotal
		want   string
	}{
		{9, []metric.ErrorTotal{status(0, 503, 4), status(0, 401, 3), status(1, 401, 2), limit}, "Most failures: status 401, 5 of 10 requests."},
		{5, []metric.ErrorTotal{status(0, 503, 5)}, ""},
		{0, nil, ""},
	} {
		run := failing(t, c.failed, c.errors...)
		if got := run.mostFailures(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if text := Terminal(run, "", 0); c.want != "" && !strings.Contains(text, "\n  "+c.want+"\n") {
			t.Errorf("no line %q in\n%s", c.want, text)
		}
	}
}

// Statuses stand with their kind, and what was said first and, if it is something else, most often.
func TestErrorTable(t *testing.T) {
	all := load.Registry().Series()
	status := metric.ErrorTotal{Series: all[0], Class: metric.BadStatus, Status: 503, Count: 4}
	if text := markdown(errorsSection(failing(t, 4, status))); !strings.Contains(text, "| gateway/webchat | status 503 | platform | 4 | 40.0 % |\n") || strings.Contains(text, "First seen as") {
		t.Errorf("errors:\n%s", text)
	}
	timeout := metric.ErrorTotal{Series: all[0], Class: metric.Timeout, Count: 1, Sample: "no complete answer in time"}
	text := markdown(errorsSection(failing(t, 5, status, timeout)))
	for _, row := range []string{"| gateway/webchat | status 503 | platform | 4 | 40.0 % | – |\n", "| gateway/webchat | timeout | platform | 1 | 10.0 % | no complete answer in time |\n"} {
		if !strings.Contains(text, row) {
			t.Errorf("no row %q in\n%s", row, text)
		}
	}
}

func TestMostOftenSaid(t *testing.T) {
	refused := metric.ErrorTotal{
		Series: load.Registry().Series()[0], Class: metric.BadStatus, Status: 401, Count: 5,
		Sample: "no signature", Most: metric.TextCount{Text: "signature | mismatch", Count: 4},
	}
	want := "| gateway/webchat | status 401 | platform | 5 | 50.0 % | no signature | signature \\| mismatch |\n"
	if text := markdown(errorsSection(failing(t, 5, refused))); !strings.Contains(text, want) || !strings.Contains(text, "| Most often |") {
		t.Errorf("no row %q in\n%s", want, text)
	}
}

func TestOneRequest(t *testing.T) {
	run := failing(t, 0)
	run.totals.Counts[load.Webchat].Count = 1
	if text := Terminal(run, "", 0); !strings.Contains(text, "  1 request in ") {
		t.Errorf("summary\n%s", text)
	}
}

// A chart that cannot be written is said in the report, and by the error.
func TestChartsThatCannotBeWritten(t *testing.T) {
	dir := synthetic{seconds: 20, quiet: true}.write(t)
	if err := os.WriteFile(filepath.Join(dir, chartsDir), nil, 0o600); err != nil { // in the place of the directory
		t.Fatal(err)
	}
	if _, err := Write(dir); err == nil || !strings.Contains(err.Error(), "draw charts/gateway_latency.png") {
		t.Errorf("error %v", err)
	}
	if text := read(t, filepath.Join(dir, File)); !strings.Contains(text, "gateway_latency.png is missing") {
		t.Errorf("the report does not say so:\n%s", text)
	}
}
