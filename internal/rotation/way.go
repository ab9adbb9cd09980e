package rotation

import (
	"sync"
	"time"
)

// WayError means that a replica was not asked: what leads to it failed, and not the replica. It is no answer to a probe.
type WayError struct {
	All bool // the way to every replica, such as a right that is missing
	Err error
}

func (e *WayError) Error() string { return e.Err.Error() }
func (e *WayError) Unwrap() error { return e.Err }

// what was tried to a replica, for people.
func (e *WayError) what(replica string) string {
	if e.All {
		return "ask the replicas of the gateway by themselves"
	}
	return "ask replica " + replica + " by itself"
}

// wayPatience is for how long the way to one replica fails before that is told: it does while the replica goes away, too.
const wayPatience = 3 * time.Second

// ways are the replicas that could not be asked. Each is told once, and so is what concerns them all.
type ways struct {
	mu    sync.Mutex
	since map[string]time.Time // by replica, from when on its way fails
	told  map[string]bool      // by replica; "" is all
}

// tell takes that a way failed, and reports whether to tell it.
func (w *ways) tell(replica string, failed *WayError, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.told == nil {
		w.since, w.told = map[string]time.Time{}, map[string]bool{}
	}
	if failed.All {
		replica = ""
	} else if w.since[replica].IsZero() {
		w.since[replica] = now
	}
	if w.told[replica] || !failed.All && now.Sub(w.since[replica]) < wayPatience {
		return false
	}
	w.told[replica] = true
	return true
}

// open takes that a replica could be asked.
func (w *ways) open(replica string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.since, replica)
}
