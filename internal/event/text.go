package event

import (
	"time"

	"xinbot.ir/squall/internal/units"
)

// seconds writes a time given in seconds.
func seconds(s float64) string { return units.Duration(duration(s)) }

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// with adds a detail in brackets, if there is one.
func with(text, detail string) string {
	if detail == "" {
		return text
	}
	return text + " (" + detail + ")"
}
