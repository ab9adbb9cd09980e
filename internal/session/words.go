package session

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// count writes a whole number with thousands separated, as the timeline shows it.
func count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// number writes a rate: whole above 10, else with what it has behind the point.
func number(v float64) string {
	if v >= 10 {
		return count(int(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// duration writes a time without its zero parts: 5m rather than 5m0s.
func duration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
