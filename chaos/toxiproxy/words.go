package toxiproxy

import (
	"strconv"
	"time"
)

// words writes a duration for people, to the millisecond, which is what Toxiproxy knows.
func words(d time.Duration) string {
	value, unit := float64(d.Milliseconds()), " ms"
	switch {
	case d >= time.Minute && d%time.Minute == 0:
		value, unit = d.Minutes(), " min"
	case d >= time.Second:
		value, unit = value/1000, " s"
	}
	return strconv.FormatFloat(value, 'f', -1, 64) + unit
}

// delayWords writes a latency: 3 s ± 500 ms.
func delayWords(latency, jitter time.Duration) string {
	if jitter.Milliseconds() == 0 {
		return words(latency)
	}
	return words(latency) + " ± " + words(jitter)
}

// afterWords writes when something happens, "" for at once.
func afterWords(what string, after time.Duration) string {
	if after.Milliseconds() == 0 {
		return ""
	}
	return what + " after " + words(after)
}

// share says what part of the traffic is hit, if it is not all answers.
func share(stream string, percent float64) (parts []string) {
	if stream != downstream {
		parts = append(parts, map[string]string{upstream: "on requests", both: "both ways"}[stream])
	}
	if percent < 100 {
		parts = append(parts, strconv.FormatFloat(percent, 'f', -1, 64)+" % of connections")
	}
	return parts
}
