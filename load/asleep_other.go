//go:build !linux

package load

import "time"

// timeAsleep is by how much the clock on the wall is ahead of the one that stands still while the machine is
// suspended. A wall clock that is set forward counts as well.
func timeAsleep(started time.Time) time.Duration {
	now := time.Now()
	return now.Round(0).Sub(started.Round(0)) - now.Sub(started)
}
