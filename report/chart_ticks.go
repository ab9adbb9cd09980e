package report

import (
	"fmt"
	"math"

	"xinbot.ir/squall/internal/units"
)

// timeTicks are round moments, at most so many of them.
func timeTicks(seconds float64, most int) []float64 {
	limit := float64(max(1, most))
	step := 1.0
	for _, s := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400} {
		if step = s; seconds/s <= limit {
			break
		}
	}
	for seconds/step > limit {
		step *= 2
	}
	return steps(step, seconds)
}

// valueTicks are about five round values from 0.
func valueTicks(high float64) []float64 {
	if high <= lowestHigh { // nothing but zeros: one line says so
		return []float64{0}
	}
	magnitude := math.Pow(10, math.Floor(math.Log10(high/5)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if high/(m*magnitude) <= 6 {
			return steps(m*magnitude, high)
		}
	}
	return steps(10*magnitude, high)
}

func steps(step, high float64) []float64 {
	var ticks []float64
	for i := 0; float64(i)*step <= high*1.0001; i++ {
		ticks = append(ticks, float64(i)*step)
	}
	return ticks
}

// logTicks are 1, 2 and 5 of every power of ten between two values, or 1 alone if they are many.
func logTicks(low, high float64) []float64 {
	var all, tens []float64
	for m := math.Pow(10, math.Floor(math.Log10(low))); m <= high; m *= 10 {
		for _, d := range []float64{1, 2, 5} {
			if v := m * d; v >= low*0.999 && v <= high {
				all = append(all, v)
				if d == 1 {
					tens = append(tens, v)
				}
			}
		}
	}
	if len(all) > 10 {
		return tens
	}
	return all
}

// tickLabel writes a tick's value without needless zeros.
func tickLabel(v float64) string { return units.Decimal(round(v), -1) }

func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// latencyLabel writes milliseconds, in seconds from one second on.
func latencyLabel(ms float64) string {
	switch {
	case ms == 0:
		return "0"
	case ms >= 1000:
		return tickLabel(ms/1000) + " s"
	}
	return fmt.Sprintf("%s ms", tickLabel(ms))
}
