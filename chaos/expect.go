package chaos

import (
	"time"

	"xinbot.ir/squall/internal/event"
)

// Expectation is one thing that the platform should do around a fault.
type Expectation struct {
	Signal event.Signal  // what it looks at
	Name   string        // of the alert, autoscaler or metric; "" where there is none
	Within time.Duration // of Recovers: after the revert; of AlertFires: after the injection, 0 while the fault is on
	Bound  float64       // of Scales: replicas, 0 the autoscaler's maximum; of MetricBelow: the value
	Text   string        // for people: "recovers within 2 min"
}
