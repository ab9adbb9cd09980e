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
	LatencyWidth = 7 // "82.4 ms"
	PercentWidth = 7 // "<0.01 %"
)

// None stands where nothing was measured. It is never a zero.
const None = "–"

// Latency writes a latency with three significant digits and the unit that suits it; what was
// not measured (zero) is a dash.
func Latency(d time.Duration) string {
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

// LatencyBound writes the limit of a latency: as [Latency], without trailing zeros ("1.5 s").
func LatencyBound(d time.Duration) string {
	value, unit, found := strings.Cut(Latency(d), " ")
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

// Counted is a number of things: "1 pod", "2,000 pods".
func Counted(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// CountShort is [Count], in millions from ten million up, for places of fixed width.
func CountShort(n uint64) string {
	if n >= 10_000_000 {
		return threeDigits(float64(n)/1e6) + " M"
	}
	return Count(n)
}

// Count writes a whole number with thousands separated.
func Count(n uint64) string { return thousands(strconv.FormatUint(n, 10)) }

// Decimal writes a number with so many digits behind the point, and thousands separated.
func Decimal(v float64, digits int) string { return thousands(strconv.FormatFloat(v, 'f', digits, 64)) }

// thousands separates the thousands of a decimal number.
func thousands(number string) string {
	whole, fraction, point := strings.Cut(number, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if point {
		whole += "." + fraction
	}
	return sign + whole
}

// Int is [Count] for what cannot be negative in practice.
func Int(n int) string {
	if n < 0 {
		return "-" + Count(uint64(-n))
	}
	return Count(uint64(n))
}

// VUs writes a number of virtual users: 1 VU, 1,250 VUs.
func VUs(n int) string {
	if n == 1 {
		return "1 VU"
	}
	return Int(n) + " VUs"
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

// Share writes a limit on a share: as [Percent], without trailing zeros ("1 %").
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

// Number writes a setting: up to four significant digits, without zeros that say nothing.
func Number(v float64) string {
	if whole := math.Round(v); (v == whole || math.Abs(v) >= 1000) && math.Abs(v) < 1e15 {
		return Int(int(whole))
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

// Duration writes a length of time in full, to the millisecond: 800 ms, 1.5 s, 5 min, 1 min 30 s, 2 h, 1 h 30 min.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + Duration(-d)
	case d == 0:
		return "0 s"
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d >= time.Hour:
		return Duration(d.Truncate(time.Hour)) + " " + Duration(d%time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d >= time.Minute:
		rest := d % time.Minute
		return Duration(d-rest) + " " + Duration(rest)
	case d >= time.Second:
		return plain(float64(d.Milliseconds())/1000) + " s"
	}
	return plain(float64(d.Milliseconds())) + " ms"
}

// Lasted writes a length of time that was measured: with three digits below a minute (1.54 s, 10 s), to the second above.
func Lasted(d time.Duration) string {
	if d <= 0 || d >= time.Minute {
		return Duration(d.Round(time.Second))
	}
	return LatencyBound(d)
}

// DurationRange writes bounds of a length of time: "none" when there is no length, "1 s", "0 – 1.5 s".
func DurationRange(least, most time.Duration) string {
	switch {
	case most == 0:
		return "none"
	case least == most:
		return Duration(least)
	case least == 0:
		return "0 – " + Duration(most)
	}
	return Duration(least) + " – " + Duration(most)
}

// Literal writes a length of time as a person types it, in Go's syntax without zero parts: 5m, 1h30m.
func Literal(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Factor writes a multiplier: 5×, 1.5×.
func Factor(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) + "×" }

// plain writes a number without zeros that say nothing and without an exponent.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}
