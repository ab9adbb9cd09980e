package load

import (
	"time"

	"xinbot.ir/squall/load/metric"
)

// Snapshot is the state of a generator at one moment. It is plain data and shared: readers must
// not write to its slices.
type Snapshot struct {
	At        time.Time
	Settings  Settings
	WantedVUs int     // intended now, ramp and spike included
	VUs       int     // running now
	Rate      float64 // arrivals per second intended now; 0 in the closed model
	InFlight  int
	Sent      uint64 // requests ended since the start, up to this moment
	Missed    uint64 // sends due and never made since the start
	Conns     int    // open connections to the gateway

	metric.Summary
}
