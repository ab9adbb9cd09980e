package rotation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"xinbot.ir/squall/internal/event"
)

// truth is what a replica of a simulated gateway accepts at a moment; away: it does not answer.
type truth struct{ old, next, wrong, away bool }

// gateway is a simulated gateway of some replicas, asked by its address and, if visible, replica by replica.
type gateway struct {
	replicas int
	visible  bool
	accepts  func(replica int, at float64) truth
}

// watch sends two probes a second of each signature for so many seconds, and returns the tracker and the events.
func (g gateway) watch(t *testing.T, seconds float64) (*Tracker, []any) {
	t.Helper()
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	track := NewTracker("webchat")
	var news []any
	var all []Replica
	for i := range g.replicas {
		all = append(all, Replica{Name: fmt.Sprintf("gateway-%d", i)})
	}
	for tick := 0.0; tick < seconds; tick += 0.5 {
		if g.visible {
			track.Replicas(tick, all)
		}
		for n, signature := range event.Signatures() {
			at := tick + 0.1*float64(n)
			ready := slices.DeleteFunc(slices.Collect(func(yield func(int) bool) {
				for i := range g.replicas {
					if !yield(i) {
						return
					}
				}
			}), func(i int) bool { return g.accepts(i, at).away })
			if len(ready) == 0 {
				news = append(news, track.Add(Probe{At: at, Channel: "webchat", Signature: signature, Answer: Unavailable})...)
			} else {
				news = append(news, track.Add(g.ask(ready[rng.IntN(len(ready))], "", at, signature))...)
			}
			if !g.visible {
				continue
			}
			for i, r := range all {
				news = append(news, track.Add(g.ask(i, r.Name, at+0.01, signature))...)
			}
		}
	}
	return track, news
}

func (g gateway) ask(replica int, name string, at float64, s event.Signature) Probe {
	p := Probe{At: at, Channel: "webchat", Replica: name, Signature: s, Answer: Rejected, Status: 401}
	is := g.accepts(replica, at)
	switch {
	case is.away:
		p.Answer, p.Status = Unavailable, 0
	case s == event.SignedOld && is.old, s == event.SignedNext && is.next, s.Forged() && is.wrong:
		p.Answer, p.Status = Accepted, 202
	}
	return p
}

// near reports whether a moment came within a second of when it should.
func near(got *float64, want float64) bool { return got != nil && math.Abs(*got-want) <= 1 }

func judged(track *Tracker, now float64, traffic Traffic) (event.RotationVerdict, map[event.RotationExpectation]event.RotationFinding) {
	d := track.Judge(now, map[string]Traffic{"webchat": traffic}, DefaultLimits())
	by := map[event.RotationExpectation]event.RotationFinding{}
	for _, f := range d.Findings {
		by[f.Expect] = f
	}
	return d.Channels[0], by
}

func expect(t *testing.T, by map[event.RotationExpectation]event.RotationFinding, want map[event.RotationExpectation]event.ExpectationVerdict) {
	t.Helper()
	for x, verdict := range want {
		if by[x].Verdict != verdict || by[x].Reason == "" {
			t.Errorf("%s: %s (%s), want %s", x, by[x].Verdict, by[x].Reason, verdict)
		}
	}
}

const (
	met     = event.ExpectationMet
	failed  = event.ExpectationFailed
	unknown = event.ExpectationUnknown
)

// Everywhere at once, with a restart of five seconds in between.
func TestHardCut(t *testing.T) {
	g := gateway{replicas: 2, accepts: func(_ int, at float64) truth {
		return truth{old: at < 30, next: at >= 35, away: at >= 30 && at < 35}
	}}
	track, news := g.watch(t, 70)
	v, by := judged(track, 70, Traffic{Sent: 1000, Lost: 0})
	if v.Kind != event.HardCut || !near(v.NextFirst, 35) || !near(v.NextFull, 35) || !near(v.OldLast, 30) || math.Abs(v.Neither-5) > 1 || v.Overlap != 0 || v.Disagreed != 0 {
		t.Errorf("verdict %+v", v)
	}
	expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{
		event.ExpectForged: met, event.ExpectAccepted: met, event.ExpectLost: met, event.ExpectGap: failed, event.ExpectRefused: met, event.ExpectReplicas: unknown,
	})
	for _, n := range news {
		switch n.(type) {
		case event.ReplicasDisagree, event.ForgedAccepted:
			t.Errorf("%T of a hard cut", n)
		}
	}
	if s := track.States(70)[0]; s.State != Done || s.Since == nil || !near(s.Since, 35) || len(s.Cells) < 60 {
		t.Errorf("state %s since %v, %d cells", s.State, s.Since, len(s.Cells))
	}
}

func TestOverlap(t *testing.T) {
	g := gateway{replicas: 2, accepts: func(_ int, at float64) truth { return truth{old: at < 50, next: at >= 30} }}
	track, _ := g.watch(t, 45)
	if s := track.States(45)[0]; s.State != Switched {
		t.Errorf("while both are accepted: %s", s.State)
	}
	track, news := g.watch(t, 70)
	v, by := judged(track, 70, Traffic{Sent: 1000, Lost: 3})
	if v.Kind != event.Overlapping || math.Abs(v.Overlap-20) > 1 || v.Neither != 0 || !near(v.NextFirst, 30) || !near(v.OldLast, 50) || !near(v.OldFirst, 50) {
		t.Errorf("verdict %+v", v)
	}
	expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectLost: failed, event.ExpectGap: met, event.ExpectRefused: met})
	if f := by[event.ExpectLost]; f.Reason != "3 of 1,000 refused (0.30 %)" {
		t.Errorf("reason %q", f.Reason)
	}
	told := map[event.Milestone]float64{}
	for _, n := range news {
		if m, is := n.(event.RotationMilestone); is {
			told[m.Milestone] = m.Moment
		}
	}
	for m, want := range map[event.Milestone]float64{event.NextFirstAccepted: 30, event.NextFullyAccepted: 30, event.OldFirstRefused: 50, event.OldLastAccepted: 50} {
		if math.Abs(told[m]-want) > 1 {
			t.Errorf("%s at %v, want %v", m, told[m], want)
		}
	}
}

// Four replicas restart one after the other, and the last one twenty seconds late.
func TestRollingWithAReplicaThatLags(t *testing.T) {
	switches := []float64{20, 24, 28, 50}
	accepts := func(i int, at float64) truth {
		return truth{old: at < switches[i], next: at-switches[i] >= 1, away: at >= switches[i] && at-switches[i] < 1}
	}
	for _, visible := range []bool{true, false} {
		t.Run(fmt.Sprintf("visible %v", visible), func(t *testing.T) {
			track, news := gateway{replicas: 4, visible: visible, accepts: accepts}.watch(t, 90)
			v, by := judged(track, 90, Traffic{Sent: 1000, Lost: 100})
			if v.Kind != event.RollingCut || math.Abs(v.Disagreed-30) > 4 || v.Neither > 1 {
				t.Errorf("verdict %+v", v)
			}
			expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectAccepted: met, event.ExpectLost: failed, event.ExpectGap: met, event.ExpectRefused: met})
			begun, over := 0, 0
			var named []string
			for _, n := range news {
				switch d := n.(type) {
				case event.ReplicasDisagree:
					begun++
					named = append(named, d.Old...)
				case event.ReplicasAgree:
					over++
				}
			}
			if begun != 1 || over != 1 {
				t.Errorf("%d disagreements began, %d ended", begun, over)
			}
			if !visible {
				expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectReplicas: unknown})
				return
			}
			if !near(v.NextFirst, 21) || !near(v.OldLast, 50) || !slices.Contains(named, "gateway-3") {
				t.Errorf("verdict %+v, named %v", v, named)
			}
			expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectReplicas: met})
			last := v.Replicas[len(v.Replicas)-1]
			if last.Replica != "gateway-3" || !near(last.Switched, 51) || math.Abs(last.Lag-29) > 1 || !near(v.NextFull, 51) {
				t.Errorf("the last replica: %+v", last)
			}
		})
	}
}

// A replica that never restarts is named, and the old secret is alive.
func TestReplicaThatKeepsTheOldSecret(t *testing.T) {
	g := gateway{replicas: 2, visible: true, accepts: func(i int, at float64) truth { return truth{old: i == 1 || at < 20, next: i == 0 && at >= 20} }}
	track, _ := g.watch(t, 120)
	v, by := judged(track, 120, Traffic{Sent: 10, Lost: 5})
	expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectReplicas: failed})
	if by[event.ExpectAccepted].Verdict == met || by[event.ExpectRefused].Verdict == met || by[event.ExpectReplicas].Reason != "with the old secret still: gateway-1" {
		t.Errorf("findings %+v", by)
	}
	if s := track.States(120)[0]; s.State != Mixed || !s.Disagrees || v.Kind != event.RollingCut {
		t.Errorf("state %+v, kind %s", s.State, v.Kind)
	}
}

func TestGatewayThatChecksNothing(t *testing.T) {
	g := gateway{replicas: 2, accepts: func(_ int, at float64) truth {
		return truth{old: true, next: at > 20, wrong: at > 20}
	}}
	track, news := g.watch(t, 40)
	v, by := judged(track, 40, Traffic{Sent: 10})
	if v.Kind != event.ChecksNothing || v.Forged < 60 {
		t.Errorf("verdict %+v", v)
	}
	expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectForged: failed})
	told := 0
	for _, n := range news {
		if _, is := n.(event.ForgedAccepted); is {
			told++
		}
	}
	if told != 2 || track.States(40)[0].State != Open { // wrong and unsigned, once each
		t.Errorf("told %d times", told)
	}
}

func TestNothingRotated(t *testing.T) {
	track, news := gateway{replicas: 2, accepts: func(int, float64) truth { return truth{old: true} }}.watch(t, 60)
	v, by := judged(track, 60, Traffic{Sent: 10})
	if v.Kind != event.NotRotated || len(news) > 0 || track.States(60)[0].State != Armed {
		t.Errorf("verdict %+v, news %v", v, news)
	}
	expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectAccepted: failed, event.ExpectLost: unknown, event.ExpectGap: unknown, event.ExpectRefused: unknown, event.ExpectForged: met})

	track, _ = gateway{replicas: 1, accepts: func(int, float64) truth { return truth{away: true} }}.watch(t, 20)
	v, by = judged(track, 20, Traffic{})
	if v.Kind != event.NotEnoughKnown || track.States(20)[0].State != Away {
		t.Errorf("verdict %+v", v)
	}
	expect(t, by, map[event.RotationExpectation]event.ExpectationVerdict{event.ExpectAccepted: unknown, event.ExpectLost: unknown, event.ExpectForged: unknown, event.ExpectReplicas: unknown})
}

// Traffic follows what is accepted, also back when a rotation is rolled back.
func TestFollowing(t *testing.T) {
	g := gateway{replicas: 1, accepts: func(_ int, at float64) truth {
		rolledBack := at >= 40
		return truth{old: at < 20 || rolledBack, next: at >= 20 && !rolledBack}
	}}
	for seconds, want := range map[float64]event.Signature{12: event.SignedOld, 19: event.SignedOld, 30: event.SignedNext, 50: event.SignedOld} {
		track, _ := g.watch(t, seconds)
		if got, ok := track.Accepts("webchat", seconds, event.SignedNext); !ok || got != want {
			t.Errorf("after %v s: %s, want %s", seconds, got, want)
		}
	}
	track, _ := gateway{replicas: 1, accepts: func(int, float64) truth { return truth{away: true} }}.watch(t, 10)
	if got, ok := track.Accepts("webchat", 10, event.SignedOld); ok {
		t.Errorf("of a gateway that does not answer: %s", got)
	}
}

// While replicas disagree a probe fails whenever it comes to the wrong one. That many in a row do is no outage.
func TestChanceIsNoOutage(t *testing.T) {
	t.Parallel()
	outages := 0
	for seed := range uint64(400) {
		rng, track := rand.New(rand.NewPCG(seed, 1)), NewTracker("webchat")
		due := map[event.Signature]float64{event.SignedOld: 0, event.SignedNext: 0.1}
		switches := []float64{20, 45}
		for due[event.SignedOld] < 70 {
			signature := event.SignedOld
			if due[event.SignedNext] < due[signature] {
				signature = event.SignedNext
			}
			at := due[signature]
			due[signature] += 0.25 + 0.5*rng.Float64()
			replica := rng.IntN(2)
			if at >= switches[replica] && at < switches[replica]+1 { // it restarts: the other one gets everything
				replica = 1 - replica
			}
			p := Probe{At: at, Channel: "webchat", Signature: signature, Answer: Rejected}
			if switched := at >= switches[replica]; switched == (signature == event.SignedNext) {
				p.Answer = Accepted
			}
			track.Add(p)
		}
		if track.Judge(70, nil, DefaultLimits()).Channels[0].Neither > DefaultLimits().Gap.Seconds() {
			outages++
		}
	}
	if outages > 1 {
		t.Errorf("in %d of 400 simulated rotations without an outage one is found", outages)
	}
}
