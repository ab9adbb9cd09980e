package session

import (
	"math"
	"strconv"
)

// formatCount writes a whole number with thousands separated, as the timeline shows it.
func formatCount(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// formatNumber writes a rate: whole above 10, else with what it has behind the point.
func formatNumber(v float64) string {
	if v >= 10 {
		return formatCount(int(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
