//go:build linux

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/bench/echo"
)

// The test binary is also the echo server, as the real one is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == echoCommand {
		if err := run(os.Args[1:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestServerProcess(t *testing.T) {
	s, err := startServer(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if _, err := s.cpu(); err == nil {
			t.Error("the server is still there after stop")
		}
	}()

	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.webhook(), strings.NewReader(constantBody))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(echo.SignatureHeader, constantSignature())
	res, err := s.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		t.Errorf("a signed message got %s", res.Status)
	}
	if r, err := s.record(t.Context()); err != nil || r.Accepted != 1 {
		t.Errorf("record %+v, %v; want one accepted", r, err)
	}
	if used, err := s.cpu(); err != nil || used <= 0 || used > time.Minute {
		t.Errorf("processor time %s, %v", used, err)
	}
	if peak, err := s.peakMemory(); err != nil || peak < 1<<20 || peak > 1<<32 {
		t.Errorf("peak memory %d, %v", peak, err)
	}
}

func TestProcessThatFails(t *testing.T) {
	p, err := start(t.Context(), command{argv: []string{"/bin/sh", "-c", "echo no such flag >&2; exit 2"}})
	if err != nil {
		t.Fatal(err)
	}
	err = p.wait(time.Minute)
	if err == nil || !strings.Contains(err.Error(), "no such flag") {
		t.Errorf("wait() = %v, want what the program said", err)
	}
}

func TestParsePeak(t *testing.T) {
	if got, err := parsePeak([]byte("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n")); err != nil || got != 2<<20 {
		t.Errorf("parsePeak = %d, %v", got, err)
	}
	if _, err := parsePeak([]byte("Name:\tx\nState:\tZ (zombie)\n")); err == nil {
		t.Error("a process without memory has a peak")
	}
}

func TestParseCoreBusy(t *testing.T) {
	const stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 100 0 50 1000 7 1 2 3 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\n"
	if got, err := parseCoreBusy([]byte(stat), 0); err != nil || got != 1560*time.Millisecond {
		t.Errorf("parseCoreBusy = %s, %v", got, err)
	}
	if _, err := parseCoreBusy([]byte(stat), 2); err == nil {
		t.Error("a core that is not there is busy")
	}
}

func TestParseBenchmarks(t *testing.T) {
	const out = `goos: linux
BenchmarkMessage-2   	 1000000	      1042 ns/op	  88 MB/s	       0 B/op	       2 allocs/op
PASS
`
	want := []benchmark{{"Message", 1042, 0, 2}}
	got := parseBenchmarks([]byte(out))
	if !slices.Equal(got, want) {
		t.Fatalf("parseBenchmarks = %v, want %v", got, want)
	}
	verdicts := map[string]verdict{}
	for _, r := range codeRows(got) {
		verdicts[r.what] = r.verdict
	}
	for what, want := range map[string]verdict{
		"one message built, signed, sent and recorded (BenchmarkMessage)": missed,
		"one frame of the console at 200x60 (BenchmarkFrame200x60)":       unknown,
	} {
		if verdicts[what] != want {
			t.Errorf("%s: %q, want %q", what, verdicts[what], want)
		}
	}
}

func TestLatencyVerdict(t *testing.T) {
	tests := []struct {
		name           string
		claimed, truth float64 // ms
		count          int64
		want           []verdict
	}{
		{"within a millisecond of little", 0.9, 0.05, 100, []verdict{met, met}},
		{"within five per cent of much", 104, 100, 100, []verdict{met, met}},
		{"too far, and one lost", 106, 100, 99, []verdict{missed, missed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s summary
			s.Metrics.Duration.P95, s.Metrics.Requests.Count = tt.claimed, tt.count
			rows := claimRows("squall", 0, s, echo.Record{P95: tt.truth, Accepted: 100})
			var got []verdict
			for _, r := range rows {
				got = append(got, r.verdict)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("verdicts %v, want %v: %+v", got, tt.want, rows)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 999: "999", 1000: "1,000", 176543.4: "176,543", 1e6: "1,000,000"} {
		if got := thousands(v); got != want {
			t.Errorf("thousands(%v) = %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{7: "7.00 ns", 1042: "1.04 µs", 2.5e6: "2.50 ms", 914e6: "914 ms", 1.71e9: "1.71 s"} {
		if got := nanos(v); got != want {
			t.Errorf("nanos(%v) = %q, want %q", v, got, want)
		}
	}
	if got := median([]float64{9, 1, 5}); got != 5 {
		t.Errorf("median of three = %v", got)
	}
	if got := median([]float64{4, 1, 2, 9}); got != 3 {
		t.Errorf("median of four = %v", got)
	}
}

func TestWriteInto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	d := document{machine: []string{"a machine"}, rows: []row{{"frames", "3 ms", "2 ms", met}}}
	if err := os.WriteFile(path, []byte("# Speed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.writeInto(path); err == nil {
		t.Error("a file without marks was written to")
	}
	if err := os.WriteFile(path, []byte("# Speed\n"+beginMark+"\nold\n"+endMark+"\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := d.writeInto(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "# Speed\n" + beginMark + "\n\n" +
		"| what | aim | measured | met |\n| --- | --- | --- | --- |\n| frames | 3 ms | 2 ms | yes |\n\n- a machine\n\n" +
		endMark + "\nmore\n"
	if string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
