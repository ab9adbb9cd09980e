package toxiproxy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"xinbot.ir/squall/chaos"
)

// Bounds of custom toxics. Toxiproxy checks nothing, and some values make its
// process end.
const (
	dayMillis = 24 * 60 * 60 * 1000
	dayMicros = dayMillis * 1000
	maxBytes  = 1 << 40
	maxSlice  = 1 << 30
	maxReset  = 20_000 // ms; a connection that waits for its reset cannot be freed of the toxic

	noDefault = -1 // it must be given
)

// attribute is one attribute of a type of toxic.
type attribute struct {
	name      string
	label     string
	unit      string
	def       int64 // when it is not given; noDefault when it must be
	low, high int64
}

// kind is a type of toxic.
type kind struct {
	name       string
	attributes []attribute
	fixed      bool                      // attributes cannot be changed while connections are under it
	check      func(chaos.Params) string // what is wrong between attributes, "" if nothing
}

// kinds are the toxics that Toxiproxy has, with their attributes.
var kinds = []kind{
	{name: "latency", attributes: []attribute{
		{"latency", "Latency", "ms", noDefault, 0, dayMillis},
		{"jitter", "Jitter", "ms", 0, 0, dayMillis},
	}},
	{name: "bandwidth", attributes: []attribute{{"rate", "Rate", "KB/s", noDefault, 1, maxRate}}},
	{name: "slow_close", attributes: []attribute{{"delay", "Delay", "ms", noDefault, 0, dayMillis}}},
	{name: "timeout", attributes: []attribute{{"timeout", "Closes after", "ms", 0, 0, dayMillis}}},
	{name: "reset_peer", attributes: []attribute{{"timeout", "Resets after", "ms", 0, 0, maxReset}}},
	{
		// Toxiproxy changes one attribute after the other while it cuts with them: between two changes
		// they may not fit each other, and then its process ends.
		name: "slicer", fixed: true,
		attributes: []attribute{
			{"average_size", "Average size", "bytes", noDefault, 1, maxSlice},
			{"size_variation", "Size variation", "bytes", 0, 0, maxSlice},
			{"delay", "Delay", "µs", 0, 0, dayMicros},
		},
		check: func(p chaos.Params) string { // beyond it the server cuts outside of its data and dies
			if p.Whole("size_variation") < p.Whole("average_size") {
				return ""
			}
			return "size_variation is " + p["size_variation"] + ": must be less than average_size, which is " + p["average_size"]
		},
	},
	{name: "limit_data", attributes: []attribute{{"bytes", "Bytes", "bytes", noDefault, 0, maxBytes}}},
}

// kindOf finds a type of toxic by its name.
func kindOf(name string) (kind, bool) {
	all := kinds
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return all[i], true
}

// toxicProblems lists what is wrong with a custom toxic, each with what is accepted.
func toxicProblems(t chaos.CustomToxic) (all []string) {
	k, known := kindOf(t.Type)
	if !known {
		var names []string
		for _, k := range kinds {
			names = append(names, k.name)
		}
		all = append(all, fmt.Sprintf("toxic is %q: must be one of %s", t.Type, strings.Join(names, ", ")))
	}
	if t.Stream != upstream && t.Stream != downstream {
		all = append(all, fmt.Sprintf("stream is %q: must be upstream or downstream", t.Stream))
	}
	if !known {
		return all
	}
	var names []string
	for _, a := range k.attributes {
		names = append(names, a.name)
		value, given := t.Attributes[a.name]
		switch {
		case !given && a.def == noDefault:
			all = append(all, fmt.Sprintf("attributes.%s is missing: must be a whole number from %d to %d (%s)", a.name, a.low, a.high, a.unit))
		case given && (value < a.low || value > a.high):
			all = append(all, fmt.Sprintf("attributes.%s is %d: must be a whole number from %d to %d (%s)", a.name, value, a.low, a.high, a.unit))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Attributes)) {
		if !slices.Contains(names, name) {
			all = append(all, fmt.Sprintf("attributes.%s is none of a %s toxic: it has %s", name, t.Type, strings.Join(names, ", ")))
		}
	}
	return all
}
