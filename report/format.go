package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// absent stands where something was not measured: never a zero.
const absent = "–"

// latency writes a duration with three significant digits: 0.42 ms, 82.1 ms, 412 ms, 1.71 s.
func latency(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 999.5 {
		return significant(ms) + " ms"
	}
	return significant(ms/1000) + " s"
}

// significant writes three significant digits, and every digit before the point.
func significant(v float64) string {
	decimals := 0
	switch a := math.Abs(v); {
	case a == 0:
	case a < 9.995:
		decimals = 2
	case a < 99.95:
		decimals = 1
	}
	return thousands(strconv.FormatFloat(v, 'f', decimals, 64))
}

// count writes a whole number with separated thousands.
func count(n uint64) string { return thousands(strconv.FormatUint(n, 10)) }

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

// percent writes a share of all: 0 %, 0.12 %, 41.3 %.
func percent(part, of uint64) string {
	if of == 0 {
		return absent
	}
	return percentOf(float64(part) / float64(of))
}

func percentOf(share float64) string {
	p := share * 100
	switch {
	case p == 0 || p == 100:
		return fmt.Sprintf("%.0f %%", p)
	case p < 0.01:
		return "< 0.01 %"
	case p < 10:
		return fmt.Sprintf("%.2f %%", p)
	}
	return fmt.Sprintf("%.1f %%", p)
}

// perSecond writes a rate.
func perSecond(n uint64, seconds float64) string {
	if seconds <= 0 {
		return absent
	}
	return significant(float64(n)/seconds) + "/s"
}

// clock writes a moment of the run: 04:12, or 1:04:12 after an hour.
func clock(seconds float64) string {
	s := int(seconds)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// clockTenths writes a moment to a tenth of a second: 04:12.3.
func clockTenths(seconds float64) string {
	tenths := int(math.Round(seconds * 10))
	return fmt.Sprintf("%s.%d", clock(float64(tenths/10)), tenths%10)
}

// plural writes a number of things.
func plural(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}
