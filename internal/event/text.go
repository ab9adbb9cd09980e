package event

import (
	"math"
	"strconv"
	"time"
)

// count writes a whole number with thousands separated.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// number writes a rate: whole above 10, else with three significant digits.
func number(v float64) string {
	if v >= 10 {
		return count(int(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// seconds writes a time given in seconds: 800 ms, 3 s, 5 min, 1 min 30 s.
func seconds(s float64) string { return duration(time.Duration(s * float64(time.Second))) }

func duration(d time.Duration) string {
	value, unit := float64(d.Milliseconds()), " ms"
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		value, unit = d.Hours(), " h"
	case d >= time.Minute && d%time.Minute == 0:
		value, unit = d.Minutes(), " min"
	case d >= time.Minute:
		rest := d % time.Minute
		return duration(d-rest) + " " + duration(rest)
	case d >= time.Second:
		value, unit = value/1000, " s"
	}
	return strconv.FormatFloat(value, 'f', -1, 64) + unit
}

// with adds a detail in brackets, if there is one.
func with(text, detail string) string {
	if detail == "" {
		return text
	}
	return text + " (" + detail + ")"
}
