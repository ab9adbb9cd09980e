package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/units"
)

// What happens when objectives are not green before a fault.
const (
	SteadyWarn   = "warn"
	SteadyRefuse = "refuse"
	SteadyOff    = "off" // not looked at
)

var steadyStates = []string{SteadyWarn, SteadyRefuse, SteadyOff}

// steadyLine is one value of the setting: what to do, or a condition.
type steadyLine struct {
	what      string
	condition slo.SteadyCondition
}

func parseSteadyLine(text string) (line steadyLine, err error) {
	if slo.OnPlatform(text) {
		line.condition, err = slo.ParseSteadyCondition(text)
		return line, err
	}
	line.what, err = parseOneOf(steadyStates...)(text)
	return line, err
}

// steady settles what has to be there before a fault; the last word on what to do when it is not counts.
func (l *resolver) steady() (what string, conditions []slo.SteadyCondition) {
	what = SteadyWarn
	for _, line := range readLines(l, steadyState, nil, parseSteadyLine) {
		if line.what == "" {
			conditions = append(conditions, line.condition)
			continue
		}
		what = line.what
	}
	if what == SteadyOff && len(conditions) > 0 {
		l.problem("%s: says off and has a condition: leave one of them out", describe(steadyState, l.values[steadyState].source))
	}
	return what, conditions
}

// parseOneOf accepts one of some words.
func parseOneOf(words ...string) func(string) (string, error) {
	return func(text string) (string, error) { return orRefused(text, slices.Contains(words, text)) }
}

// Faults is what may be broken, and how. [Faults.Settle] holds it to the faults that there are.
type Faults struct {
	Toxiproxy   *url.URL // its API, without a slash at the end; nil: Toxiproxy faults are off
	Kubernetes  Kubernetes
	SteadyState string                // SteadyWarn, SteadyRefuse or SteadyOff
	Steady      []slo.SteadyCondition // on the platform's own metrics
	// Given is, by fault id, what differs from the fault's own defaults: of each parameter the value
	// from its strongest source.
	Given  map[string]chaos.Params
	Custom []chaos.Custom // in the order of squall.yaml
	Inject []chaos.ScheduledFault
	DryRun bool // no fault and no load

	sources map[string]map[string]paramSource // of Given
	rows    map[string][]chaos.Param          // of every built-in fault
}

// faults settles all that concerns faults, as far as it can be known without their drivers.
func (l *resolver) faults(in Input) Faults {
	f := Faults{
		Toxiproxy: read(l, toxiproxyURL, parseURL),
		Inject:    readLines(l, injections, nil, chaos.ParseScheduledFault),
		DryRun:    read(l, dryRun, parseBool) && !l.admin,
		rows:      in.FaultParams,
	}
	f.SteadyState, f.Steady = l.steady()
	if read(l, noFaults, parseBool) && !l.admin {
		l.withheld = len(f.Inject)
		return Faults{SteadyState: f.SteadyState, Steady: f.Steady, rows: in.FaultParams}
	}
	f.Kubernetes = l.kubernetes(f.DryRun || len(f.Inject) > 0)
	if f.Toxiproxy != nil {
		f.Toxiproxy = withPath(f.Toxiproxy, strings.TrimRight(f.Toxiproxy.Path, "/"))
	}
	f.Given, f.sources = l.faultParams(f.rows)
	f.Custom = l.custom(f)
	return f
}

// custom are the target's own faults. A namespace that one of them names must be allowed like the
// platform's.
func (l *resolver) custom(f Faults) (all []chaos.Custom) {
	if l.target == nil {
		return nil
	}
	for _, entry := range l.target.faults {
		if entry.custom == nil {
			continue
		}
		c := *entry.custom
		c.Place = l.place(entry.line)
		if _, taken := f.rows[c.ID]; taken {
			l.problem("%s: faults.%s: is a built-in fault: give yours another name, or leave its type out to change the built-in one", c.Place, c.ID)
		}
		if w := c.Workload; w != nil && w.Namespace != "" && !l.admin {
			l.checkNamespace(fmt.Sprintf("%s: faults.%s.namespace", c.Place, c.ID), w.Namespace, f.Kubernetes.Allow)
		}
		all = append(all, c)
	}
	return all
}

// place names a line of squall.yaml.
func (l *resolver) place(line int) string { return fmt.Sprintf("%s:%d", l.file.path, line) }

// checkInjections refuses faults that the run could not get to.
func (l *resolver) checkInjections(in Input, r Resolved) {
	switch f := r.Faults; {
	case l.admin:
	case f.DryRun && !l.values[injections].set() && !r.Rotation.Armed:
		l.problem("--dry-run: no fault is given: name what to look at with --fault NAME")
	case f.DryRun:
	default:
		begun := map[string]bool{}
		l.checkOverlaps(in, f)
		for _, i := range f.Inject {
			if r.Duration > 0 && i.At >= r.Duration {
				l.problem("--fault %s: would begin after the run, which ends at %s (%s)", i, r.Duration, l.values[duration].source)
			}
			start := chaos.ScheduledFault{Fault: i.Fault, At: i.At}.String()
			if begun[start] {
				l.problem("--fault %s: another one begins this fault at the same time: give one of them another start, such as %s@1m", i, i.Fault)
			}
			begun[start] = true
		}
	}
}

// checkOverlaps refuses a fault that would begin while the same fault is on from an earlier time: it would be refused in
// the middle of the run.
func (l *resolver) checkOverlaps(in Input, f Faults) {
	for n, first := range f.Inject {
		lasts, known := f.timeToLive(in, first)
		for m, second := range f.Inject {
			if known && m != n && second.Fault == first.Fault && second.At > first.At && second.At < first.At+lasts {
				l.problem("--fault %s: begins while the one of %s is still on, which ends at %s: give it a later start, or the first a shorter for",
					second, units.Duration(first.At), units.Duration(first.At+lasts))
			}
		}
	}
}

// timeToLive is how long a fault that was asked for stays on; unknown when it says so nowhere.
func (f Faults) timeToLive(in Input, i chaos.ScheduledFault) (lasts time.Duration, known bool) {
	text := cmp.Or(i.Params[chaos.TTL], f.Given[i.Fault][chaos.TTL])
	for _, row := range in.FaultParams[i.Fault] {
		if row.Name == chaos.TTL && text == "" {
			text = row.Default
		}
	}
	lasts, err := time.ParseDuration(text)
	return lasts, err == nil
}

// origins lists of every given parameter and custom fault what it is and where it came from.
func (f Faults) origins() (all []Origin) {
	for _, id := range slices.Sorted(maps.Keys(f.Given)) {
		for _, name := range slices.Sorted(maps.Keys(f.Given[id])) {
			all = append(all, Origin{Name: "faults." + id + "." + name, Value: f.Given[id][name], Source: f.sources[id][name].text})
		}
	}
	for _, c := range f.Custom {
		all = append(all, Origin{Name: "faults." + c.ID, Value: describeCustom(c), Source: c.Place})
	}
	return all
}

// describeCustom describes in a few words what a custom fault does.
func describeCustom(c chaos.Custom) string {
	if c.Toxic != nil {
		return c.Toxic.Type + " on proxy " + c.Toxic.Proxy
	}
	text := c.Workload.Way + " " + c.Workload.Kind + "/" + c.Workload.Name
	if c.Workload.Way == "scale" {
		text += fmt.Sprintf(" to %d", c.Workload.Replicas)
	}
	return text
}
