package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"xinbot.ir/squall/chaos"
)

// paramSource is where the value of a fault's parameter came from.
type paramSource struct {
	level    precedence
	text     string // in words: "env LATENCY_MS", "squall.yaml:12"
	variable string // "" when it came from squall.yaml
}

// faultParams settles, for every parameter of every built-in fault, which source counts: -e, then the
// environment, then squall.yaml. The values are checked later, by [Faults.Settle]: a variable such as
// DURATION may be meant for something else when its fault cannot run here.
func (l *resolver) faultParams(faults map[string][]chaos.Param) (map[string]chaos.Params, map[string]map[string]paramSource) {
	values, sources := map[string]chaos.Params{}, map[string]map[string]paramSource{}
	give := func(id string, row chaos.Param, text string, source paramSource) {
		if before, ok := sources[id][row.Name]; ok && before.level >= source.level {
			return
		}
		if sources[id] == nil {
			values[id], sources[id] = chaos.Params{}, map[string]paramSource{}
		}
		values[id][row.Name], sources[id][row.Name] = canonical(row, text), source
	}
	for id, rows := range faults {
		for _, row := range rows {
			if row.Env == "" {
				continue
			}
			if text := l.variables[row.Env]; text != "" {
				give(id, row, withUnit(text, row), paramSource{fromVariable, "-e " + row.Env, row.Env})
			}
			if text := l.environment(row.Env); text != "" {
				give(id, row, withUnit(text, row), paramSource{fromEnv, "env " + row.Env, row.Env})
			}
		}
	}
	if l.target == nil {
		return values, sources
	}
	for _, entry := range l.target.faults {
		if entry.custom != nil {
			continue
		}
		rows, known := faults[entry.id]
		if !known {
			l.problem("%s: faults.%s: is no built-in fault: must be one of %s; a fault of your own needs a type, one of %s",
				l.place(entry.line), entry.id, orNone(slices.Sorted(maps.Keys(faults))), strings.Join(customTypes, ", "))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(entry.params)) {
			value := entry.params[name]
			row, ok := rowOf(rows, name)
			if !ok {
				l.problem("%s: faults.%s.%s: %s", l.place(value.line), entry.id, name, noParameter(rows))
				continue
			}
			give(entry.id, row, value.texts[0], paramSource{fromFile, l.place(value.line), ""})
		}
	}
	return values, sources
}

var bareNumber = regexp.MustCompile(`^\d+(\.\d+)?$`)

// withUnit completes a variable of the chaos scripts, which write 3000 for 3000 ms.
func withUnit(text string, row chaos.Param) string {
	if text = strings.TrimSpace(text); row.EnvUnit != "" && bareNumber.MatchString(text) {
		return text + row.EnvUnit
	}
	return text
}

// canonical writes a value as the fault's form does; what cannot be used stays as it is.
func canonical(row chaos.Param, text string) string {
	full, err := chaos.Complete([]chaos.Param{row}, chaos.Params{row.Name: text})
	if err != nil {
		return text
	}
	return full[row.Name]
}

// faultVariables are the environment variables of the faults' parameters, each once, by name.
func faultVariables(faults map[string][]chaos.Param) (names []string) {
	for _, rows := range faults {
		for _, row := range rows {
			if row.Env != "" {
				names = append(names, row.Env)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func rowOf(rows []chaos.Param, name string) (chaos.Param, bool) {
	i := slices.IndexFunc(rows, func(row chaos.Param) bool { return row.Name == name })
	if i < 0 {
		return chaos.Param{}, false
	}
	return rows[i], true
}

// noParameter lists the parameters that there are; a fault with two drivers may have one in both.
func noParameter(rows []chaos.Param) string {
	var names []string
	for _, row := range rows {
		if !slices.Contains(names, row.Name) {
			names = append(names, row.Name)
		}
	}
	return "is no parameter of this fault: parameters are " + orNone(names)
}
