package session

import (
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
)

// Rotation is how the rotation of webhook secrets is followed.
type Rotation struct {
	Sources  []rotation.Source // of next secrets, beside those that a person types
	Replicas rotation.Replicas // nil: the gateway's replicas cannot be asked by themselves
	Rate     float64           // probes a second for each channel and signature
	Limits   rotation.Limits
	Armed    bool          // from the start
	Signing  event.Signing // of every channel, once it is armed; "": with the old secret
	Share    float64       // for event.SignShare
	// TolerateForged leaves a gateway that accepts forged messages without consequences but the verdict.
	TolerateForged bool
	// Stage makes the embedded platform rotate its secrets; nil: it is another platform. Kinds are those that it knows.
	Stage func(kind string) error
	Kinds []RotationKind
	// Staged are rotations that the embedded platform makes by itself.
	Staged []StagedRotation
}

// StagedRotation is a rotation of the embedded platform at a time since the start.
type StagedRotation struct {
	Kind string
	At   time.Duration
}

// RotationKind is one way in which the embedded platform can rotate its secrets.
type RotationKind struct{ Name, Text string }

// RotationState is what is known of a rotation at a moment.
type RotationState struct {
	Armed    bool
	Since    time.Time // when it was armed
	Channels []ChannelRotation
	Replicas bool           // they are asked by themselves
	Kinds    []RotationKind // that the embedded platform can stage; none: it is another platform
}

// ChannelRotation is one channel of it.
type ChannelRotation struct {
	rotation.ChannelState
	Old, Next string // fingerprints; Next is "" while it is not known
	Source    string // of the next one
	Signing   event.Signing
	Share     float64 // of the messages that are signed with the next secret
	Traffic   rotation.Traffic
}

// state is what is known now; nil when nothing can be rotated.
func (r *rotations) state() *RotationState {
	if len(r.channels) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &RotationState{Armed: r.armed, Since: r.since, Replicas: r.config.Replicas != nil, Kinds: r.config.Kinds}
	seen := map[string]rotation.ChannelState{}
	if r.tracker != nil {
		for _, c := range r.tracker.States(time.Since(r.started).Seconds()) {
			seen[c.Channel] = c
		}
	}
	for _, ch := range r.channels {
		key, room := r.keys.Key(ch), r.rooms[ch]
		c := ChannelRotation{ChannelState: seen[ch.String()], Old: r.keys.Fingerprint(key.Current), Next: r.keys.Fingerprint(key.Next), Source: room.source, Signing: room.signing, Share: key.Share, Traffic: room.traffic}
		c.Channel = ch.String()
		s.Channels = append(s.Channels, c)
	}
	return s
}
