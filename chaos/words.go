package chaos

import (
	"strconv"
	"time"
)

// Words writes a duration for people: 3 s, 800 ms, 1.5 s, 5 min. It shows whole milliseconds.
func Words(d time.Duration) string {
	value, unit := float64(d.Milliseconds()), " ms"
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		value, unit = d.Hours(), " h"
	case d >= time.Minute && d%time.Minute == 0:
		value, unit = d.Minutes(), " min"
	case d >= time.Minute:
		rest := d % time.Minute
		return Words(d-rest) + " " + Words(rest)
	case d >= time.Second:
		value, unit = value/1000, " s"
	}
	return strconv.FormatFloat(value, 'f', -1, 64) + unit
}
