package tui

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Widths of formatted values, so that columns do not jump.
const (
	durationWidth = 7 // "82.4 ms"
	percentWidth  = 7 // "<0.01 %"
)

// noValue stands where nothing was measured. It is never a zero.
const noValue = "–"

// formatDuration writes a latency with three significant digits and the unit that suits it; what was
// not measured (zero) is a dash.
func formatDuration(d time.Duration) string {
	us := float64(d) / float64(time.Microsecond)
	switch {
	case d <= 0:
		return noValue
	case us < 999.5:
		return threeDigits(us) + " µs"
	case us < 999.5e3:
		return threeDigits(us/1e3) + " ms"
	default:
		return threeDigits(us/1e6) + " s"
	}
}

// formatBound writes a limit: as formatDuration, without trailing zeros ("1.5 s").
func formatBound(d time.Duration) string {
	value, unit, found := strings.Cut(formatDuration(d), " ")
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
		return formatCount(uint64(math.Round(v)))
	}
}

// formatCount writes a number with thousands separated, in millions from ten million up.
func formatCount(n uint64) string {
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

// formatInt is formatCount for what cannot be negative in practice.
func formatInt(n int) string {
	if n < 0 {
		return "-" + formatCount(uint64(-n))
	}
	return formatCount(uint64(n))
}

// formatRate writes something per second, without the unit.
func formatRate(v float64) string {
	if v <= 0 || math.IsNaN(v) {
		return "0"
	}
	return threeDigits(v)
}

// formatFlowRate writes how often something happens, per minute when that is less than once a second.
func formatFlowRate(perSecond float64) string {
	switch {
	case perSecond <= 0 || math.IsNaN(perSecond):
		return noValue
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

// formatAxisRate writes a rate for a scale: short, without the unit.
func formatAxisRate(v float64) string {
	if v >= 100_000 {
		return formatNumber(v/1000) + " k"
	}
	return formatNumber(v)
}

// formatShare writes a limit on a share: as formatPercent, without trailing zeros ("1 %").
func formatShare(share float64) string {
	number, unit, _ := strings.Cut(formatPercent(share), " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + " " + unit
}

// formatPercent writes a share of 1 as a percentage. A share too small to show is not a zero.
func formatPercent(share float64) string {
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

// formatNumber writes a setting that a person typed: no zeros that say nothing.
func formatNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return formatInt(int(v))
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// formatClock writes a length of time as a clock: 04:12, or 1:04:12 from an hour up.
func formatClock(d time.Duration) string {
	s := int(max(d, 0) / time.Second)
	if s < 3600 {
		return twoDigits(s/60) + ":" + twoDigits(s%60)
	}
	return strconv.Itoa(s/3600) + ":" + twoDigits(s/60%60) + ":" + twoDigits(s%60)
}

// formatSpan writes a round length of time in words: 30 s, 5 min, 2 h.
func formatSpan(d time.Duration) string {
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
		return formatBound(d)
	}
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}
