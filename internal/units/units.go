// Package units writes numbers for people: with a unit, with three significant digits, and in a width that does not
// jump.
package units

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Widths of formatted values, so that columns do not jump.
const (
	DurationWidth = 7 // "82.4 ms"
	PercentWidth  = 7 // "<0.01 %"
)

// None stands where nothing was measured. It is never a zero.
const None = "–"

// Duration writes a latency with three significant digits and the unit that suits it; what was
// not measured (zero) is a dash.
func Duration(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	switch {
	case d <= 0:
		return None
	case us < 999.5:
		return threeDigits(us) + " µs"
	case us < 999.5e3:
		return threeDigits(us/1e3) + " ms"
	default:
		return threeDigits(us/1e6) + " s"
	}
}

// Bound writes a limit: as formatDuration, without trailing zeros ("1.5 s").
func Bound(d time.Duration) string {
	value, unit, found := strings.Cut(Duration(d), " ")
	if !found || !strings.Contains(value, ".") {
		return value + " " + unit
	}
	return strings.TrimRight(strings.TrimRight(value, "0"), ".") + " " + unit
}

// threeDigits writes a positive number below a million with at least three significant digits.
func threeDigits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return Count(uint64(math.Round(v)))
	}
}

// Count writes a number with thousands separated, in millions from ten million up.
func Count(n uint64) string {
	if n >= 10_000_000 {
		return threeDigits(float64(n)/1e6) + " M"
	}
	s := strconv.FormatUint(n, 10)
	if len(s) <= 3 {
		return s
	}
	var b strings.Builder
	head := len(s) % 3
	b.WriteString(s[:head])
	for i := head; i < len(s); i += 3 {
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s[i : i+3])
	}
	return b.String()
}

// Int is formatCount for what cannot be negative in practice.
func Int(n int) string {
	if n < 0 {
		return "-" + Count(uint64(-n))
	}
	return Count(uint64(n))
}

// Rate writes something per second, without the unit.
func Rate(v float64) string {
	if v <= 0 || math.IsNaN(v) {
		return "0"
	}
	return threeDigits(v)
}

// FlowRate writes how often something happens, per minute when that is less than once a second.
func FlowRate(perSecond float64) string {
	switch {
	case perSecond <= 0 || math.IsNaN(perSecond):
		return None
	case perSecond < 0.9995:
		perMinute := perSecond * 60
		if perMinute >= 9.95 {
			return strconv.Itoa(int(math.Round(perMinute))) + "/min"
		}
		return strconv.FormatFloat(math.Round(perMinute*10)/10, 'f', -1, 64) + "/min"
	default:
		return threeDigits(perSecond) + "/s"
	}
}

// AxisRate writes a rate for a scale: short, without the unit.
func AxisRate(v float64) string {
	if v >= 100_000 {
		return Number(v/1000) + " k"
	}
	return Number(v)
}

// Share writes a limit on a share: as formatPercent, without trailing zeros ("1 %").
func Share(share float64) string {
	number, unit, _ := strings.Cut(Percent(share), " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + " " + unit
}

// Percent writes a share of 1 as a percentage. A share too small to show is not a zero.
func Percent(share float64) string {
	p := share * 100
	switch {
	case p <= 0 || math.IsNaN(p):
		return "0 %"
	case p < 0.01:
		return "<0.01 %"
	default:
		return threeDigits(p) + " %"
	}
}

// Number writes a setting that a person typed: no zeros that say nothing.
func Number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Int(int(v))
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// Clock writes a length of time as a clock: 04:12, or 1:04:12 from an hour up.
func Clock(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s < 3600 {
		return twoDigits(s/60) + ":" + twoDigits(s%60)
	}
	return strconv.Itoa(s/3600) + ":" + twoDigits(s/60%60) + ":" + twoDigits(s%60)
}

// Span writes a round length of time in words: 30 s, 5 min, 2 h.
func Span(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d >= time.Second && d%time.Second == 0:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d == 0:
		return "0 s"
	default:
		return Bound(d)
	}
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// Elapsed writes a length of time in whole seconds: 14 s, 2 min, 2 min 20 s.
func Elapsed(d time.Duration) string {
	d = d.Truncate(time.Second)
	if rest := d % time.Minute; d > time.Minute && d < time.Hour && rest > 0 {
		return Span(d-rest) + " " + Span(rest)
	}
	return Span(d)
}
