package command

import (
	"fmt"
	"math"
	"time"
)

// Limits, wide enough for one machine and narrow enough to catch a typing error. Whoever reads a
// value from a person (a flag, a form, a script) uses these.
const (
	MaxVUs         = 200_000
	MaxRate        = 1_000_000 // arrivals per second
	MaxSpikeFactor = 100
	MaxThink       = 24 * time.Hour
	MaxNote        = 500 // characters
)

// checkVUs bounds a number of virtual users; what names it in the error.
func checkVUs(what string, n int) error {
	if n < 0 || n > MaxVUs {
		return fmt.Errorf("set %s to %d: must be 0 to %d", what, n, MaxVUs)
	}
	return nil
}

// checkWeights refuses negative and infinite weights, and those that are all zero.
func checkWeights(weights map[string]float64) error {
	if len(weights) == 0 {
		return nil // goes back to the default
	}
	var sum float64
	for channel, w := range weights {
		if w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
			return fmt.Errorf("weight of %s is %v: must be zero or more", channel, w)
		}
		sum += w
	}
	if sum == 0 {
		return fmt.Errorf("all weights are zero: give at least one channel a weight")
	}
	return nil
}
