package session

import "context"

// Outlet tells somebody else of a run while it goes on. It is called once, in a goroutine of its own, and returns soon after ctx
// has ended: that is when the run has ended and its last event is there. The journal still takes what it records until then.
type Outlet func(ctx context.Context, s *Session)

// startOutlets begins to tell. [Session.stopOutlets] ends ctx.
func (s *Session) startOutlets(ctx context.Context) {
	for _, tell := range s.config.Outlets {
		s.telling.Go(func() { tell(ctx, s) })
	}
}

// stopOutlets waits until everything is told.
func (s *Session) stopOutlets() {
	s.hush()
	s.telling.Wait()
}

// Record keeps what an outlet has to say of itself.
func (s *Session) Record(data any) { s.emit(squall, data) }
