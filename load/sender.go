package load

import (
	"math/rand/v2"
	"strconv"
	"time"

	"xinbot.ir/squall/load/metric"
)

// ConversationLength is how many messages a conversation has, uniform from Min to Max. The zero value
// means one.
type ConversationLength struct{ Min, Max int }

// MaxConversation bounds the length of a conversation.
const MaxConversation = 1_000_000

// String writes a length as --conversation-length takes it.
func (l ConversationLength) String() string {
	if l.Min == l.Max {
		return strconv.Itoa(l.Min)
	}
	return strconv.Itoa(l.Min) + "-" + strconv.Itoa(l.Max)
}

// draw picks a length.
func (l ConversationLength) draw(rng *rand.Rand) int {
	if l.Max <= 1 {
		return 1
	}
	return l.Min + rng.IntN(l.Max-l.Min+1)
}

// sender writes messages: a virtual user of the closed model, a worker of the open one. Its random numbers are
// its own, so that a run with the same seed makes the same choices whatever the timing.
type sender struct {
	id  uint64
	rng *rand.Rand

	began time.Time // of the last iteration

	// The conversation that it is in. The platform reads a conversation's history for every message of it, so
	// that long ones make each message dearer than the last: they must be asked for.
	brand   int
	channel Channel
	left    int       // messages that it still has
	talk    [2]uint64 // its id
}

// newSender makes the sender with the given number; stream tells its random numbers from those of the others.
func newSender(o *Options, id, stream uint64) sender {
	return sender{id: id, rng: rand.New(rand.NewPCG(o.Seed, stream))}
}

// next settles what the next message belongs to: the conversation in progress, unless it is over or its channel
// has no share any more, else a new one with the given brand.
func (s *sender) next(brand int, shares []cumulative, length ConversationLength) {
	if s.left == 0 || !shares[s.brand].includes(s.channel) {
		s.brand, s.channel = brand, shares[brand].draw(s.rng)
		s.left = length.draw(s.rng)
		if length.Max > 1 {
			s.talk = [2]uint64{s.rng.Uint64(), s.rng.Uint64()}
		}
	}
	s.left--
}

// iteration is how long the iteration took that has ended: that of the open model with its message, that of the closed
// one with the think time, so before the message of the next.
func (s *sender) iteration(o *metric.Outcome, open bool) time.Duration {
	if open {
		return o.Done.Sub(o.Sent)
	}
	before := s.began
	s.began = o.Sent
	if before.IsZero() {
		return 0
	}
	return o.Sent.Sub(before)
}

// talks reports whether the message names a conversation. One that does not begins a new one.
func (s *sender) talks() bool { return s.talk != [2]uint64{} }
