package rotation

import (
	"maps"
	"slices"

	"xinbot.ir/squall/internal/event"
)

// Tracker makes of probes what is known of a rotation. It is not safe for concurrent use.
type Tracker struct {
	channels map[string]*channel
	order    []string
	now      float64
}

// NewTracker follows some channels.
func NewTracker(channels ...string) *Tracker {
	t := &Tracker{channels: map[string]*channel{}, order: slices.Clone(channels)}
	for _, name := range channels {
		t.channels[name] = newChannel(name)
	}
	return t
}

// Add takes a probe, and returns what became known by it, as data of events.
func (t *Tracker) Add(p Probe) (news []any) {
	t.now = max(t.now, p.At)
	c := t.channels[p.Channel]
	if c == nil {
		return nil
	}
	return c.add(p)
}

// Replica is one replica of the gateway, as whoever lists them knows it.
type Replica struct {
	Name    string
	Started string // RFC 3339; "" when it is not known
}

// Replicas takes which replicas there are at a moment. One that is not among them is gone.
func (t *Tracker) Replicas(now float64, all []Replica) {
	for _, c := range t.channels {
		for _, r := range all {
			place := c.place(r.Name)
			place.started, place.left = r.Started, moment{}
		}
		for name, r := range c.replicas {
			if !r.left.known && !slices.ContainsFunc(all, func(there Replica) bool { return there.Name == name }) {
				r.left = at(now)
			}
		}
	}
}

// State is where a channel stands.
type State string

// The states.
const (
	Armed      State = "armed"       // the next secret is not accepted yet
	Mixed      State = "mixed"       // some of the probes with it are
	Switched   State = "switched"    // it is accepted, and so is the old one
	OldRefused State = "old refused" // it is accepted, and the old one is not
	Done       State = "done"        // and has not been for a while
	Open       State = "open"        // anything is accepted
	Away       State = "away"        // nothing was answered that says anything
)

// ReplicaState is what one replica accepts.
type ReplicaState struct {
	Replica
	Acceptance map[event.Signature]Acceptance
	Gone       bool
}

// ChannelState is what is known of a channel at a moment. It shares nothing with the tracker that changes.
type ChannelState struct {
	Channel    string
	State      State
	Acceptance map[event.Signature]Acceptance // of the last [Window], at the gateway's address
	Since      *float64                       // when the first change was seen, in seconds since the start; nil: none yet
	Disagrees  bool
	Replicas   []ReplicaState
	Cells      []Cell // by second, oldest first, of those that are over
}

// States are those of all channels.
func (t *Tracker) States(now float64) (all []ChannelState) {
	for _, name := range t.order {
		all = append(all, t.channels[name].state(now))
	}
	return all
}

func (r *replica) acceptance(now float64) map[event.Signature]Acceptance {
	all := map[event.Signature]Acceptance{}
	for signature, s := range r.streams {
		all[signature] = s.acceptance(now - Window)
	}
	return all
}

func (c *channel) state(now float64) ChannelState {
	s := ChannelState{Channel: c.name, Acceptance: c.address.acceptance(now), Disagrees: c.disagree.since.known, Cells: c.closed(now)}
	s.State = c.stage(now, s.Acceptance)
	if first := c.firstChange(); first.known {
		s.Since = first.pointer()
	}
	for _, name := range slices.Sorted(maps.Keys(c.replicas)) {
		r := c.replicas[name]
		s.Replicas = append(s.Replicas, ReplicaState{Replica: Replica{Name: name, Started: r.started}, Acceptance: r.acceptance(now), Gone: r.left.known})
	}
	return s
}

// firstChange is when the gateway was first seen to have another secret than before.
func (c *channel) firstChange() moment {
	next, old := c.address.streams[event.SignedNext].firstAccepted, c.address.streams[event.SignedOld].firstRejected
	switch {
	case !next.known || old.known && old.at < next.at:
		return old
	default:
		return next
	}
}

// stage is where a channel stands by the answers of the last [Window].
func (c *channel) stage(now float64, of map[event.Signature]Acceptance) State {
	if of[event.SignedWrong].Accepted+of[event.Unsigned].Accepted > 0 {
		return Open
	}
	next, nextKnown := of[event.SignedNext].Share()
	old, oldKnown := of[event.SignedOld].Share()
	switch {
	case !nextKnown && !oldKnown:
		return Away
	case next == 0:
		return Armed
	case next < 1 || old > 0 && old < 1:
		return Mixed
	case old > 0 || !oldKnown:
		return Switched
	}
	if last := c.address.streams[event.SignedOld].over(); last.known && now-last.at < Window {
		return OldRefused
	}
	return Done
}

// followed is how far back following looks, in seconds.
const followed = 3

// Accepts is the secret that a channel's messages are best signed with now: the next one as soon as as many of the latest probes were
// accepted with it as with the old one; from then on the old one only when none was with the next, as of a rotation that was
// taken back. Replicas that disagree would else move it to and fro. Not ok while it is not known.
func (t *Tracker) Accepts(name string, now float64, current event.Signature) (best event.Signature, ok bool) {
	c := t.channels[name]
	if c == nil {
		return "", false
	}
	next, nextKnown := c.address.streams[event.SignedNext].acceptance(now - followed).Share()
	old, oldKnown := c.address.streams[event.SignedOld].acceptance(now - followed).Share()
	switch {
	case !nextKnown || !oldKnown || next == 0 && old == 0:
		return "", false
	case next >= old, current == event.SignedNext && next > 0:
		return event.SignedNext, true
	}
	return event.SignedOld, true
}
