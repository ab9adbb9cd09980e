package load

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xinbot.ir/squall/load/metric"
)

func TestAbsences(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name   string
		at     []time.Duration // when something ran
		asleep time.Duration   // how long the machine slept before the last of them
		want   time.Duration
	}{
		{"on time", []time.Duration{5 * ms, 10 * ms, 15 * ms}, 0, 0},
		{"late, not away", []time.Duration{5 * ms, 254 * ms}, 0, 0},
		{"away", []time.Duration{5 * ms, 255 * ms}, 0, 250 * ms},
		{"twice", []time.Duration{300 * ms, 400 * ms, 800 * ms}, 0, 700 * ms},
		{"out of order", []time.Duration{240 * ms, 10 * ms, 480 * ms}, 0, 0},
		{"asleep", []time.Duration{5 * ms, 10 * ms}, time.Hour, time.Hour + 5*ms},
		{"nearly asleep", []time.Duration{5 * ms, 10 * ms}, 244 * ms, 0},
	} {
		start := time.Now()
		a := newAbsences(start)
		before := a.slept
		for i, at := range test.at {
			a.asleep = func() time.Duration { return before }
			if i == len(test.at)-1 {
				a.asleep = func() time.Duration { return before + test.asleep }
			}
			a.notice(start.Add(at))
		}
		last := start.Add(test.at[len(test.at)-1])
		if got := a.read(last); got != test.want {
			t.Errorf("%s: away for %s, want %s", test.name, got, test.want)
		}
		if got := a.read(last); got != 0 {
			t.Errorf("%s: read again: %s", test.name, got)
		}
		if got := a.before(last.Add(-1)); got != (test.want > 0) {
			t.Errorf("%s: a moment ago was before the end of the absence: %t", test.name, got)
		}
		if a.before(last) {
			t.Errorf("%s: the absence has not ended", test.name)
		}
	}
}

// TestAbsenceMarksWhatWasUnderWay: what began before it ended, be it noticed by that outcome or before.
func TestAbsenceMarksWhatWasUnderWay(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for _, test := range []struct {
		name       string
		sent, done int
		class      metric.ErrorClass
		status     int
		away       bool
		want       metric.ErrorClass
	}{
		{"before it", 10, 40, metric.OK, 202, false, metric.OK},
		{"over it", 40, 1000, metric.OK, 202, true, metric.OK},
		{"refused over it", 40, 1000, metric.BadStatus, 503, true, metric.BadStatus},
		{"timeout over it", 40, 1000, metric.Timeout, 0, true, metric.Away},
		{"reset over it", 40, 1000, metric.Reset, 0, true, metric.Away},
		{"out of ports over it", 40, 1000, metric.LocalLimit, 0, true, metric.LocalLimit},
		{"after it", 1000, 1020, metric.OK, 202, false, metric.OK},
		{"slow after it", 1000, 1249, metric.OK, 202, false, metric.OK},
	} {
		a := newAbsences(start)
		a.notice(at(45))
		if test.sent >= 1000 {
			a.notice(at(1000))
		}
		o := metric.Outcome{Sent: at(test.sent), Done: at(test.done), Class: test.class, Status: test.status, Detail: "x"}
		a.mark(&o)
		if o.Away != test.away || o.Class != test.want {
			t.Errorf("%s: away %t, class %s, want %t, %s", test.name, o.Away, o.Class, test.away, test.want)
		}
	}
}

// napper makes a machine that sleeps when it is told to.
func napper(e *engine) (sleep func(time.Duration)) {
	var slept atomic.Int64
	before := e.absences.slept
	e.absences.mu.Lock()
	e.absences.asleep = func() time.Duration { return before + time.Duration(slept.Load()) }
	e.absences.mu.Unlock()
	return func(d time.Duration) { slept.Add(int64(d)) }
}

func TestSleepIsNotThePlatformsLatency(t *testing.T) {
	gateway := &pipeGateway{answer: func(int) time.Duration { return 100 * time.Millisecond }}
	inBubble(t, gateway, pipeOptions(), func(e *engine) {
		e.begin(Settings{VUs: 5})
		sleep := napper(e)
		elapse(2*time.Second + 50*time.Millisecond) // five are under way
		sleep(time.Hour)
		elapse(2 * time.Second)
		e.stop()
		s := e.Snapshot()
		if got := s.All.Requests - s.All.Count; s.All.Requests != uint64(e.count()) || got != 5 || s.All.Failed != 0 {
			t.Errorf("%d requests of %d, %d without a latency, %d failed; want 5 without", s.All.Requests, e.count(), got, s.All.Failed)
		}
		if s.Away < time.Hour || s.Away > time.Hour+10*time.Millisecond {
			t.Errorf("away for %s", s.Away)
		}
		var windows int
		for _, w := range s.Windows {
			if w.Away > 0 {
				windows++
			}
		}
		if windows != 1 {
			t.Errorf("%d windows say so", windows)
		}
	})
}

// TestWhatFellDueInAnAbsenceIsSkipped: it is neither sent late in one burst nor missed by the platform's fault.
func TestWhatFellDueInAnAbsenceIsSkipped(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.begin(Settings{Rate: 100})
		sleep := napper(e)
		elapse(time.Second + 5*time.Millisecond)
		<-e.openModel.token // nobody sends
		synctest.Wait()
		from, sent := time.Now(), e.count()
		elapse(500 * time.Millisecond)
		sleep(time.Minute)
		elapse(5 * time.Millisecond) // the probe notices
		e.openModel.passToken()
		elapse(2 * time.Millisecond)
		if got := e.count() - sent; got > 0 {
			t.Errorf("%d were sent at once", got)
		}
		elapse(time.Second)
		e.stop()
		s := e.Snapshot()
		if s.Missed != 0 || s.Skipped < 49 || s.Skipped > 51 {
			t.Errorf("%d missed, %d skipped, want 50 skipped", s.Missed, s.Skipped)
		}
		due := uint64(time.Since(from) / (10 * time.Millisecond))
		if got := s.Skipped + uint64(e.count()-sent); got != due {
			t.Errorf("%d sent and skipped of %d", got, due)
		}
	})
}

// TestThoseWhoseThinkTimeEndedInAnAbsenceAreNoHerd: they think anew instead of sending all at once.
func TestThoseWhoseThinkTimeEndedInAnAbsenceAreNoHerd(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.begin(Settings{VUs: 100, Think: Think{Min: time.Second, Max: time.Second}})
		elapse(3 * time.Second)
		now := time.Now()
		e.absences.until.Store(int64(now.Add(time.Second).Sub(e.absences.base))) // as if all that ends by then ended in one
		elapse(time.Second)
		if got := e.between(now, now.Add(time.Second)); got > 3 {
			t.Errorf("%d sent in an absence", got)
		}
	})
}

// TestArrivalsDueAtTheEndAreSent: a worker that a timer wakes a moment late sends what fell due before the stop.
func TestArrivalsDueAtTheEndAreSent(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.begin(Settings{Rate: 200})
		elapse(time.Second)
		<-e.openModel.token // its holder is a moment late
		synctest.Wait()
		sent := e.count()
		elapse(22 * time.Millisecond)
		var stopped sync.WaitGroup
		stopped.Go(e.stop)
		elapse(time.Millisecond)
		e.openModel.passToken()
		stopped.Wait()
		if s := e.Snapshot(); s.Missed != 0 || e.count() != sent+4 {
			t.Errorf("%d sent and %d missed since, want 4 and none", e.count()-sent, s.Missed)
		}
	})
}
