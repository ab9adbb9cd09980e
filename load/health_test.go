package load

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSaturation(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name          string
		lag           time.Duration
		cpu           float64
		missed, local uint64
		want          string // part of the reason; "" when not saturated
	}{
		{"idle", 0, 0, 0, 0, ""},
		{"busy but on time", 1 * ms, 1, 0, 0, ""},
		{"late but not busy", 24 * ms, 0.5, 0, 0, ""},
		{"late", 25 * ms, 0.1, 0, 0, "timers fire 25.0 ms late"},
		{"busy and a little late", 5 * ms, 0.9, 0, 0, "processor at 90 %"},
		{"nearly busy and a little late", 24 * ms, 0.89, 0, 0, ""},
		{"missed", 0, 0, 3, 0, "3 sends were due and never made"},
		{"local limit", 0, 0, 3, 2, "2 requests failed on this machine: connect to proxy"},
	} {
		got := saturation(test.lag, test.cpu, test.missed, test.local, "connect to proxy")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestWatchMeasuresLagAndProcessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newSelfMonitor(time.Now(), newAbsences(time.Now()))
		stop := make(chan struct{})
		go m.probe(stop)
		time.Sleep(time.Second)
		synctest.Wait()
		m.mu.Lock()
		probes := len(m.lags)
		m.mu.Unlock()
		if probes < 190 || probes > 201 {
			t.Errorf("%d probes in a second, want 200", probes)
		}
		if h := m.read(time.Now(), 0, 0, ""); h.Lag != 0 || h.Saturated {
			t.Errorf("%+v in a world without lag", h)
		}
		// A lag in 6 of 100 probes is the 95th percentile, in 4 it is not.
		for _, late := range []int{6, 4} {
			for i := range 100 {
				lag := time.Duration(0)
				if i < late {
					lag = 30 * time.Millisecond
				}
				m.lags = append(m.lags, lag)
			}
			if h := m.read(time.Now(), 0, 0, ""); h.Saturated != (late == 6) {
				t.Errorf("%d of 100 late: %+v", late, h)
			}
		}
		close(stop)
	})
}

func TestProcessorUse(t *testing.T) {
	started := time.Now()
	m := newSelfMonitor(started, newAbsences(started))
	x := 0.0
	for time.Since(started) < 50*time.Millisecond { // work, not waiting
		x += float64(len(t.Name()))
	}
	h := m.read(time.Now(), 0, 0, "")
	if x == 0 || h.CPU <= 0 || h.CPU > 1.5 {
		t.Errorf("processor use %v", h.CPU)
	}
}
