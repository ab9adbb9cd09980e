package config

import (
	"strings"
	"unicode"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/strictyaml"
)

// fileFault is one entry below faults of a target: a fault of its own, or parameters of a built-in one.
type fileFault struct {
	id     string
	line   int
	custom *chaos.Custom        // nil for a built-in fault; its Place is not known yet
	params map[string]fileValue // of a built-in fault, one text each
}

// readFaults reads the faults of a target. Whether a built-in fault has the parameters that are given
// is not known here.
func readFaults(v strictyaml.Value) (all []fileFault) {
	v.Entries(func(id string, v strictyaml.Value) {
		if !chaos.ValidID(id) {
			v.Problem("is no name for a fault: a lower-case letter, then lower-case letters, digits, hyphens and underscores are accepted")
			return
		}
		all = append(all, readFault(id, v))
	})
	return all
}

// readFault goes by the key type, which faults of the file's own have and built-in ones have not.
func readFault(id string, v strictyaml.Value) fileFault {
	f := fileFault{id: id, line: v.Line(), params: map[string]fileValue{}}
	kind, before := strictyaml.Value{}, v.Problems()
	typed := false
	v.Entries(func(key string, v strictyaml.Value) {
		if key == "type" {
			kind, typed = v, true
		}
	})
	switch {
	case v.Problems() > before: // said once is enough
	case typed:
		f.custom = readCustom(id, kind, v)
	default:
		v.Entries(func(name string, v strictyaml.Value) {
			if text, ok := plainScalar(v, "the value of a parameter such as 3s"); ok {
				f.params[name] = fileValue{texts: []string{text}, line: v.Line()}
			}
		})
	}
	return f
}

// plainScalar reads a scalar that is no reference to a variable.
func plainScalar(v strictyaml.Value, accepts string) (string, bool) {
	text, ok := v.Scalar(accepts)
	if ok && text == "" {
		v.Problem("is empty: must be %s", accepts)
		return "", false
	}
	return text, ok && acceptReference(v, Setting{}, text)
}

// printable reports whether a text can be drawn on one line of a screen.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// titleOf makes "Slow crm" of slow_crm.
func titleOf(id string) string {
	text := strings.NewReplacer("_", " ", "-", " ").Replace(id)
	return strings.ToUpper(text[:1]) + text[1:]
}
