package tui

import (
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/tui/view"
)

// TestAnOutageIsNotAPass: what is refused has no latency, so the last answers look fast.
func TestAnOutageIsNotAPass(t *testing.T) {
	for _, z := range sizes() {
		s := newFake()
		s.advance(30)
		s.down = true
		s.advance(2)
		m := console(s, looks()[0], z.w, z.h)
		gateway := card(t, m)
		if !strings.Contains(gateway, " % failed") {
			t.Errorf("two seconds into an outage the gateway at %dx%d says:\n%s", z.w, z.h, gateway)
		}
		s.advance(2)
		m.Update(snapshotMsg{s.Snapshot()})
		if gateway := card(t, m); !strings.Contains(gateway, "✗ no answers") {
			t.Errorf("four seconds into an outage the gateway at %dx%d says:\n%s", z.w, z.h, gateway)
		}
		s.down = false
		s.advance(metric.RecentWindows)
		m.Update(snapshotMsg{s.Snapshot()})
		if gateway := card(t, m); !strings.Contains(gateway, "✓ pass < 1.5 s") || strings.Contains(gateway, "failed") {
			t.Errorf("after the outage the gateway at %dx%d says:\n%s", z.w, z.h, gateway)
		}
	}
}

// card is the text of the first latency chart above its plot.
func card(t *testing.T, m *Model) string {
	t.Helper()
	lines := strings.Split(screen(t, m), "\n")[3:7]
	for i, line := range lines {
		runes := []rune(line)
		lines[i] = string(runes[:max(len(runes)/3, 30)])
	}
	return strings.Join(lines, "\n")
}

func TestTrouble(t *testing.T) {
	gateway := view.LatencyRows()[0]
	window := func(count, failed, answered uint64) metric.Window {
		w := load.Registry().NewWindow()
		w.Length = time.Second
		w.Series[0] = metric.Counts{Count: count, Failed: failed}
		w.Flows[load.Gateway.ID()].Count = answered
		return w
	}
	bounded := []slo.Result{{Objective: slo.Objective{Metric: "http_req_failed", Aggregate: "rate", Operator: "<", Bound: 0.2}}}
	for _, c := range []struct {
		name    string
		windows []metric.Window
		live    []slo.Result
		want    string
	}{
		{"nothing sent", nil, nil, ""},
		{"all is well", []metric.Window{window(100, 0, 100)}, nil, ""},
		{"a few fail", []metric.Window{window(100, 5, 100)}, nil, ""},
		{"more fail", []metric.Window{window(100, 6, 100)}, nil, "✗ 6.00 % failed"},
		{"the objective allows it", []metric.Window{window(100, 20, 100)}, bounded, ""},
		{"the objective does not", []metric.Window{window(100, 21, 100)}, bounded, "✗ 21.0 % failed"},
		{"answered with an error", []metric.Window{window(100, 100, 100)}, nil, "✗ 100 % failed"},
		{"refused", []metric.Window{window(100, 0, 100), window(9, 9, 0), window(9, 9, 0), window(9, 9, 0)}, nil, "✗ no answers"},
		{"one answer of many", []metric.Window{window(50, 49, 1), window(50, 50, 0)}, nil, "✗ 99.0 % failed"},
		{"refused, then nothing sent", []metric.Window{window(1, 1, 0), {}, {}, {}}, nil, "✗ no answers"},
		{"long ago", append([]metric.Window{window(9, 9, 0)}, make([]metric.Window, metric.RecentWindows)...), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &view.State{LastSecond: session.Snapshot{Load: load.Snapshot{Summary: metric.Summary{Windows: c.windows}}, Live: c.live}}
			got := gateway.Outage(s)
			if got.Found != (c.want != "") || got.Found && got.Text() != c.want {
				t.Errorf("found %t, %q; want %q", got.Found, got.Text(), c.want)
			}
		})
	}
}

func failures(t *testing.T, verdicts []slo.Result) slo.Result {
	t.Helper()
	v, found := view.FindFailed(verdicts)
	if !found || v.State != slo.Fail {
		t.Fatalf("the share of failed requests is judged %+v", v)
	}
	return v
}

// TestHeaderAndPanelAgree: the verdicts on a second arrive a moment after its numbers.
func TestHeaderAndPanelAgree(t *testing.T) {
	s := newFake()
	s.advance(30)
	m := console(s, looks()[0], 120, 36)
	before := s.Snapshot().Live
	s.down = true
	s.advance(1)
	early := s.Snapshot()
	early.Live = before
	m.Update(snapshotMsg{early})
	wantText(t, m, "errors 0 % ✓", "✓ pass      0 %")
	s.wait(100 * time.Millisecond)
	m.Update(snapshotMsg{s.Snapshot()})
	share := units.Percent(failures(t, s.Snapshot().Live).Value)
	wantText(t, m, "errors "+share+" ✗", "✗ fail  "+strings.Repeat(" ", 7-len(share))+share)
}
