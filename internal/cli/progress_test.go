package cli

import (
	"testing"
	"time"

	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

// The progress line counts requests as every other place does: one that was refused has no latency, and fails.
func TestProgressLine(t *testing.T) {
	snap := session.Snapshot{Elapsed: 61 * time.Second, Duration: 2 * time.Minute, Status: "running"}
	snap.Load.VUs = 1
	snap.Load.Recent = make([]metric.Stats, len(load.Registry().Flows()))
	snap.Load.All = metric.Stats{Requests: 40, Failed: 40}
	if got, want := progressLine(snap), "01:01 / 02:00  running  1 VU  errors 100 %"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	snap.Load.Recent[load.Gateway.ID()] = metric.Stats{Count: 19, P95: 275 * time.Millisecond}
	snap.Load.All = metric.Stats{}
	if got, want := progressLine(snap), "01:01 / 02:00  running  1 VU  errors –"; got != want { // too few for a p95
		t.Errorf("%q, want %q", got, want)
	}
	snap.Load.Recent[load.Gateway.ID()].Count = 20
	snap.Load.All = metric.Stats{Requests: 20}
	snap.Load.VUs = 1250
	if got, want := progressLine(snap), "01:01 / 02:00  running  1,250 VUs  gateway p95 275 ms  errors 0 %"; got != want {
		t.Errorf("%q, want %q", got, want)
	}

	// While it ends nothing is sent, so the last rate is not told as if it went on.
	snap.Status, snap.Load.InFlight = session.Draining, 3
	if got, want := progressLine(snap), "01:01 / 02:00  draining  1,250 VUs  waiting for 3 requests in flight"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
