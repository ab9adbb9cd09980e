package units

import (
	"testing"
	"time"
	"unicode/utf8"

	"xinbot.ir/squall/load/metric"
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
		if got := Duration(c.d); got != c.want {
			t.Errorf("Duration(%v) = %q, want %q", c.d, got, c.want)
		}
	}
}

// TestDurationsKeepTheirWidth walks the whole range that a histogram can hold.
func TestDurationsKeepTheirWidth(t *testing.T) {
	for us := float64(metric.LowestMicros); us <= metric.HighestMicros; us *= 1.013 {
		if s := Duration(time.Duration(us * 1000)); utf8.RuneCountInString(s) > DurationWidth {
			t.Errorf("%v µs is written %q: wider than %d", us, s, DurationWidth)
		}
	}
}

func TestFormatNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Count(0), "0"},
		{Count(999), "999"},
		{Count(1243), "1,243"},
		{Count(123456), "123,456"},
		{Count(9_999_999), "9,999,999"},
		{Count(12_345_678), "12.3 M"},
		{Int(-1200), "-1,200"},
		{Rate(0), "0"},
		{Rate(0.2), "0.20"},
		{Rate(12.345), "12.3"},
		{Rate(1243.2), "1,243"},
		{FlowRate(0), "–"},
		{FlowRate(0.1), "6/min"},
		{FlowRate(0.125), "7.5/min"},
		{FlowRate(1180), "1,180/s"},
		{Percent(0), "0 %"},
		{Percent(0.00001), "<0.01 %"},
		{Percent(0.0012), "0.12 %"},
		{Percent(0.123), "12.3 %"},
		{Percent(1), "100 %"},
		{Share(0.01), "1 %"},
		{Share(0.005), "0.5 %"},
		{Bound(1500 * time.Millisecond), "1.5 s"},
		{Bound(500 * time.Millisecond), "500 ms"},
		{Bound(10 * time.Second), "10 s"},
		{Clock(0), "00:00"},
		{Clock(252 * time.Second), "04:12"},
		{Clock(3852 * time.Second), "1:04:12"},
		{Clock(-time.Second), "00:00"},
		{Span(0), "0 s"},
		{Span(90 * time.Second), "90 s"},
		{Span(5 * time.Minute), "5 min"},
		{Span(1500 * time.Millisecond), "1.5 s"},
		{Number(2.5), "2.5"},
		{Number(1500), "1,500"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
