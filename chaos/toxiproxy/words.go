package toxiproxy

import (
	"strconv"
	"time"

	"xinbot.ir/squall/internal/units"
)

// delayText writes a latency: 3 s ± 500 ms.
func delayText(latency, jitter time.Duration) string {
	if jitter.Milliseconds() == 0 {
		return units.Duration(latency)
	}
	return units.Duration(latency) + " ± " + units.Duration(jitter)
}

// afterText writes when something happens, "" for at once.
func afterText(what string, after time.Duration) string {
	if after.Milliseconds() == 0 {
		return ""
	}
	return what + " after " + units.Duration(after)
}

// shareText describes what part of the traffic is hit, if it is not all answers.
func shareText(stream string, percent float64) (parts []string) {
	if stream != downstream {
		parts = append(parts, map[string]string{upstream: "on requests", both: "both ways"}[stream])
	}
	if percent < 100 {
		parts = append(parts, strconv.FormatFloat(percent, 'f', -1, 64)+" % of connections")
	}
	return parts
}
