package evidence

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Labels tell the series of a metric, or the alerts of a name, apart. They are not changed once they were made.
type Labels map[string]string

// String writes labels as PromQL does, in the order of their names: {service="orchestrator",tenant_id="a"}. Characters
// that do not print are escaped.
func (l Labels) String() string {
	if len(l) == 0 {
		return ""
	}
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(l)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name + "=" + strconv.Quote(l[name]))
	}
	return "{" + b.String() + "}"
}

// Match reports whether every one of the wanted labels is there with its value.
func (l Labels) Match(want Labels) bool {
	for name, value := range want {
		if l[name] != value {
			return false
		}
	}
	return true
}

// Without returns the labels without one.
func (l Labels) Without(name string) Labels {
	if _, has := l[name]; !has {
		return l
	}
	rest := maps.Clone(l)
	delete(rest, name)
	return rest
}
