package rotation

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/units"
)

// Limits is what a rotation may cost.
type Limits struct {
	Lost    uint64        // messages of the traffic, refused for their signature
	Gap     time.Duration // longest time in which neither secret is accepted
	Refused time.Duration // from when the next secret is accepted each time to when the old one is refused
}

// DefaultLimits are those of a rotation without a flaw, as far as a probe of two a second can see one.
func DefaultLimits() Limits { return Limits{Gap: 2 * time.Second, Refused: time.Minute} }

// LimitsOf are those of a rotation that was armed.
func LimitsOf(d event.RotationArmed) Limits {
	return Limits{Lost: d.MaxLost, Gap: time.Duration(d.MaxGap * float64(time.Second)), Refused: time.Duration(d.RefusedWithin * float64(time.Second))}
}

// Traffic is what became of the messages of a channel while its rotation was armed.
type Traffic struct {
	Sent, Lost uint64 // lost are those that were refused for their signature
}

// Judge is the verdict on what was seen so far.
func (t *Tracker) Judge(now float64, traffic map[string]Traffic, limits Limits) (d event.RotationJudged) {
	for _, name := range t.order {
		c := t.channels[name]
		v := c.verdict(traffic[name])
		d.Channels = append(d.Channels, v)
		for _, x := range expectations {
			f := event.RotationFinding{Channel: name, Expect: x.kind, Text: name + ": " + x.text(limits)}
			f.Verdict, f.Reason = x.judge(c, v, now, limits)
			d.Findings = append(d.Findings, f)
		}
	}
	return d
}

func (c *channel) verdict(traffic Traffic) event.RotationVerdict {
	m := c.moments()
	v := event.RotationVerdict{
		Channel: c.name, NextFirst: m.nextFirst.pointer(), NextFull: m.nextFull.pointer(), OldFirst: m.oldFirst.pointer(), OldLast: m.oldLast.pointer(),
		Neither: tenths(c.neither.longest(c.disagree.spans())), Disagreed: tenths(c.disagree.lasted()),
		Sent: traffic.Sent, Lost: traffic.Lost, Probes: c.probes, Forged: c.forged, Replicas: c.replicaVerdicts(),
	}
	if m.nextFirst.known && m.oldLast.known {
		v.Overlap = tenths(max(0, m.oldLast.at-m.nextFirst.at))
	}
	v.Kind = c.kind(v)
	return v
}

// moments are those of a channel, wherever they were seen: replicas that are asked by themselves are seen sooner, and longer,
// than by the gateway's address.
type moments struct{ nextFirst, nextFull, oldFirst, oldLast moment }

func (c *channel) moments() (m moments) {
	places := []*replica{&c.address}
	for _, r := range c.replicas {
		if r.streams[event.SignedNext].last != "" {
			places = append(places, r)
		}
	}
	full := true
	for _, r := range places {
		next, old := r.streams[event.SignedNext], r.streams[event.SignedOld]
		m.nextFirst, m.oldFirst = earlier(m.nextFirst, next.firstAccepted), earlier(m.oldFirst, old.firstRejected)
		m.oldLast = later(m.oldLast, old.lastAccepted)
		if !r.left.known {
			m.nextFull = later(m.nextFull, next.fullSince)
			full = full && next.fullSince.known
		}
	}
	if !full {
		m.nextFull = moment{}
	}
	return m
}

func earlier(a, b moment) moment {
	if !a.known || b.known && b.at < a.at {
		return b
	}
	return a
}

func later(a, b moment) moment {
	if !a.known || b.known && b.at > a.at {
		return b
	}
	return a
}

func tenths(seconds float64) float64 { return math.Round(10*seconds) / 10 }

// kind is how the gateway went over. What is shorter than the time between two probes is none.
func (c *channel) kind(v event.RotationVerdict) event.RotationKind {
	next, old := c.address.streams[event.SignedNext], c.address.streams[event.SignedOld]
	switch {
	case v.Forged > 0:
		return event.ChecksNothing
	case next.last == "" && old.last == "":
		return event.NotEnoughKnown
	case v.NextFirst == nil:
		return event.NotRotated
	case v.Disagreed > 0:
		return event.RollingCut
	case v.Overlap > 1:
		return event.Overlapping
	}
	return event.HardCut
}

// replicaVerdicts are those of the replicas that were asked, the one that switched last behind the others.
func (c *channel) replicaVerdicts() (all []event.ReplicaVerdict) {
	first := math.Inf(1)
	for _, r := range c.replicas {
		if m := r.streams[event.SignedNext].firstAccepted; m.known {
			first = min(first, m.at)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.replicas)) {
		r := c.replicas[name]
		next, old := r.streams[event.SignedNext], r.streams[event.SignedOld]
		if next.asked+old.asked == 0 {
			continue
		}
		v := event.ReplicaVerdict{Replica: name, Started: r.started, Switched: next.firstAccepted.pointer(), Left: r.left.pointer(), Old: !r.left.known && old.last == Accepted}
		if old.lastAccepted.known {
			v.Lag = tenths(max(0, old.lastAccepted.at-first)) // 0 while none has switched
		}
		all = append(all, v)
	}
	slices.SortStableFunc(all, func(a, b event.ReplicaVerdict) int { return cmp.Compare(a.Lag, b.Lag) })
	return all
}

// expectation is one thing that a rotation should show.
type expectation struct {
	kind  event.RotationExpectation
	text  func(Limits) string
	judge func(c *channel, v event.RotationVerdict, now float64, limits Limits) (event.ExpectationVerdict, string)
}

// expectations are in the order of the report.
var expectations = []expectation{
	{event.ExpectForged, func(Limits) string { return "wrong and missing signatures are refused" }, judgeForged},
	{event.ExpectAccepted, func(Limits) string { return "the next secret is accepted" }, judgeAccepted},
	{event.ExpectLost, func(l Limits) string {
		if l.Lost == 0 {
			return "no message is lost"
		}
		return "at most " + units.Counted(l.Lost, "message is lost", "messages are lost")
	}, judgeLost},
	{event.ExpectGap, func(l Limits) string {
		return "one of the secrets is accepted, but for " + units.Duration(l.Gap) + " at most"
	}, judgeGap},
	{event.ExpectRefused, func(l Limits) string { return "the old secret is refused within " + units.Duration(l.Refused) }, judgeRefused},
	{event.ExpectReplicas, func(Limits) string { return "every replica has switched" }, judgeReplicas},
}

func judgeForged(c *channel, v event.RotationVerdict, _ float64, _ Limits) (event.ExpectationVerdict, string) {
	refused := c.address.streams[event.SignedWrong].lastRejected.known && c.address.streams[event.Unsigned].lastRejected.known
	switch {
	case v.Forged > 0:
		return event.ExpectationFailed, units.Counted(v.Forged, "such probe was accepted", "such probes were accepted")
	case !refused:
		return event.ExpectationUnknown, "no such probe was answered"
	}
	return event.ExpectationMet, "each such probe was refused"
}

// notRotated is why nothing can be said of a rotation that did not happen; "" of one that did.
func notRotated(v event.RotationVerdict) string {
	switch v.Kind {
	case event.NotEnoughKnown:
		return "no probe was answered"
	case event.NotRotated:
		return "the next secret was never accepted"
	case event.HardCut, event.Overlapping, event.RollingCut, event.ChecksNothing:
	}
	return ""
}

func judgeAccepted(c *channel, v event.RotationVerdict, now float64, _ Limits) (event.ExpectationVerdict, string) {
	next := c.address.streams[event.SignedNext]
	switch {
	case v.Kind == event.NotEnoughKnown || next.asked == 0:
		return event.ExpectationUnknown, "no probe with it was answered"
	case v.NextFirst == nil:
		return event.ExpectationFailed, "it was refused each time"
	case v.NextFull == nil || c.disagree.since.known:
		return event.ExpectationFailed, "it is still refused by some"
	case now-*v.NextFull < Window && v.Disagreed > 0:
		return event.ExpectationUnknown, fmt.Sprintf("accepted each time for %s only: replicas disagreed before", lasted(now-*v.NextFull))
	}
	return event.ExpectationMet, fmt.Sprintf("first at %s, each time from %s", clock(*v.NextFirst), clock(*v.NextFull))
}

func judgeLost(_ *channel, v event.RotationVerdict, _ float64, l Limits) (event.ExpectationVerdict, string) {
	switch {
	case v.Sent == 0:
		return event.ExpectationUnknown, "no message was sent"
	case v.Lost > l.Lost:
		return event.ExpectationFailed, fmt.Sprintf("%s of %s refused (%s)", units.Count(v.Lost), units.Count(v.Sent), units.Percent(float64(v.Lost)/float64(v.Sent)))
	case notRotated(v) != "":
		return event.ExpectationUnknown, notRotated(v)
	}
	return event.ExpectationMet, fmt.Sprintf("%s of %s refused", units.Count(v.Lost), units.Count(v.Sent))
}

func judgeGap(_ *channel, v event.RotationVerdict, _ float64, l Limits) (event.ExpectationVerdict, string) {
	switch {
	case v.Neither > l.Gap.Seconds():
		return event.ExpectationFailed, "neither was accepted for " + lasted(v.Neither)
	case notRotated(v) != "":
		return event.ExpectationUnknown, notRotated(v)
	case v.Neither > 0:
		return event.ExpectationMet, "neither was accepted for " + lasted(v.Neither)
	}
	return event.ExpectationMet, "one of them was accepted each time"
}

func judgeRefused(c *channel, v event.RotationVerdict, now float64, l Limits) (event.ExpectationVerdict, string) {
	old := c.address.streams[event.SignedOld]
	if why := notRotated(v); why != "" {
		return event.ExpectationUnknown, why
	}
	if v.NextFull == nil {
		return event.ExpectationUnknown, "the next secret is not accepted each time yet"
	}
	const after = " after the next one was accepted each time"
	end, last := *v.NextFull, v.OldLast
	switch {
	case old.last == "":
		return event.ExpectationUnknown, "no probe with it was answered"
	case last != nil && *last-end > l.Refused.Seconds():
		return event.ExpectationFailed, "it was accepted for " + lasted(*last-end) + after
	case old.last == Accepted:
		return event.ExpectationUnknown, "it is still accepted, " + lasted(now-end) + after
	case last != nil && c.disagree.since.known:
		return event.ExpectationUnknown, "it was accepted at " + clock(*last) + ", and replicas still disagree"
	case last != nil && *last > end:
		return event.ExpectationMet, "accepted for the last time at " + clock(*last) + ", " + lasted(*last-end) + after
	case last != nil:
		return event.ExpectationMet, "accepted for the last time at " + clock(*last)
	}
	return event.ExpectationMet, "it was refused each time"
}

func judgeReplicas(c *channel, v event.RotationVerdict, _ float64, _ Limits) (event.ExpectationVerdict, string) {
	if len(v.Replicas) == 0 {
		return event.ExpectationUnknown, "no replica could be asked by itself"
	}
	var behind []string
	there, silent := 0, 0
	for _, r := range v.Replicas {
		switch next := c.replicas[r.Replica].streams[event.SignedNext]; {
		case r.Left != nil:
		case r.Old || next.last == Rejected:
			behind = append(behind, r.Replica)
			there++
		case next.last != Accepted:
			silent++
		default:
			there++
		}
	}
	switch {
	case len(behind) > 0:
		return event.ExpectationFailed, "with the old secret still: " + strings.Join(behind, ", ")
	case there == 0 || silent > 0:
		return event.ExpectationUnknown, units.Counted(uint64(silent), "replica did not answer", "replicas did not answer")
	}
	last := v.Replicas[len(v.Replicas)-1]
	if last.Lag > 0 {
		return event.ExpectationMet, fmt.Sprintf("the last one, %s, %s after the first", last.Replica, lasted(last.Lag))
	}
	return event.ExpectationMet, units.Counted(uint64(there), "replica", "replicas")
}

func lasted(seconds float64) string {
	return units.Lasted(time.Duration(seconds * float64(time.Second)).Round(100 * time.Millisecond))
}

// clock is a moment of the run, as the timeline shows it.
func clock(seconds float64) string { return units.Clock(time.Duration(seconds * float64(time.Second))) }
