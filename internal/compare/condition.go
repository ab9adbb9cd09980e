package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// Condition is what must be alike for runs to be compared.
type Condition string

// The conditions. Each can be accepted to differ.
const (
	Target    Condition = "target"
	Model     Condition = "model"
	Load      Condition = "load" // virtual users, think time, arrival rate
	Mix       Condition = "mix"
	Faults    Condition = "faults"
	Generator Condition = "generator" // it was saturated or away for much of the time
	Data      Condition = "data"      // counts are missing
)

// AllConditions lists those that can be accepted.
func AllConditions() []Condition {
	return []Condition{Target, Model, Load, Mix, Faults, Generator, Data}
}

// How much may differ.
const (
	loadMayDiffer = 0.05 // of the virtual users or the arrival rate, on average over a part
	mixMayDiffer  = 0.01 // of a channel's share of the messages
	mostLeftOut   = 0.1  // of the seconds of a part
	toldLag       = 500  // µs: a smaller difference of the generators' timer lag is not told
)

// Note is what a reader must know before believing a comparison.
type Note struct {
	Condition Condition // "": nothing that could be accepted
	Refuses   bool      // nothing is judged because of it
	Text      string    // a sentence without its full stop
}

// sideRun is a run with its name in the documents: A, or A2 of several.
type sideRun struct {
	label string
	Run
}

// conditionNotes looks at what must be alike over the whole of two runs.
func conditionNotes(a, b sideRun) (notes []Note) {
	add := func(c Condition, refuses bool, format string, args ...any) {
		notes = append(notes, Note{c, refuses, fmt.Sprintf(format, args...)})
	}
	x, y := a.Conditions, b.Conditions
	if !x.Known || !y.Known {
		return nil // said of the run itself
	}
	if x.Target != y.Target || (!x.Embedded || !y.Embedded) && x.Gateway != y.Gateway {
		add(Target, true, "the targets differ: %s %s, %s %s", a.label, place(x), b.label, place(y))
	}
	if x.Model != y.Model {
		add(Model, true, "the models differ: %s %s, %s %s; their latencies count from different moments", a.label, x.Model, b.label, y.Model)
	}
	if x.Model == "closed" && y.Model == "closed" && x.Think != y.Think {
		add(Load, true, "the think times differ: %s %s, %s %s", a.label, x.Think, b.label, y.Think)
	}
	if channel, one, two := widest(x.Mix, y.Mix); math.Abs(one-two) > mixMayDiffer {
		add(Mix, true, "the channel mixes differ: %s is %s of the messages in %s and %s in %s", channel, units.Percent(one), a.label, units.Percent(two), b.label)
	}
	if x.MixSet != y.MixSet {
		add("", false, "the channel mix was changed %s during %s and %s during %s", times(x.MixSet), a.label, times(y.MixSet), b.label)
	}
	if x.Workload != y.Workload || x.Tenants != y.Tenants || x.Brands != y.Brands {
		add("", false, "the workloads differ: %s %s, %s %s", a.label, workload(x), b.label, workload(y))
	}
	if x.Version != y.Version {
		add("", false, "they are of different versions of squall: %s %s, %s %s", a.label, x.Version, b.label, y.Version)
	}
	if x.Machine != y.Machine {
		add("", false, "the load came from different machines: %s %s, %s %s", a.label, x.Machine, b.label, y.Machine)
	}
	if x.ID != y.ID && x.Target == y.Target && overlap(x, y) {
		add("", false, "%s and %s went on at the same time, so each was part of the other's load", a.label, b.label)
	}
	if only := missingParts(a, b); only != "" {
		add("", false, "%s", only)
	}
	return notes
}

// runNotes says what must be known of one run.
func runNotes(r sideRun) (notes []Note) {
	add := func(c Condition, refuses bool, format string, args ...any) {
		notes = append(notes, Note{c, refuses, fmt.Sprintf(format, args...)})
	}
	c := r.Conditions
	if !c.Known {
		add("", false, "the journal of %s does not hold how it was started, so whether target, load and mix are alike is not known", r.label)
	}
	if c.Killed {
		add("", false, "%s did not end properly, or goes on: what there is up to %s is compared", r.label, units.Clock(seconds(c.Length)))
	}
	if c.Missing != "" {
		add(Data, true, "counts of %s are missing: %s", r.label, c.Missing)
	}
	if c.Clamped > 0 {
		add("", false, "%s latencies of %s were beyond three minutes and count as three minutes", units.Count(c.Clamped), r.label)
	}
	for _, text := range r.Notes {
		add("", false, "%s: %s", r.label, text)
	}
	return notes
}

// partNotes looks at what must be alike in a part of two runs.
func partNotes(a, b sideRun, x, y Part) (notes []Note) {
	add := func(c Condition, refuses bool, format string, args ...any) {
		notes = append(notes, Note{c, refuses, fmt.Sprintf(format, args...)})
	}
	if apart(x.VUs, y.VUs) {
		add(Load, true, "the load differs: %s virtual users in %s and %s in %s, on average", units.Number(round(x.VUs)), a.label, units.Number(round(y.VUs)), b.label)
	}
	if apart(x.Wanted, y.Wanted) {
		add(Load, true, "the load differs: %s requests a second were asked for in %s and %s in %s, on average", units.Number(round(x.Wanted)), a.label, units.Number(round(y.Wanted)), b.label)
	}
	if x.Settings != y.Settings {
		add(Faults, true, "the faults were set differently: %s in %s, %s in %s", or(x.Settings, "nothing"), a.label, or(y.Settings, "nothing"), b.label)
	}
	return notes
}

// partRunNotes says what must be known of a part of one run.
func partRunNotes(r sideRun, p Part) (notes []Note) {
	if p.LeftOut > 0 {
		share := float64(p.LeftOut) / float64(p.LeftOut+p.Kept)
		notes = append(notes, Note{Generator, share > mostLeftOut, fmt.Sprintf(
			"%d of %d seconds of %s are left out, in which the load generator was saturated or away", p.LeftOut, p.LeftOut+p.Kept, r.label)})
	}
	if p.Missed > 0 {
		notes = append(notes, Note{Text: fmt.Sprintf(
			"%s sends of %s were due and never made: what callers would have seen is worse than its numbers", units.Count(p.Missed), r.label)})
	}
	return notes
}

// lagNotes says that the generators of two sides were not equally punctual.
func lagNotes(a string, x float64, b string, y float64) []Note {
	if math.Abs(x-y) < toldLag {
		return nil
	}
	return []Note{{Text: fmt.Sprintf("timers of the load generator fired %s late in %s and %s late in %s: intervals of latencies allow for it", lag(x), a, lag(y), b)}}
}

// accept turns refusals that were accepted into remarks.
func (o Options) accept(notes []Note) []Note {
	for i, n := range notes {
		if n.Refuses && slices.Contains(o.Accept, n.Condition) {
			notes[i].Refuses = false
		}
	}
	return notes
}

func place(c Conditions) string {
	if c.Embedded || c.Gateway == "" {
		return c.Target
	}
	return c.Target + " at " + c.Gateway
}

// times is how often something was done.
func times(n int) string { return units.Counted(uint64(max(0, n)), "time", "times") }

// workload names a workload and what it has.
func workload(c Conditions) string {
	return fmt.Sprintf("%s (%s, %s)", c.Workload,
		units.Counted(uint64(max(0, c.Tenants)), "tenant", "tenants"), units.Counted(uint64(max(0, c.Brands)), "brand", "brands"))
}

// widest finds the channel whose shares lie furthest apart.
func widest(x, y map[string]float64) (channel string, one, two float64) {
	all := maps.Clone(x)
	if all == nil {
		all = map[string]float64{}
	}
	maps.Copy(all, y)
	for _, c := range slices.Sorted(maps.Keys(all)) {
		if channel == "" || math.Abs(x[c]-y[c]) > math.Abs(one-two) {
			channel, one, two = c, x[c], y[c]
		}
	}
	return channel, one, two
}

func apart(x, y float64) bool { return math.Abs(x-y) > loadMayDiffer*max(x, y) }

func overlap(x, y Conditions) bool {
	return x.Started.Before(y.Started.Add(seconds(y.Length))) && y.Started.Before(x.Started.Add(seconds(x.Length)))
}

// lacking are the parts of a run that another does not have.
func lacking(has, other Run) (names []string) {
	for _, p := range has.Parts {
		if _, both := other.part(p.Name); !both {
			names = append(names, p.Name)
		}
	}
	return names
}

// missingParts names the parts that only one of two runs has.
func missingParts(a, b sideRun) string {
	var texts []string
	for _, pair := range [][2]sideRun{{a, b}, {b, a}} {
		if only := lacking(pair[0].Run, pair[1].Run); len(only) > 0 {
			texts = append(texts, "only "+pair[0].label+" has "+strings.Join(only, ", "))
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return strings.Join(texts, "; ") + ": faults or pauses differ, and only the parts that both have are compared"
}

func lag(us float64) string { return units.Latency(time.Duration(us * float64(time.Microsecond))) }

func or(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}
