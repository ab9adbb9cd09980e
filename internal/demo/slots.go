package demo

import (
	"errors"
	"sync/atomic"
	"time"
)

var errOverloaded = errors.New("gateway is overloaded")

// slots is the gateway's finite capacity: so many messages are worked on at
// once, the rest wait in the order they came, within a length and a time.
type slots struct {
	free    chan struct{}
	waiting atomic.Int64
	length  int64
	wait    time.Duration
}

func newSlots(capacity, length int, wait time.Duration) *slots {
	return &slots{free: make(chan struct{}, capacity), length: int64(length), wait: wait}
}

// acquire takes a slot, or reports errOverloaded if the queue is too long or
// the wait in it was.
func (s *slots) acquire() error {
	select {
	case s.free <- struct{}{}:
		return nil
	default:
	}
	if s.waiting.Add(1) > s.length {
		s.waiting.Add(-1)
		return errOverloaded
	}
	defer s.waiting.Add(-1)
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case s.free <- struct{}{}:
		return nil
	case <-timer.C:
		return errOverloaded
	}
}

func (s *slots) release()   { <-s.free }
func (s *slots) inUse() int { return len(s.free) }
