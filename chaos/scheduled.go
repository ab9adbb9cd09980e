package chaos

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// ScheduledFault is a fault that begins at a given time of the run: what --fault takes.
type ScheduledFault struct {
	Fault  string        // its id
	At     time.Duration // from the start of the run
	Params Params        // what differs from the fault's settings, unchecked; nil for nothing
}

var validID = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// ValidID reports whether a text can be the id of a fault or the name of a parameter: a lower-case
// letter, then lower-case letters, digits, hyphens and underscores.
func ValidID(text string) bool { return validID.MatchString(text) }

// ParseScheduledFault reads NAME[@START][,param=value...], such as llm_latency@30s,latency=2s,for=1m. A
// value cannot hold a comma. The error lists every problem in one line, each with what is accepted.
// Whether there is such a fault, and such parameters, is not looked at.
func ParseScheduledFault(text string) (ScheduledFault, error) {
	items := strings.Split(text, ",")
	name, start, timed := strings.Cut(items[0], "@")
	i := ScheduledFault{Fault: strings.TrimSpace(name)}
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if !ValidID(i.Fault) {
		problem("fault is %q: must be a name such as llm_latency", i.Fault)
	}
	if timed {
		var err error
		i.At, err = time.ParseDuration(strings.TrimSpace(start))
		if err != nil || i.At < 0 {
			problem("start is %q: must be a duration such as 30s or 5m, from the start of the run", strings.TrimSpace(start))
		}
	}
	for _, item := range items[1:] {
		name, value, ok := strings.Cut(item, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || value == "" || !ValidID(name) {
			problem("parameter is %q: must be name=value such as for=1m", strings.TrimSpace(item))
			continue
		}
		if _, twice := i.Params[name]; twice {
			problem("parameter %s stands twice: must stand once", name)
		}
		i.Params = i.Params.With(Params{name: value})
	}
	if len(problems) > 0 {
		return ScheduledFault{}, errors.New(strings.Join(problems, "; "))
	}
	return i, nil
}

// String writes the injection as [ParseInjection] reads it, its parameters by name.
func (i ScheduledFault) String() string {
	text := i.Fault
	if i.At > 0 {
		text += "@" + units.Literal(i.At)
	}
	for _, name := range slices.Sorted(maps.Keys(i.Params)) {
		text += "," + name + "=" + i.Params[name]
	}
	return text
}
