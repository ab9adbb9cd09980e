package report

import (
	"fmt"
	"math"
	"time"

	"xinbot.ir/squall/internal/units"
)

// absent stands where something was not measured: never a zero.
const absent = units.None

// percent writes a share of all; absent when there is nothing to have a share of.
func percent(part, of uint64) string {
	if of == 0 {
		return absent
	}
	return units.Percent(float64(part) / float64(of))
}

// perSecond writes a rate.
func perSecond(n uint64, seconds float64) string {
	if seconds <= 0 {
		return absent
	}
	return units.Rate(float64(n)/seconds) + "/s"
}

// clock writes a time of the run: 04:12, or 1:04:12 after an hour.
func clock(seconds float64) string { return units.Clock(duration(seconds)) }

// clockTenths writes a time of the run to a tenth of a second: 04:12.3.
func clockTenths(seconds float64) string {
	tenths := int(math.Round(seconds * 10))
	return fmt.Sprintf("%s.%d", clock(float64(tenths/10)), tenths%10)
}

// lengthText writes a measured length of time.
func lengthText(seconds float64) string {
	return units.Lasted(duration(seconds))
}

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
