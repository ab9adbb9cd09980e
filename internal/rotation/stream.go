package rotation

// Window is the time over which acceptance is told, and in which nothing else may be seen before something counts as the last
// of its kind, in seconds. Of four replicas of which one lags, ten seconds of two probes a second miss it once in 300 times.
const Window = 10

// stream is what was answered to probes of one signature at one place.
type stream struct {
	recent []answered // of the last Window, oldest first

	asked, accepted             uint64
	firstAccepted, lastAccepted moment
	firstRejected, lastRejected moment
	fullSince                   moment // the first acceptance since the last rejection
	last                        Answer // that decides; "" before the first
}

type answered struct {
	at     float64
	answer Answer
}

// moment is a time in seconds since the start of the run, if it came.
type moment struct {
	at    float64
	known bool
}

func at(seconds float64) moment { return moment{seconds, true} }

// pointer is the moment for a file: nil when it did not come.
func (m moment) pointer() *float64 {
	if !m.known {
		return nil
	}
	return &m.at
}

// add takes an answer, and reports whether it is another than the one before.
func (s *stream) add(when float64, a Answer) (flipped bool) {
	s.asked++
	s.recent = append(s.recent, answered{when, a})
	s.forget(when)
	if !a.decides() {
		return false
	}
	flipped = s.last != "" && s.last != a
	s.last = a
	if a == Rejected {
		if !s.firstRejected.known {
			s.firstRejected = at(when)
		}
		s.lastRejected, s.fullSince = at(when), moment{}
		return flipped
	}
	s.accepted++
	if !s.firstAccepted.known {
		s.firstAccepted = at(when)
	}
	if !s.fullSince.known {
		s.fullSince = at(when)
	}
	s.lastAccepted = at(when)
	return flipped
}

// forget drops what is too old to count.
func (s *stream) forget(now float64) {
	n := 0
	for n < len(s.recent) && s.recent[n].at <= now-Window {
		n++
	}
	s.recent = append(s.recent[:0], s.recent[n:]...)
}

// Acceptance is what was answered to the probes of one signature in the last [Window].
type Acceptance struct {
	Asked, Accepted, Rejected int // the others were not available, or unclear
}

// Plus is both together.
func (a Acceptance) Plus(b Acceptance) Acceptance {
	return Acceptance{a.Asked + b.Asked, a.Accepted + b.Accepted, a.Rejected + b.Rejected}
}

// Share is the part that was accepted of those that were accepted or rejected; not ok when none was.
func (a Acceptance) Share() (share float64, ok bool) {
	if n := a.Accepted + a.Rejected; n > 0 {
		return float64(a.Accepted) / float64(n), true
	}
	return 0, false
}

// acceptance counts the answers after a moment; those that are older than [Window] are gone.
func (s *stream) acceptance(after float64) (a Acceptance) {
	if s == nil {
		return a
	}
	for _, r := range s.recent {
		if r.at <= after {
			continue
		}
		a.Asked++
		switch r.answer {
		case Accepted:
			a.Accepted++
		case Rejected:
			a.Rejected++
		case Unavailable, Unclear:
		}
	}
	return a
}
