package compare

import (
	"math"
	"time"
)

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// round leaves a tenth.
func round(v float64) float64 { return math.Round(v*10) / 10 }
