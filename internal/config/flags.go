package config

import (
	"slices"
	"strconv"

	"github.com/spf13/pflag"
)

// Flags are the table's flags, bound to a flag set.
type Flags struct {
	given     map[string][]string
	variables []string
}

// Bind defines the flags of some commands on a flag set, and -e where they read variables. defaults are Input.Defaults, for the help.
func Bind(set *pflag.FlagSet, commands Commands, defaults map[string]string) *Flags {
	f := &Flags{given: map[string][]string{}}
	rows := slices.DeleteFunc(Table(), func(row Setting) bool { return !row.has(commands) })
	f.bind(set, rows, defaults)
	if slices.ContainsFunc(rows, func(row Setting) bool { return len(row.Env) > 0 }) {
		set.StringArrayVarP(&f.variables, "env", "e", nil, "`NAME=VALUE` that overrides an environment variable, as with k6")
	}
	return f
}

func (f *Flags) bind(set *pflag.FlagSet, rows []Setting, defaults map[string]string) {
	for _, row := range rows {
		for i, alias := range row.Flags {
			help, standard := row.Help, row.Default
			if text, ok := defaults[row.Name]; ok {
				standard = text
			}
			if i > 0 {
				help = "same as --" + row.Flags[0].Name
			} else if standard != "" && !row.Bool {
				help += " (default " + standard + ")"
			}
			flag := set.VarPF(&flagValue{name: alias.Name, row: row, given: f.given}, alias.Name, alias.Short, help)
			if row.Bool {
				flag.NoOptDefVal = "true"
			}
		}
	}
}

// Hide leaves the flags of fixed settings out of the help; given all the same, they are refused with
// the reason.
func Hide(set *pflag.FlagSet, fixed map[string]string) {
	for _, row := range Table() {
		if _, ok := fixed[row.Name]; !ok {
			continue
		}
		for _, alias := range row.Flags {
			if flag := set.Lookup(alias.Name); flag != nil {
				flag.Hidden = true
			}
		}
	}
}

// Given returns what was set, for [Input].
func (f *Flags) Given() map[string][]string { return f.given }

// Only returns those of the given flags that set what one of the names sets, under whatever name they were given.
func (f *Flags) Only(names ...string) map[string][]string {
	some := map[string][]string{}
	for _, row := range Table() {
		if !slices.ContainsFunc(row.Flags, func(alias Alias) bool { return slices.Contains(names, alias.Name) }) {
			continue
		}
		for _, alias := range row.Flags {
			if texts, given := f.given[alias.Name]; given {
				some[alias.Name] = texts
			}
		}
	}
	return some
}

// Variables returns what -e gave, for [Input].
func (f *Flags) Variables() []string { return f.variables }

// flagValue collects the texts of one flag; what they mean is settled later, when every source is
// known.
type flagValue struct {
	name  string
	row   Setting
	given map[string][]string
}

func (v *flagValue) Set(text string) error {
	if v.row.Bool {
		if _, err := strconv.ParseBool(text); err != nil {
			return refusedFlagError{v.row.Accepts}
		}
	}
	v.given[v.name] = append(v.given[v.name], text)
	return nil
}

type refusedFlagError struct{ accepts string }

func (r refusedFlagError) Error() string { return "must be " + r.accepts }

// String is the default, which pflag leaves out of the help when it is empty.
func (v *flagValue) String() string { return "" }

// Type is what the help shows as the flag's argument.
func (v *flagValue) Type() string {
	switch {
	case v.row.Bool:
		return "bool"
	case v.row.Argument != "":
		return v.row.Argument
	}
	return "value"
}
