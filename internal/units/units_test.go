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
		if got := Latency(c.d); got != c.want {
			t.Errorf("Duration(%v) = %q, want %q", c.d, got, c.want)
		}
	}
}

// TestDurationsKeepTheirWidth walks the whole range that a histogram can hold.
func TestDurationsKeepTheirWidth(t *testing.T) {
	for us := float64(metric.LowestMicros); us <= metric.HighestMicros; us *= 1.013 {
		if s := Latency(time.Duration(us * 1000)); utf8.RuneCountInString(s) > LatencyWidth {
			t.Errorf("%v µs is written %q: wider than %d", us, s, LatencyWidth)
		}
	}
}

func TestFormatNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{CountShort(0), "0"},
		{CountShort(999), "999"},
		{CountShort(1243), "1,243"},
		{CountShort(123456), "123,456"},
		{CountShort(9_999_999), "9,999,999"},
		{CountShort(12_345_678), "12.3 M"},
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
		{LatencyBound(1500 * time.Millisecond), "1.5 s"},
		{LatencyBound(500 * time.Millisecond), "500 ms"},
		{LatencyBound(10 * time.Second), "10 s"},
		{Clock(0), "00:00"},
		{Clock(252 * time.Second), "04:12"},
		{Clock(3852 * time.Second), "1:04:12"},
		{Clock(-time.Second), "00:00"},
		{Duration(0), "0 s"},
		{Duration(90 * time.Second), "1 min 30 s"},
		{Duration(5 * time.Minute), "5 min"},
		{Duration(1500 * time.Millisecond), "1.5 s"},
		{Number(2.5), "2.5"},
		{Number(1234.5), "1,235"},
		{Count(12_345_678), "12,345,678"},
		{Decimal(-1234.5, 1), "-1,234.5"},
		{Decimal(1234.5, -1), "1,234.5"},
		{Factor(1.5), "1.5×"},
		{Number(1500), "1,500"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 800 * time.Millisecond: "800 ms", 1500 * time.Millisecond: "1.5 s", 2 * time.Minute: "2 min",
		90 * time.Second: "1 min 30 s", 3 * time.Hour: "3 h", 90 * time.Minute: "1 h 30 min", -2 * time.Second: "-2 s",
		time.Minute + 1500*time.Millisecond: "1 min 1.5 s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestLiteral(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 5 * time.Minute: "5m", 90 * time.Minute: "1h30m", 2 * time.Hour: "2h", 10 * time.Second: "10s", 150 * time.Second: "2m30s", 1500 * time.Millisecond: "1.5s",
	} {
		got := Literal(d)
		if got != want {
			t.Errorf("Literal(%s) = %q, want %q", d, got, want)
		}
		if back, err := time.ParseDuration(got); err != nil || back != d {
			t.Errorf("Literal(%s) = %q reads back as %s, %v", d, got, back, err)
		}
	}
}

func TestLasted(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 1537 * time.Millisecond: "1.54 s", 10001 * time.Millisecond: "10 s", 90400 * time.Millisecond: "1 min 30 s", 250 * time.Millisecond: "250 ms",
		59996 * time.Millisecond: "60 s", time.Hour: "1 h",
	} {
		if got := Lasted(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
