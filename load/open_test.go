package load

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestOpenModelSendsWhenDueThroughChangesOfRate(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		start := time.Now()
		e.begin(Settings{Rate: 100})
		steps := []float64{200, 50, 400, 0.5, 1000}
		for _, rate := range steps {
			time.Sleep(time.Second) // exactly where an arrival is due
			e.change(func(s *Settings) { s.Rate = rate })
		}
		time.Sleep(time.Second)
		e.stop()

		// One at the very start, then 100, 200, 50, 400, half of one and 1000.
		due := 1 + 100 + 200 + 50 + 400 + 1000
		if got := e.count(); got != due {
			t.Errorf("gateway saw %d requests, want %d", got, due)
		}
		if got := e.recorded(); got != uint64(due) {
			t.Errorf("recorded %d requests, want %d", got, due)
		}
		if missed := e.Snapshot().Missed; missed != 0 {
			t.Errorf("missed %d, want none", missed)
		}
		for i, a := range e.all()[:100] {
			if want := start.Add(time.Duration(i) * 10 * time.Millisecond); !a.at.Equal(want) {
				t.Fatalf("request %d came at %s, want %s", i, a.at.Sub(start), want.Sub(start))
			}
		}
	})
}

func TestOpenModelRampsWhileOtherThingsChange(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		start := time.Now()
		e.begin(Settings{Rate: 200, Ramp: 10 * time.Second})
		for i := range 10 {
			e.change(func(s *Settings) { s.Mix = Weights{Webchat: float64(i + 1), Telegram: 1} })
			elapse(time.Second)
		}
		if got, want := e.Snapshot().Rate, 200.0; got != want {
			t.Errorf("rate after the ramp = %v, want %v", got, want)
		}
		// The area under the ramp is 200*10/2 = 1000; each half is a quarter and three quarters.
		if got := e.between(start, start.Add(5*time.Second)); math.Abs(float64(got)-250) > 2 {
			t.Errorf("first half of the ramp: %d requests, want 250", got)
		}
		if got := e.between(start, start.Add(10*time.Second)); math.Abs(float64(got)-1000) > 2 {
			t.Errorf("whole ramp: %d requests, want 1000", got)
		}
	})
}

func TestOpenModelPauseAndHold(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		start := time.Now()
		e.begin(Settings{Rate: 100, Ramp: 10 * time.Second})
		elapse(5 * time.Second)
		e.change(func(s *Settings) { s.Hold = true })
		if got := e.Snapshot().Rate; got != 50 {
			t.Errorf("held at %v, want 50", got)
		}
		elapse(2 * time.Second)
		e.change(func(s *Settings) { s.Paused = true })
		elapse(2 * time.Second)
		e.change(func(s *Settings) { s.Spike = true }) // must wait
		e.change(func(s *Settings) { s.Paused = false })
		if got := e.Snapshot().Rate; got != 50 {
			t.Errorf("after the pause, still on hold: %v, want 50", got)
		}
		elapse(2 * time.Second)
		e.change(func(s *Settings) { s.Spike, s.Hold = false, false })
		elapse(5 * time.Second)
		if got := e.Snapshot().Rate; got != 75 {
			t.Errorf("halfway from 50 to 100: %v, want 75", got)
		}
		at := func(s int) time.Time { return start.Add(time.Duration(s)*time.Second + time.Millisecond) }
		for _, span := range []struct{ from, to, want int }{{0, 5, 125}, {5, 7, 100}, {7, 9, 0}, {9, 11, 100}} {
			if got := e.between(at(span.from), at(span.to)); math.Abs(float64(got-span.want)) > 1 {
				t.Errorf("seconds %d to %d: %d requests, want %d", span.from, span.to, got, span.want)
			}
		}
	})
}

// A gateway that stops answering for three seconds: the sends that can still be made are late and
// say so, the others are missed, and nothing that was due goes uncounted.
func TestStalledGatewayShowsAsLateAndMissedSends(t *testing.T) {
	const rate, most = 100, 20
	o := pipeOptions()
	o.MaxInFlight, o.Timeout = most, 10*time.Second
	gateway := &pipeGateway{answer: func(n int) time.Duration {
		if n >= 100 && n < 100+most {
			return 3 * time.Second
		}
		return time.Millisecond
	}}
	inBubble(t, gateway, o, func(e *engine) {
		start := time.Now()
		e.begin(Settings{Rate: rate})
		elapse(3500 * time.Millisecond) // in the middle of the stall
		synctest.Wait()
		last := e.Snapshot().Windows
		if got := last[len(last)-1].Missed; got < 80 || got > 120 {
			t.Errorf("window 3 of the stall counts %d missed sends, want those of its second (about 100)", got)
		}
		elapse(3*time.Second + 3*time.Millisecond)
		e.stop()
		due := Pacer{From: rate, To: rate, Phase: 1}.Before(time.Since(start))
		s := e.Snapshot()
		if s.Sent+s.Missed != due {
			t.Errorf("sent %d + missed %d = %d, due were %d", s.Sent, s.Missed, s.Sent+s.Missed, due)
		}
		if s.Missed < 150 || s.Missed > 210 {
			t.Errorf("missed %d: of three seconds all but the last one and %d in flight, about 180", s.Missed, most)
		}
		if uint64(e.count()) != s.Sent {
			t.Errorf("gateway saw %d, sent %d", e.count(), s.Sent)
		}
		webchat := s.Totals[0]
		if got := webchat.Latency.P90; got < 100*time.Millisecond {
			t.Errorf("p90 from the due time = %s: late sends do not show", got)
		}
		if got := webchat.Service.P50; got > 2*time.Millisecond {
			t.Errorf("p50 of the service time = %s, want 1ms", got)
		}
		if !s.Windows[3].Health.Saturated {
			t.Error("a window with missed sends does not say so")
		}
	})
}

func TestSwitchingModelsWhileRunning(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.begin(Settings{VUs: 10, Think: Think{time.Second, time.Second}})
		elapse(5 * time.Second)
		e.change(func(s *Settings) { s.Rate, s.Hold = 50, true })
		s := e.Snapshot()
		if s.VUs != 0 || s.Rate != 50 {
			t.Errorf("open model: %d virtual users and %v per second, want 0 and 50", s.VUs, s.Rate)
		}
		before := e.count()
		elapse(10 * time.Second)
		if got := e.count() - before; got < 499 || got > 501 {
			t.Errorf("%d requests in 10 s, want 500", got)
		}
		e.change(func(s *Settings) { s.Rate = 0 })
		if s := e.Snapshot(); s.VUs != 10 || s.Rate != 0 {
			t.Errorf("closed model again: %d virtual users and %v per second, want 10 and 0", s.VUs, s.Rate)
		}
		e.stop()
		if got := e.recorded(); got != uint64(e.count()) {
			t.Errorf("recorded %d, gateway saw %d", got, e.count())
		}
	})
}

// While the run drains nothing is due any more: what the platform takes its time over is not missed
// by the generator.
func TestNothingFallsDueWhileDraining(t *testing.T) {
	o := pipeOptions()
	o.Drain, o.Timeout = 20*time.Second, 20*time.Second
	gateway := &pipeGateway{answer: func(int) time.Duration { return 5 * time.Second }}
	inBubble(t, gateway, o, func(e *engine) {
		e.begin(Settings{Rate: 100})
		elapse(995 * time.Millisecond)
		e.stop()
		s := e.Snapshot()
		if s.Sent != 100 || s.Missed != 0 {
			t.Errorf("sent %d, missed %d, want 100 and none", s.Sent, s.Missed)
		}
		for i, w := range s.Windows[1:] {
			if w.Rate != 0 || w.WantedVUs != 0 || w.Health.Saturated {
				t.Errorf("window %d of the drain wants %v/s and %d VUs, saturated: %q", i+1, w.Rate, w.WantedVUs, w.Health.Reason)
			}
		}
	})
}
