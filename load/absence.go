package load

import (
	"sync"
	"sync/atomic"
	"time"

	"xinbot.ir/squall/load/metric"
)

// awayAfter is how long nothing of this process must have run for it to count as away. Less than that is
// lag, see [saturation].
const awayAfter = 250 * time.Millisecond

// absences notices that this process did not run for a while: it was stopped, starved of processor time, or
// the machine slept. To a request under way that looks as if the platform had been slow, or had not answered.
type absences struct {
	base  time.Time    // the start of the run
	until atomic.Int64 // end of the newest absence, as an offset from base in ns

	mu       sync.Mutex
	ran      time.Duration        // when this process was last seen to run, as an offset from base
	asleep   func() time.Duration // how long the machine has slept, from some time before base
	slept    time.Duration        // what asleep was then
	duration time.Duration        // of absences since the last reading
}

func newAbsences(now time.Time) *absences {
	asleep := func() time.Duration { return timeAsleep(now) }
	return &absences{base: now, asleep: asleep, slept: asleep()}
}

// notice is called by what runs, often enough: the process was away if it was not called for [awayAfter], or if the
// machine slept that long, which the clock of now does not show.
func (a *absences) notice(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, slept := now.Sub(a.base), a.asleep()
	if gap := at - a.ran + slept - a.slept; gap >= awayAfter {
		a.duration += gap
		a.until.Store(int64(at))
	}
	a.ran, a.slept = max(a.ran, at), slept
}

// noticeLate is notice for what comes late, and costs nothing for what does not.
func (a *absences) noticeLate(late time.Duration, now time.Time) {
	if late >= awayAfter {
		a.notice(now)
	}
}

// end is when the newest absence ended; the start of the run when there was none.
func (a *absences) end() time.Time { return a.base.Add(time.Duration(a.until.Load())) }

// before reports whether t is before the end of the newest absence.
func (a *absences) before(t time.Time) bool { return int64(t.Sub(a.base)) < a.until.Load() }

// mark notes in an outcome that the process was away while it was under way. What was answered then still counts,
// but has no latency; what was not is no failure of the platform.
func (a *absences) mark(o *metric.Outcome) {
	unanswered := o.Status == 0 && o.Class.Failed()
	if unanswered || o.Done.Sub(o.Sent) >= awayAfter {
		a.notice(o.Done)
	}
	if !a.before(o.Sent) {
		return
	}
	o.Away = true
	if unanswered {
		o.Class, o.Detail = metric.Away, ""
	}
}

// read returns how long the process was away since the last reading.
func (a *absences) read(now time.Time) time.Duration {
	a.notice(now)
	a.mu.Lock()
	defer a.mu.Unlock()
	d := a.duration
	a.duration = 0
	return d
}
