package timeline

import (
	"cmp"
	"fmt"
	"slices"

	"xinbot.ir/squall/internal/event"
)

// ChannelSpike is the id of the fault that multiplies our own load.
const ChannelSpike = "channel_spike"

// Injection is one fault of a run, from the moment that the journal announced it until it was
// reverted. What did not happen is nil.
type Injection struct {
	event.Injection
	Label string // its title, numbered from its second time on: "LLM latency 2"; the same in every table and chart
	From  float64
	By    event.Actor
	Lost  bool // the event that announced it is missing: From is the first event that is there

	Started     event.FaultStarted // zero when lost
	Active      *Step[event.FaultActive]
	Changes     []Step[event.FaultChanged]
	Reverting   *Step[event.FaultReverting]   // the first attempt, with the reason why it ended
	Reverted    *Step[event.FaultReverted]    // verified, or kept as it is
	NotReverted *Step[event.FaultNotReverted] // the last attempt that failed; nil once it is reverted
	Decisions   []Step[event.FaultDecided]
	Recovered   *Step[event.PlatformRecovered]
	Findings    []event.Finding // expectations: those that were announced, also while they have no verdict, and those decided
	Effect      *Step[event.EffectJudged]
}

// Spike reports whether the fault is the channel spike.
func (i Injection) Spike() bool { return i.Fault == ChannelSpike }

// EffectAnswer is whether the fault changed anything: [event.EffectUnknown] with a reason that may be empty when nobody
// could tell. An alert that fired, a counter that grew or an autoscaler that rose because of it shows an effect, too, also when
// that was seen only later.
func (i Injection) EffectAnswer() event.EffectJudged {
	d := event.EffectJudged{Injection: i.Injection, Effect: event.EffectUnknown}
	if i.Effect != nil {
		d = i.Effect.Data
	}
	if d.Effect == event.EffectSeen {
		return d
	}
	for _, f := range i.Findings {
		if f.ShowsEffect() {
			d.Effect, d.Observed = event.EffectSeen, append(slices.Clone(d.Observed), f.Text)
		}
	}
	return d
}

// NoEffect reports whether the fault changed nothing that is measured.
func (i Injection) NoEffect() bool { return i.EffectAnswer().Effect == event.NoEffect }

// Abandoned reports whether the fault ended without having been reverted.
func (i Injection) Abandoned() bool {
	return i.Reverted != nil && i.Reverted.Data.Cause == event.CauseAbandoned
}

// StillChanged reports whether the target is still as the fault changed it.
func (i Injection) StillChanged() bool { return i.NotReverted != nil && i.Reverted == nil }

// Applied reports whether the fault was on: announced alone is not.
func (i Injection) Applied() bool { return i.Active != nil }

// NotApplied reports whether the fault was to be injected and could not be.
func (i Injection) NotApplied() bool {
	return i.Active == nil && i.Reverting != nil && i.Reverting.Data.Cause == event.CauseFailed
}

// Injected counts the faults of a run, those left out that were announced and could not be applied.
func (t *Timeline) Injected() (n int) {
	for _, i := range t.Injections {
		if !i.NotApplied() {
			n++
		}
	}
	return n
}

// To is when the fault was reverted, or [Open].
func (i Injection) To() float64 {
	if i.Reverted != nil {
		return max(i.Reverted.At, i.From)
	}
	return Open
}

// applyFault puts the injections together.
func (t *Timeline) applyFault(e event.Event) {
	if refused, ok := e.Data.(event.FaultRefused); ok {
		t.Refused = append(t.Refused, stepOf(e, refused))
		return
	}
	about, ok := e.Data.(interface{ Ref() event.Injection })
	if !ok || about.Ref().Run <= 0 {
		return
	}
	i := t.injection(e, about.Ref())
	switch d := e.Data.(type) {
	case event.FaultActive:
		i.Active = ref(stepOf(e, d))
	case event.FaultChanged:
		i.Changes = append(i.Changes, stepOf(e, d))
	case event.FaultReverting:
		if i.Reverting == nil {
			i.Reverting = ref(stepOf(e, d))
		}
	case event.FaultReverted:
		i.end(ref(stepOf(e, d)))
	case event.FaultNotReverted:
		i.NotReverted = ref(stepOf(e, d))
	case event.FaultDecided:
		i.Decisions = append(i.Decisions, stepOf(e, d))
	case event.PlatformRecovered:
		i.Recovered = ref(stepOf(e, d))
		if i.Reverted == nil { // its event was lost: a recovery begins only once the fault is off
			i.end(&Step[event.FaultReverted]{At: e.At, By: e.By, Data: event.FaultReverted{Injection: i.Injection}})
		}
	case event.ExpectationDecided:
		i.decide(d.Finding)
	case event.EffectJudged:
		i.Effect = ref(stepOf(e, d))
	}
}

func ref[T any](v T) *T { return &v }

// injection finds the one that an event is about, or begins it.
func (t *Timeline) injection(e event.Event, about event.Injection) *Injection {
	for n := len(t.Injections) - 1; n >= 0; n-- {
		if t.Injections[n].Run == about.Run {
			return &t.Injections[n]
		}
	}
	about.Title = cmp.Or(about.Title, about.Fault, "fault")
	titles := map[string]int{}
	for title, n := range t.titles { // the old one may be shared with a clone
		titles[title] = n
	}
	titles[about.Title]++
	t.titles = titles
	i := Injection{Injection: about, Label: numbered(about.Title, titles[about.Title]), From: e.At, By: e.By}
	i.Started, i.Lost = startOf(e)
	for _, x := range i.Started.Expect {
		i.Findings = append(i.Findings, event.Finding{Signal: x.Signal, Text: x.Text})
	}
	t.Injections = append(t.Injections, i)
	return &t.Injections[len(t.Injections)-1]
}

func startOf(e event.Event) (started event.FaultStarted, lost bool) {
	started, ok := e.Data.(event.FaultStarted)
	return started, !ok
}

func (i *Injection) end(s *Step[event.FaultReverted]) {
	if i.Reverted == nil {
		i.Reverted, i.NotReverted = s, nil
	}
}

// decide notes the verdict on an expectation; a later one replaces an earlier one.
func (i *Injection) decide(f event.Finding) {
	i.Findings = slices.Clone(i.Findings)
	if at := slices.IndexFunc(i.Findings, func(had event.Finding) bool { return had.Text == f.Text }); at >= 0 {
		i.Findings[at] = f
		return
	}
	i.Findings = append(i.Findings, f)
}

// numbered names the n-th of several things that have one name.
func numbered(name string, n int) string {
	if n <= 1 {
		return name
	}
	return fmt.Sprintf("%s %d", name, n)
}
