package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// Signature is what a message is signed with while a secret is rotated.
type Signature string

// The signatures of probes. Nothing but the first two may ever be accepted.
const (
	SignedOld   Signature = "old"
	SignedNext  Signature = "next"
	SignedWrong Signature = "wrong" // with a secret that nobody has
	Unsigned    Signature = "none"
)

// Signatures lists them, in the order of the screen.
func Signatures() []Signature { return []Signature{SignedOld, SignedNext, SignedWrong, Unsigned} }

// Forged reports whether a gateway that checks signatures refuses it whatever secret it has.
func (s Signature) Forged() bool { return s == SignedWrong || s == Unsigned }

// words names a message that is signed so.
func (s Signature) words() string {
	return map[Signature]string{
		SignedOld: "the old secret", SignedNext: "the next secret", SignedWrong: "a wrong secret", Unsigned: "no signature",
	}[s]
}

// Signing is the policy by which the traffic of a channel is signed while its secret is rotated.
type Signing string

// The policies.
const (
	SignOld       Signing = "old"    // with the old secret
	SignNext      Signing = "next"   // with the next one, from now on
	SignShare     Signing = "share"  // a share of the messages with the next one
	FollowGateway Signing = "follow" // with the one that probes say the gateway accepts
)

// ArmedChannel is a channel whose secret is to be rotated. Secrets are fingerprints, which differ from run to run.
type ArmedChannel struct {
	Channel string `json:"channel"`
	Old     string `json:"old"`
	Next    string `json:"next,omitempty"`   // "": not known yet
	Source  string `json:"source,omitempty"` // of the next one
}

// RotationArmed is the beginning of a rotation: probes are sent from now on.
type RotationArmed struct {
	Channels []ArmedChannel `json:"channels"`
	Rate     float64        `json:"rate"`               // probes a second for each channel and signature
	Replicas bool           `json:"replicas,omitempty"` // each replica of the gateway is asked, too

	// What is expected of it.
	MaxLost       uint64  `json:"max_lost"`       // messages of a channel that may be refused for their signature
	MaxGap        float64 `json:"max_gap"`        // seconds in which neither secret may be accepted
	RefusedWithin float64 `json:"refused_within"` // seconds, once the next secret is accepted each time
}

func (d RotationArmed) text() string {
	var parts []string
	for _, c := range d.Channels {
		next := c.Next
		if next == "" {
			next = "not known yet"
		}
		parts = append(parts, c.Channel+" "+c.Old+" → "+next)
	}
	return "Rotation armed: " + strings.Join(parts, ", ")
}

// RotationDisarmed is the end of the probes.
type RotationDisarmed struct{}

// SecretChanged is a next secret that a source gave, or another than before.
type SecretChanged struct {
	Channel   string    `json:"channel"`
	Next      string    `json:"next"`                // its fingerprint
	Source    string    `json:"source"`              // "file /run/secrets/next"
	Version   string    `json:"version,omitempty"`   // resource version of a Kubernetes Secret
	Refreshed time.Time `json:"refreshed,omitzero"`  // when an ExternalSecret filled it in, by the cluster's clock
	Deployed  bool      `json:"deployed,omitempty"`  // it is where the gateway takes its own from: the rotation has begun
	Unchanged bool      `json:"unchanged,omitempty"` // it is the old one: nothing to rotate to
}

func (d SecretChanged) text() string {
	if d.Unchanged {
		return fmt.Sprintf("Next secret of %s: the one from %s is the old one", d.Channel, d.Source)
	}
	text := fmt.Sprintf("Next secret of %s is %s, from %s", d.Channel, d.Next, d.Source)
	if d.Version != "" {
		text += ", version " + d.Version
	}
	if !d.Refreshed.IsZero() {
		text += ", filled in at " + d.Refreshed.UTC().Format("15:04:05 MST")
	}
	return text
}

// SecretRefused is a next secret that is not used, because it is not what was meant or cannot be had.
type SecretRefused struct {
	Channel string `json:"channel,omitempty"` // "": of every channel
	Source  string `json:"source"`
	Reason  string `json:"reason"`
}

func (d SecretRefused) text() string {
	of := ""
	if d.Channel != "" {
		of = " of " + d.Channel
	}
	return fmt.Sprintf("No next secret%s from %s: %s", of, d.Source, d.Reason)
}

// SigningSet is another way of signing the traffic of a channel.
type SigningSet struct {
	Channel   string  `json:"channel"` // "": of every channel
	From      Signing `json:"from"`
	To        Signing `json:"to"`
	FromShare float64 `json:"from_share"` // of the messages that were signed with the next secret
	Share     float64 `json:"share"`
}

func (d SigningSet) text() string {
	of := d.Channel
	if of == "" {
		of = "every channel"
	}
	switch d.To {
	case SignOld:
		return "Messages of " + of + " are signed with the old secret"
	case SignNext:
		return "Messages of " + of + " are signed with the next secret"
	case FollowGateway:
		return "Messages of " + of + " are signed with the secret that the gateway accepts"
	}
	return fmt.Sprintf("%s %% of the messages of %s are signed with the next secret", units.Number(100*d.Share), of)
}

// ChannelFollowed is a channel whose traffic follows the gateway to the other secret.
type ChannelFollowed struct {
	Channel string    `json:"channel"`
	To      Signature `json:"to"`
}

func (d ChannelFollowed) text() string {
	return fmt.Sprintf("%s follows the gateway: its messages are signed with %s", d.Channel, d.To.words())
}

// Milestone is a moment of a rotation.
type Milestone string

// The milestones. The two last ones are known once nothing else was seen for a while.
const (
	NextFirstAccepted Milestone = "next_first_accepted"
	NextFullyAccepted Milestone = "next_fully_accepted" // and not refused since
	OldFirstRefused   Milestone = "old_first_refused"
	OldLastAccepted   Milestone = "old_last_accepted" // and refused since
)

// RotationMilestone is a milestone that a channel has come to.
type RotationMilestone struct {
	Channel   string    `json:"channel"`
	Replica   string    `json:"replica,omitempty"` // "": by the gateway's address
	Milestone Milestone `json:"milestone"`
	Moment    float64   `json:"moment"` // seconds since the start of the run; it may be known later
}

func (d RotationMilestone) text() string {
	at := d.Channel
	if d.Replica != "" {
		at += " at " + d.Replica
	}
	return at + ": " + map[Milestone]string{
		NextFirstAccepted: "the next secret is accepted for the first time",
		NextFullyAccepted: "the next secret is accepted each time",
		OldFirstRefused:   "the old secret is refused for the first time",
		OldLastAccepted:   "the old secret is accepted no more",
	}[d.Milestone]
}

// ReplicasDisagree begins a time in which the gateway accepts a secret from one message and refuses it from the next.
type ReplicasDisagree struct {
	Channel string   `json:"channel"`
	Since   float64  `json:"since"`         // seconds since the start
	Old     []string `json:"old,omitempty"` // replicas that accept the old one alone; none: they cannot be reached
}

func (d ReplicasDisagree) text() string {
	text := d.Channel + ": replicas disagree on which secret they accept"
	if len(d.Old) > 0 {
		text += "; with the old one: " + strings.Join(d.Old, ", ")
	}
	return text
}

// ReplicasAgree is the end of it.
type ReplicasAgree struct {
	Channel string  `json:"channel"`
	Until   float64 `json:"until"` // seconds since the start
	Lasted  float64 `json:"lasted"`
}

func (d ReplicasAgree) text() string {
	return d.Channel + ": replicas agree again, after " + units.Lasted(duration(d.Lasted))
}

// ForgedAccepted is a gateway that took a message that nobody can have signed.
type ForgedAccepted struct {
	Channel   string    `json:"channel"`
	Replica   string    `json:"replica,omitempty"`
	Signature Signature `json:"signature"`
}

// Text says it in one line.
func (d ForgedAccepted) Text() string {
	at := ""
	if d.Replica != "" {
		at = " at " + d.Replica
	}
	return fmt.Sprintf("%s accepts a message with %s%s", d.Channel, d.Signature.words(), at)
}

// RotationKind is how a gateway went from one secret to the other.
type RotationKind string

// The kinds.
const (
	NotRotated     RotationKind = "none"    // the next secret was never accepted
	HardCut        RotationKind = "cut"     // everywhere at once
	Overlapping    RotationKind = "overlap" // both were accepted for a while
	RollingCut     RotationKind = "rolling" // one replica after the other: they disagreed meanwhile
	ChecksNothing  RotationKind = "open"    // it accepts anything
	NotEnoughKnown RotationKind = "unknown"
)

// String is the kind for people.
func (k RotationKind) String() string {
	return map[RotationKind]string{
		NotRotated: "not rotated", HardCut: "hard cut", Overlapping: "with overlap", RollingCut: "rolling", ChecksNothing: "signatures are not checked",
		NotEnoughKnown: "not known",
	}[k]
}

// ReplicaVerdict is what one replica of the gateway did.
type ReplicaVerdict struct {
	Replica  string   `json:"replica"`
	Started  string   `json:"started,omitempty"` // RFC 3339
	Switched *float64 `json:"switched"`          // seconds since the start when it first accepted the next secret; null: it never did
	Left     *float64 `json:"left,omitempty"`    // when it was gone
	Lag      float64  `json:"lag"`               // seconds for which it accepted the old secret while another replica accepted the next one
	Old      bool     `json:"old"`               // it accepts the old secret at the end
}

// RotationVerdict is what became of the rotation of a channel's secret. Moments are in seconds since the start of the run; null
// ones did not come.
type RotationVerdict struct {
	Channel   string       `json:"channel"`
	Kind      RotationKind `json:"kind"`
	NextFirst *float64     `json:"next_first"` // the next secret was accepted for the first time
	NextFull  *float64     `json:"next_full"`  // and from then on each time
	OldFirst  *float64     `json:"old_first"`  // the old one was refused for the first time
	OldLast   *float64     `json:"old_last"`   // the old one was accepted for the last time

	Overlap   float64          `json:"overlap"`   // seconds for which both were accepted; 0: none
	Neither   float64          `json:"neither"`   // seconds of the longest time in which neither was accepted
	Disagreed float64          `json:"disagreed"` // seconds for which replicas disagreed
	Sent      uint64           `json:"sent"`      // messages of the traffic while the rotation was armed
	Lost      uint64           `json:"lost"`      // of these, refused for their signature
	Probes    uint64           `json:"probes"`
	Forged    uint64           `json:"forged"` // probes with a wrong or no signature that were accepted
	Replicas  []ReplicaVerdict `json:"replicas,omitempty"`
}

// RotationExpectation is one thing that a rotation should show.
type RotationExpectation string

// The expectations.
const (
	ExpectAccepted RotationExpectation = "accepted" // the next secret is accepted each time
	ExpectLost     RotationExpectation = "lost"     // no more messages of the traffic are refused than allowed
	ExpectGap      RotationExpectation = "gap"      // neither secret is accepted for at most so long
	ExpectRefused  RotationExpectation = "refused"  // the old secret is refused soon after
	ExpectForged   RotationExpectation = "forged"   // wrong and missing signatures are refused
	ExpectReplicas RotationExpectation = "replicas" // every replica has switched
)

// RotationFinding is what came of one expectation of one channel.
type RotationFinding struct {
	Channel string              `json:"channel"`
	Expect  RotationExpectation `json:"expect"`
	Text    string              `json:"text"`
	Verdict ExpectationVerdict  `json:"verdict"`
	Reason  string              `json:"reason"`
}

// RotationJudged is the verdict on a rotation, and on what was expected of it.
type RotationJudged struct {
	Channels []RotationVerdict `json:"channels"`
	Findings []RotationFinding `json:"findings"`
}

func (d RotationJudged) text() string {
	var failed, unknown int
	for _, f := range d.Findings {
		switch f.Verdict {
		case ExpectationFailed:
			failed++
		case ExpectationUnknown:
			unknown++
		case ExpectationMet, ExpectationPending:
		}
	}
	switch {
	case failed > 0:
		return fmt.Sprintf("Rotation: %d of %d expectations failed", failed, len(d.Findings))
	case unknown > 0:
		return fmt.Sprintf("Rotation: %d of %d expectations could not be judged", unknown, len(d.Findings))
	}
	return fmt.Sprintf("Rotation: all %d expectations are met", len(d.Findings))
}

// judgedLook is as bad as the worst of its findings.
func judgedLook(d RotationJudged) Look {
	is := func(v ExpectationVerdict) bool {
		return slices.ContainsFunc(d.Findings, func(f RotationFinding) bool { return f.Verdict == v })
	}
	switch {
	case is(ExpectationFailed):
		return Look{Sign: '✗', Tone: Bad, Observed: true}
	case is(ExpectationUnknown):
		return Look{Sign: '?', Tone: Notable, Observed: true}
	}
	return Look{Sign: '✓', Tone: Good, Observed: true}
}
