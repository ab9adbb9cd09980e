package tui

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
)

// windowAt is one second of a run that began at fakeStart.
func windowAt(second int, p95 time.Duration) load.Window {
	w := load.Window{Start: fakeStart().Add(time.Duration(second) * time.Second), Length: time.Second, VUs: second}
	if p95 > 0 {
		w.Flows[load.Gateway] = load.Stats{Count: 10, P50: p95 / 2, P95: p95, P99: p95 * 2, Max: p95 * 3}
		w.Series[load.Webchat] = load.Counts{Count: 10, Failed: 1}
	}
	return w
}

func TestHistoryShowsTheWorstSecondOfAColumn(t *testing.T) {
	var h history
	windows := []load.Window{windowAt(0, 10*time.Millisecond), windowAt(1, 90*time.Millisecond), windowAt(2, 20*time.Millisecond)}
	h.sync(fakeStart(), windows, timeRanges()[0], 20) // a minute on 20 columns: 3 s each
	c := h.at(19)
	if c == nil || c.flows[load.Gateway].p95 != 90*time.Millisecond || c.requests != 30 || c.failed != 3 || c.vus != 2 {
		t.Fatalf("the column is %+v", c)
	}
	if h.at(18) != nil {
		t.Error("a column before the run began is not empty")
	}
}

func TestAnEmptySecondIsAGap(t *testing.T) {
	var h history
	h.sync(fakeStart(), []load.Window{windowAt(0, time.Millisecond), windowAt(2, 0), windowAt(3, time.Millisecond)}, timeRanges()[0], 60)
	if h.at(56) == nil || h.at(57) != nil {
		t.Error("the second without a window is not a gap")
	}
	if c := h.at(58); c == nil || c.flows[load.Gateway].count != 0 {
		t.Error("the second without requests is not an empty column")
	}
}

// TestHistoryGrowsAsItWouldBeRead checks the cheap way against reading everything again.
func TestHistoryGrowsAsItWouldBeRead(t *testing.T) {
	s := newFake()
	for range 5 {
		gameDay(s)
	}
	for _, r := range timeRanges() {
		var grown history
		for n := 1; n <= len(s.windows); n++ {
			grown.sync(s.started, s.windows[:n], r, 33)
		}
		var fresh history
		fresh.sync(s.started, s.windows, r, 33)
		if grown.axis != fresh.axis {
			t.Fatalf("%s: axis %+v, read again %+v", r.name, grown.axis, fresh.axis)
		}
		for x := range 33 {
			a, b := grown.at(x), fresh.at(x)
			if x == 0 && r.span > 0 {
				continue // the oldest column may be cut off in the middle
			}
			if (a == nil) != (b == nil) || a != nil && *a != *b {
				t.Errorf("%s: column %d is %+v, read again %+v", r.name, x, a, b)
			}
		}
	}
}

func TestAPeakKeepsItsColumnWhileTheChartScrolls(t *testing.T) {
	var windows []load.Window
	var h history
	last := -1
	for second := range 600 {
		p95 := 10 * time.Millisecond
		if second == 400 {
			p95 = time.Second
		}
		windows = append(windows, windowAt(second, p95))
		h.sync(fakeStart(), windows, timeRanges()[1], 30)
		if second < 400 {
			continue
		}
		at := -1
		for x := range 30 {
			if c := h.at(x); c != nil && c.flows[load.Gateway].p95 == time.Second {
				if at >= 0 {
					t.Fatalf("second %d: the peak stands in columns %d and %d", second, at, x)
				}
				at = x
			}
		}
		if place := h.axis.place(400 * time.Second); place != at {
			t.Fatalf("second %d: the peak is in column %d, its moment in %d", second, at, place)
		}
		if last >= 0 && at > last {
			t.Fatalf("second %d: the peak moved from column %d to %d", second, last, at)
		}
		last = at
	}
}

func TestColumnLength(t *testing.T) {
	ranges := timeRanges()
	for _, c := range []struct {
		r       timeRange
		elapsed time.Duration
		columns int
		want    time.Duration
	}{
		{ranges[1], 0, 30, 2 * time.Second}, // a young run is shown larger
		{ranges[1], 10 * time.Minute, 30, 10 * time.Second},
		{ranges[0], 10 * time.Minute, 60, time.Second},
		{ranges[3], 2 * time.Hour, 60, 2 * time.Minute},
		{ranges[3], 1000 * time.Hour, 60, time.Hour},
	} {
		if got := columnLength(c.r, c.elapsed, c.columns); got != c.want {
			t.Errorf("%s after %v on %d columns: %v, want %v", c.r.name, c.elapsed, c.columns, got, c.want)
		}
	}
}

func TestStoryReadsSpans(t *testing.T) {
	s := newFake()
	s.advance(10)
	_ = give(s, command.Spike{On: true})
	s.advance(20)
	_ = give(s, command.Hold{On: true})
	s.advance(5)
	_ = give(s, command.Halt{})
	s.advance(5)
	var st story
	for n := 1; n <= len(s.events); n++ { // piece by piece, as in life
		st.sync(s.events[:n], timeline.Of(s.events[:n]))
	}
	want := []span{
		{from: 10 * time.Second, to: 35 * time.Second, label: "Channel spike 5×", short: "5×", loud: true, run: 1, spike: true},
		{from: 30 * time.Second, to: 35 * time.Second, label: "hold"},
		{from: 35 * time.Second, to: -1, label: "halted"},
	}
	if len(st.spans) != len(want) {
		t.Fatalf("spans are %+v", st.spans)
	}
	for i := range want {
		if st.spans[i] != want[i] {
			t.Errorf("span %d is %+v, want %+v", i, st.spans[i], want[i])
		}
	}
	if len(st.events) != len(s.events) {
		t.Errorf("%d of %d events are news", len(st.events), len(s.events))
	}
	other := newFake().events
	other[0].Time = other[0].Time.Add(time.Hour)
	st.sync(other, timeline.Of(other)) // another run
	if len(st.spans) != 0 || len(st.events) != 1 {
		t.Error("a new run keeps the old spans")
	}
}

// What only the record needs is not news on the screen.
func TestTimelineLeavesOutWhatIsForTheRecord(t *testing.T) {
	s := newFake()
	s.event(event.RoleSquall, event.ExpectationDecided{Finding: event.Finding{Text: "an alert fires", Verdict: event.ExpectationUnknown}})
	m := console(s, looks()[0], 120, 36)
	wantNoText(t, m, "an alert fires")
	s.event(event.RoleSquall, event.ExpectationDecided{Finding: event.Finding{Text: "an alert fires", Verdict: event.ExpectationMet}})
	onScreen(m, s)
	wantText(t, m, "an alert fires")
}

// The panel says what the objectives are judged over.
func TestObjectivesSayWhatTheyAreAbout(t *testing.T) {
	s := newFake()
	s.advance(20)
	wantText(t, console(s, looks()[0], 120, 36), "last 10 s and whole run")
	s.outside = true
	wantText(t, console(s, looks()[0], 120, 36), "outside faults")
}
