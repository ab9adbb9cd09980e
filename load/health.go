package load

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"

	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load/metric"
)

// When a generator counts as saturated. A timer that fires late delays sends and stretches
// latencies by as much; a busy processor does so only once timers show it.
const (
	probeEvery   = 5 * time.Millisecond
	lagTolerated = 25 * time.Millisecond // with any processor use
	lagWhenBusy  = 5 * time.Millisecond  // with more than busyCPU
	busyCPU      = 0.9
)

// selfMonitor measures how well the generator itself does: how late its timers fire and how much of the
// processor it uses.
type selfMonitor struct {
	mu      sync.Mutex
	lags    []time.Duration // since the last reading
	readAt  time.Time
	cpuRead time.Duration

	absences *absences
}

func newSelfMonitor(now time.Time, a *absences) *selfMonitor {
	return &selfMonitor{readAt: now, cpuRead: cpuTime(), absences: a}
}

// probe fires a short timer again and again and notes how late it comes.
func (m *selfMonitor) probe(stop <-chan struct{}) {
	timer := time.NewTimer(probeEvery)
	defer timer.Stop()
	for {
		due := time.Now().Add(probeEvery)
		timer.Reset(probeEvery)
		select {
		case <-stop:
			return
		case <-timer.C:
			now := time.Now()
			m.absences.notice(now)
			if m.absences.before(due) {
				continue // that is an absence and told as one
			}
			m.mu.Lock()
			m.lags = append(m.lags, max(0, now.Sub(due)))
			m.mu.Unlock()
		}
	}
}

// read closes a window of the watch. missed and local are the window's missed sends and requests
// that never left this machine, and why most of these did not.
func (m *selfMonitor) read(now time.Time, missed, local uint64, why string) metric.Health {
	m.mu.Lock()
	lags := slices.Clone(m.lags)
	m.lags = m.lags[:0]
	m.mu.Unlock()

	var h metric.Health
	if len(lags) > 0 {
		slices.Sort(lags)
		h.Lag = lags[len(lags)*95/100]
	}
	used := cpuTime()
	if wall := now.Sub(m.readAt); wall > 0 {
		h.CPU = float64(used-m.cpuRead) / float64(wall) / float64(runtime.GOMAXPROCS(0))
	}
	m.readAt, m.cpuRead = now, used
	h.Reason = saturation(h.Lag, h.CPU, missed, local, why)
	h.Saturated = h.Reason != ""
	return h
}

// saturation returns why the numbers of a window may be the generator's own fault, or "".
func saturation(lag time.Duration, cpu float64, missed, local uint64, why string) string {
	switch {
	case local > 0:
		return fmt.Sprintf("%s failed on this machine: %s", units.Counted(local, "request", "requests"), cmp.Or(why, "see the errors of class generator"))
	case missed > 0:
		return units.Counted(missed, "send was", "sends were") + " due and never made"
	case lag >= lagTolerated:
		return fmt.Sprintf("timers fire %s late", units.Latency(lag))
	case cpu >= busyCPU && lag >= lagWhenBusy:
		return fmt.Sprintf("processor at %.0f %%, timers fire %s late", cpu*100, units.Latency(lag))
	}
	return ""
}

// cpuTime is the processor time that this process has used, in user and kernel mode.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
