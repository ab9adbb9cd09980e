package load

import (
	"time"

	"golang.org/x/sys/unix"
)

// timeAsleep is how long the machine has been suspended since it was started: the time by which the clock that
// counts it is ahead of the one that does not, which is Go's.
func timeAsleep(time.Time) time.Duration {
	var awake, all unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &all) != nil {
		return 0
	}
	return time.Duration(all.Nano() - awake.Nano())
}
