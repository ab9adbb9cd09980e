package tui

import (
	"testing"
	"time"

	"xinbot.ir/squall/load"
	"xinbot.ir/squall/tui/grid"
)

func TestFormatDuration(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "–"},
		{time.Microsecond, "1.00 µs"},
		{420 * time.Microsecond, "420 µs"},
		{999_499, "999 µs"},
		{999_500, "1.00 ms"},
		{4213 * time.Microsecond, "4.21 ms"},
		{82_400 * time.Microsecond, "82.4 ms"},
		{411_900 * time.Microsecond, "412 ms"},
		{999_499 * time.Microsecond, "999 ms"},
		{999_500 * time.Microsecond, "1.00 s"},
		{1712 * time.Millisecond, "1.71 s"},
		{9996 * time.Millisecond, "10.0 s"},
		{180 * time.Second, "180 s"},
	} {
		if got := formatDuration(c.d); got != c.want {
			t.Errorf("formatDuration(%v) = %q, want %q", c.d, got, c.want)
		}
	}
}

// TestDurationsKeepTheirWidth walks the whole range that a histogram can hold.
func TestDurationsKeepTheirWidth(t *testing.T) {
	for us := float64(load.LowestMicros); us <= load.HighestMicros; us *= 1.013 {
		if s := formatDuration(time.Duration(us * 1000)); grid.Width(s) > durationWidth {
			t.Errorf("%v µs is written %q: wider than %d", us, s, durationWidth)
		}
	}
}

func TestFormatNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{formatCount(0), "0"},
		{formatCount(999), "999"},
		{formatCount(1243), "1,243"},
		{formatCount(123456), "123,456"},
		{formatCount(9_999_999), "9,999,999"},
		{formatCount(12_345_678), "12.3 M"},
		{formatInt(-1200), "-1,200"},
		{formatRate(0), "0"},
		{formatRate(0.2), "0.20"},
		{formatRate(12.345), "12.3"},
		{formatRate(1243.2), "1,243"},
		{formatFlowRate(0), "–"},
		{formatFlowRate(0.1), "6/min"},
		{formatFlowRate(0.125), "7.5/min"},
		{formatFlowRate(1180), "1,180/s"},
		{formatPercent(0), "0 %"},
		{formatPercent(0.00001), "<0.01 %"},
		{formatPercent(0.0012), "0.12 %"},
		{formatPercent(0.123), "12.3 %"},
		{formatPercent(1), "100 %"},
		{formatShare(0.01), "1 %"},
		{formatShare(0.005), "0.5 %"},
		{formatBound(1500 * time.Millisecond), "1.5 s"},
		{formatBound(500 * time.Millisecond), "500 ms"},
		{formatBound(10 * time.Second), "10 s"},
		{formatClock(0), "00:00"},
		{formatClock(252 * time.Second), "04:12"},
		{formatClock(3852 * time.Second), "1:04:12"},
		{formatClock(-time.Second), "00:00"},
		{formatSpan(0), "0 s"},
		{formatSpan(90 * time.Second), "90 s"},
		{formatSpan(5 * time.Minute), "5 min"},
		{formatSpan(1500 * time.Millisecond), "1.5 s"},
		{formatNumber(2.5), "2.5"},
		{formatNumber(1500), "1,500"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestNiceTop(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{
		{0, 0}, {-1, 0}, {0.0006, 0.0006}, {0.00061, 0.0008}, {1.1, 1.25}, {9.1, 10}, {1000, 1000},
	} {
		if got := niceTop(c.v); got < c.want*0.999999 || got > c.want*1.000001 {
			t.Errorf("niceTop(%v) = %v, want %v", c.v, got, c.want)
		}
	}
}
