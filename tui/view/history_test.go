package view

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

var began = time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC)

// windowAt is one second of a run that began at began.
func windowAt(second int, p95 time.Duration) metric.Window {
	w := load.Registry().NewWindow()
	w.Start, w.Length, w.VUs = began.Add(time.Duration(second)*time.Second), time.Second, second
	if p95 > 0 {
		w.Flows[load.Gateway.ID()] = metric.Stats{Requests: 10, Failed: 1, Count: 10, P50: p95 / 2, P95: p95, P99: p95 * 2, Max: p95 * 3}
		w.Series[load.Webchat] = metric.Counts{Count: 10, Failed: 1}
	}
	return w
}

func TestHistoryShowsTheWorstSecondOfAColumn(t *testing.T) {
	var h History
	windows := []metric.Window{windowAt(0, 10*time.Millisecond), windowAt(1, 90*time.Millisecond), windowAt(2, 20*time.Millisecond)}
	h.Sync(began, windows, TimeRanges()[0], 20) // a minute on 20 columns: 3 s each
	c := h.At(19)
	if c == nil || c.flows[load.Gateway.ID()].P95 != 90*time.Millisecond || c.Requests != 30 || c.Failed != 3 || c.VUs != 2 {
		t.Fatalf("the column is %+v", c)
	}
	if h.At(18) != nil {
		t.Error("a column before the run began is not empty")
	}
}

// What was refused has no latency, and fails all the same.
func TestAColumnHasTheShareThatFailed(t *testing.T) {
	var h History
	refused := windowAt(1, 0)
	refused.Flows[load.Gateway.ID()] = metric.Stats{Requests: 30, Failed: 30}
	h.Sync(began, []metric.Window{windowAt(0, time.Millisecond), refused, windowAt(2, 0)}, TimeRanges()[0], 60)
	row := LatencyRow{Flows: []*metric.Flow{load.Gateway}}
	for x, want := range map[int]float64{57: 0.1, 58: 1, 59: 0} {
		c := row.Column(h.At(x))
		if got := c.FailedShare(); got != want {
			t.Errorf("column %d: %v failed, want %v", x, got, want)
		}
	}
}

func TestAnEmptySecondIsAGap(t *testing.T) {
	var h History
	h.Sync(began, []metric.Window{windowAt(0, time.Millisecond), windowAt(2, 0), windowAt(3, time.Millisecond)}, TimeRanges()[0], 60)
	if h.At(56) == nil || h.At(57) != nil {
		t.Error("the second without a window is not a gap")
	}
	if c := h.At(58); c == nil || c.flows != nil {
		t.Error("the second without requests is not an empty column")
	}
}

// TestHistoryGrowsAsItWouldBeRead checks the cheap way against reading everything again.
func TestHistoryGrowsAsItWouldBeRead(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	var windows []metric.Window
	for second := range 1500 {
		if rng.IntN(20) > 0 { // some seconds are missing
			windows = append(windows, windowAt(second, time.Duration(rng.IntN(900))*time.Millisecond))
		}
	}
	for _, r := range TimeRanges() {
		var grown History
		for n := 1; n <= len(windows); n++ {
			grown.Sync(began, windows[:n], r, 33)
		}
		var fresh History
		fresh.Sync(began, windows, r, 33)
		if grown.Axis != fresh.Axis {
			t.Fatalf("%s: axis %+v, read again %+v", r.Name, grown.Axis, fresh.Axis)
		}
		for x := range 33 {
			a, b := grown.At(x), fresh.At(x)
			if x == 0 && r.span > 0 {
				continue // the oldest column may be cut off in the middle
			}
			if (a == nil) != (b == nil) || a != nil && !reflect.DeepEqual(*a, *b) {
				t.Errorf("%s: column %d is %+v, read again %+v", r.Name, x, a, b)
			}
		}
	}
}

func TestAPeakKeepsItsColumnWhileTheChartScrolls(t *testing.T) {
	var windows []metric.Window
	var h History
	last := -1
	for second := range 600 {
		p95 := 10 * time.Millisecond
		if second == 400 {
			p95 = time.Second
		}
		windows = append(windows, windowAt(second, p95))
		h.Sync(began, windows, TimeRanges()[1], 30)
		if second < 400 {
			continue
		}
		at := -1
		for x := range 30 {
			if c := h.At(x); c != nil && c.flows[load.Gateway.ID()].P95 == time.Second {
				if at >= 0 {
					t.Fatalf("second %d: the peak stands in columns %d and %d", second, at, x)
				}
				at = x
			}
		}
		if place := h.Axis.Place(400 * time.Second); place != at {
			t.Fatalf("second %d: the peak is in column %d, its moment in %d", second, at, place)
		}
		if last >= 0 && at > last {
			t.Fatalf("second %d: the peak moved from column %d to %d", second, last, at)
		}
		last = at
	}
}

func TestColumnLength(t *testing.T) {
	ranges := TimeRanges()
	for _, c := range []struct {
		r       TimeRange
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
			t.Errorf("%s after %v on %d columns: %v, want %v", c.r.Name, c.elapsed, c.columns, got, c.want)
		}
	}
}

// A run begins at any moment and its windows close a moment late or early: each second still has its column,
// and an event the column of what was measured with it.
func TestEverySecondHasItsColumn(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 9))
	for _, begin := range []time.Duration{0, time.Microsecond, 400 * time.Millisecond, 500 * time.Millisecond, 749 * time.Millisecond, 800 * time.Millisecond, time.Second - time.Microsecond} {
		started := began.Add(begin)
		var windows []metric.Window
		next := started
		for range 30 {
			w := windowAt(0, time.Millisecond)
			w.Start = next
			next = metric.Second(next).Add(time.Second + time.Duration(rng.IntN(4_000_000)-1_000_000)) // 1 ms early to 3 ms late
			w.Length = next.Sub(w.Start)
			windows = append(windows, w)
		}
		var h History
		h.Sync(started, windows, TimeRanges()[0], 60)
		for x := 30; x < 60; x++ {
			if c := h.At(x); c == nil || c.Requests != 10 {
				t.Errorf("begun at %s: column %d is %+v", begin, x, c)
			}
		}
		for i, w := range windows {
			if got, want := h.Axis.Place(w.Start.Add(w.Length/2).Sub(started)), 30+i; got != want {
				t.Errorf("begun at %s: the middle of window %d is in column %d, want %d", begin, i, got, want)
			}
		}
	}
}
