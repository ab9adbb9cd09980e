package load

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/load/metric"
)

func TestStopLosesNoSample(t *testing.T) {
	for _, s := range []Settings{{VUs: 50, Think: Think{0, 100 * time.Millisecond}}, {Rate: 700}} {
		inBubble(t, &pipeGateway{answer: func(n int) time.Duration { return time.Duration(n%90) * time.Millisecond }}, pipeOptions(), func(e *engine) {
			e.begin(s)
			time.Sleep(3333 * time.Millisecond)
			e.stop()
			after := e.Snapshot()
			if after.InFlight != 0 || after.VUs != 0 {
				t.Errorf("%d requests in flight and %d virtual users after the stop", after.InFlight, after.VUs)
			}
			if got := e.recorded(); got != uint64(e.count()) || got != after.Sent || got < 1000 {
				t.Errorf("recorded %d, sent %d, gateway saw %d", got, after.Sent, e.count())
			}
			if len(after.Errors) != 0 {
				t.Errorf("errors: %+v", after.Errors)
			}
			time.Sleep(time.Minute)
			if got := e.count(); uint64(got) != after.Sent {
				t.Errorf("%d requests came after the stop", uint64(got)-after.Sent)
			}
		})
	}
}

func TestStopInterruptsAHangingGatewayWithinTheDrain(t *testing.T) {
	o := pipeOptions()
	o.Timeout, o.Drain = time.Minute, 3*time.Second
	hang := &pipeGateway{answer: func(int) time.Duration { return time.Hour }}
	inBubble(t, hang, o, func(e *engine) {
		e.begin(Settings{VUs: 30})
		time.Sleep(2 * time.Second)
		began := time.Now()
		e.stop()
		if took := time.Since(began); took != o.Drain {
			t.Errorf("stop took %s, want the drain of %s", took, o.Drain)
		}
		s := e.Snapshot()
		if got := byClass(s); got != (classes{metric.Interrupted: 30}) {
			t.Errorf("errors by class = %v, want 30 interrupted", got)
		}
		if s.All.Requests != 0 || s.All.Count != 0 {
			t.Errorf("interrupted requests count as requests (%d) or have latencies (%d)", s.All.Requests, s.All.Count)
		}
		if got := len(s.Windows); got < 5 {
			t.Errorf("%d windows in 5 seconds: draining is not shown", got)
		}
	})
}

func TestStopInterruptsADialUnderWay(t *testing.T) {
	o := pipeOptions()
	o.Timeout, o.Drain, o.MaxConns = time.Minute, time.Second, 3
	inBubble(t, &pipeGateway{}, o, func(e *engine) {
		e.gateway.conns.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		e.begin(Settings{VUs: 10}) // three dial, seven wait for a connection
		time.Sleep(time.Second)
		began := time.Now()
		e.stop()
		if took := time.Since(began); took != o.Drain {
			t.Errorf("stop took %s, want %s", took, o.Drain)
		}
		if got := byClass(e.Snapshot()); got != (classes{metric.Interrupted: 10}) {
			t.Errorf("errors by class = %v, want 10 interrupted", got)
		}
	})
}

func TestStopWithoutWaiting(t *testing.T) {
	o := pipeOptions()
	o.Timeout, o.Drain = time.Minute, time.Minute
	inBubble(t, &pipeGateway{answer: func(int) time.Duration { return time.Hour }}, o, func(e *engine) {
		e.begin(Settings{Rate: 100})
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(e.tb.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := e.Stop(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("stop took %s, want the 100ms of its context", took)
		}
		// What would have been due while draining is not missed: nobody wanted it any more.
		if s := e.Snapshot(); s.Missed > 1 {
			t.Errorf("%d missed", s.Missed)
		}
	})
}

func TestStopTwiceAndBeforeStart(t *testing.T) {
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		if err := e.Apply(Settings{SpikeFactor: 1}); err == nil {
			t.Error("settings were accepted before the start")
		}
		e.begin(Settings{VUs: 3, Think: Think{time.Second, time.Second}})
		if err := e.Start(Settings{SpikeFactor: 1}); err == nil {
			t.Error("started twice")
		}
		time.Sleep(time.Second)
		e.stop()
		e.stop()
		if err := e.Apply(Settings{VUs: 5, SpikeFactor: 1}); err == nil {
			t.Error("settings were accepted after the end")
		}
	})
	inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
		e.stop()
		if err := e.Start(Settings{VUs: 5, SpikeFactor: 1}); err == nil {
			t.Error("started after the end")
		}
	})
}

// noEnvelope makes every attempt to send panic.
func noEnvelope(g *Generator, value any) {
	for c := range g.gateway.envelopes {
		g.gateway.envelopes[c] = &requestPool{free: sync.Pool{New: func() any { panic(value) }}}
	}
}

func TestPanicReachesTheHandlerAndStopStillEnds(t *testing.T) {
	boom := errors.New("boom")
	tests := map[string]struct {
		settings Settings
		set      func(*Generator)
	}{
		"virtual user": {Settings{VUs: 3}, func(g *Generator) {
			noEnvelope(g, boom)
		}},
		"arrival": {Settings{Rate: 5}, func(g *Generator) {
			noEnvelope(g, boom)
		}},
		"observer": {Settings{VUs: 3, Think: Think{time.Second, time.Second}}, func(g *Generator) {
			g.options.Observe = func(metric.Observation) { panic(boom) }
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			panics := make(chan any, 1000)
			o := pipeOptions()
			o.OnPanic = func(value any, stack []byte) {
				if len(stack) == 0 {
					t.Error("no stack")
				}
				panics <- value
			}
			inBubble(t, &pipeGateway{}, o, func(e *engine) {
				test.set(e.Generator)
				e.begin(test.settings)
				time.Sleep(3 * time.Second)
				e.stop()
				if len(panics) == 0 {
					t.Fatal("no panic was reported")
				}
				if value, ok := (<-panics).(error); !ok || !errors.Is(value, boom) {
					t.Errorf("panic value = %v", value)
				}
				if s := e.Snapshot(); s.VUs != 0 || s.InFlight != 0 {
					t.Errorf("%d virtual users and %d in flight after the stop", s.VUs, s.InFlight)
				}
			})
		})
	}
}
