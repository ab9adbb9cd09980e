package demo

import (
	"math"
	"strings"
	"testing"
	"time"
)

// A factor makes every draw longer by as much, and changes no draw.
func TestDelayFactor(t *testing.T) {
	b := defaultBehaviour()
	usual := newDelays(5, true, b)
	b.delayFactor = 1.1
	slow := newDelays(5, true, b)
	for range 100 {
		before, after := usual.next(b.gatewayWork), slow.next(b.gatewayWork)
		if ratio := float64(after) / float64(before); math.Abs(ratio-1.1) > 1e-6 {
			t.Fatalf("a delay of %s is %s with a factor of 1.1", before, after)
		}
	}
}

func TestDelayFactorIsChecked(t *testing.T) {
	for _, factor := range []float64{-1, math.NaN(), math.Inf(1)} {
		if p, err := Start(t.Context(), Config{DelayFactor: factor}); err == nil || !strings.Contains(err.Error(), "delay factor") {
			t.Errorf("a factor of %v: %v", factor, err)
			if p != nil {
				_ = p.Close()
			}
		}
	}
	if d := newDelays(1, true, defaultBehaviour()).next(spread{time.Second, 0}); d != time.Second {
		t.Errorf("without a factor a second takes %s", d)
	}
}
