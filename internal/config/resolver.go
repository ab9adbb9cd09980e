package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/strictyaml"
	"xinbot.ir/squall/load"
)

// Input is where settings come from, in order of precedence.
type Input struct {
	Fixed     map[string]string           // settings that nothing may override, by name; the embedded platform's
	FixedBy   string                      // who fixes them, as their source
	Defaults  map[string]string           // by name, over the table's
	Flags     map[string][]string         // flags that were given, by name
	Variables []string                    // NAME=VALUE of -e, which override the environment
	LookupEnv func(string) (string, bool) // the environment
	Files     *inputfile.Files            // reads the files that settings name
	Version   string                      // of squall, for the user agent
	Command   Commands                    // that is resolved; none: a run
	AdminOnly bool                        // no messages are sent and no faults injected: gateway, secrets and allowed namespaces may be missing

	// Documents are the names of those that can be asked for with --out NAME=FILE.
	Documents []string

	// FaultParams are the parameters of every built-in fault by its id, whether or not it can run here.
	// A fault that has two drivers has the rows of both.
	FaultParams map[string][]chaos.Param
}

// precedence is how much a layer counts; more is stronger.
type precedence uint8

const (
	fromDefault precedence = iota
	fromFile
	fromEnv
	fromVariable
	fromFlag
	fromFixed
)

// settingValue is a setting before its text is understood.
type settingValue struct {
	texts  []string // none: not set
	level  precedence
	source string // in words: "--vus", "env K6_VUS", "squall.yaml:12"
}

func (r settingValue) set() bool { return len(r.texts) > 0 }

func (r settingValue) text() string {
	if len(r.texts) == 0 {
		return ""
	}
	return r.texts[len(r.texts)-1]
}

// resolver is every setting after precedence has been settled.
type resolver struct {
	values          map[string]settingValue
	variables       map[string]string           // of -e
	lookupEnv       func(string) (string, bool) // the environment alone
	files           *inputfile.Files            // Input.Files
	admin           bool                        // Input.AdminOnly
	noLoad          bool                        // no messages will be sent
	file            *file                       // nil: there is none
	target          *fileTarget
	problems        []error
	withheld        int         // faults that were asked for and are not injected
	unsigned        []string    // channels without a secret of their own
	shared          bool        // they are sent as webchat, else they have no traffic
	outvoted        [][2]string // sources of one setting that differ: the one that counts and one that does not
	unusedNamespace string      // a namespace that the environment names and that is not allowed
	known           []string    // Input.Documents
	unused          []string    // warnings of outputs that the environment asks for and squall does not have
}

func newResolver(in Input) *resolver {
	return &resolver{values: map[string]settingValue{}, files: in.Files, admin: in.AdminOnly, lookupEnv: in.LookupEnv, known: in.Documents}
}

// joined are the problems so far as one error.
func (l *resolver) joined() error { return errors.Join(l.problems...) }

func (l *resolver) problem(format string, args ...any) {
	l.problems = append(l.problems, fmt.Errorf(format, args...))
}

// collect settles precedence: fixed, flag, -e, environment, squall.yaml, default.
func collect(in Input) (*resolver, error) {
	l := newResolver(in)
	in.Command = cmp.Or(in.Command, ForRuns)
	l.variables = l.readVariables(in.Variables, envNames(in))
	lookup := func(name string) (string, bool) {
		if value, ok := l.variables[name]; ok {
			return value, true
		}
		return in.LookupEnv(name)
	}
	if err := l.chooseTarget(in); err != nil {
		return nil, errors.Join(append(l.problems, err)...)
	}
	for _, row := range Table() {
		if !row.has(in.Command) {
			continue
		}
		value := l.layer(in, row)
		if value.level == fromFile && row.Secret {
			value = l.expand(row, value, lookup)
		}
		l.values[row.Name] = value
	}
	return l, nil
}

// readVariables reads what -e gives. A name that squall does not read is a typing error: k6 would
// hand it to a script, and there is no script here.
func (l *resolver) readVariables(given, known []string) map[string]string {
	variables := map[string]string{}
	for _, pair := range given {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			l.problem("-e: must be followed by NAME=VALUE")
			continue
		}
		if !slices.Contains(known, name) {
			l.problem("-e %s: squall reads no such variable: must be one of %s", name, strings.Join(known, ", "))
			continue
		}
		variables[name] = value
	}
	return variables
}

// envNames lists every environment variable that a command reads: the table's in its order, then those of
// the faults' parameters.
func envNames(in Input) (names []string) {
	for _, row := range Table() {
		if !row.has(in.Command) {
			continue
		}
		for _, alias := range row.Env {
			names = append(names, alias.Name)
		}
	}
	return append(names, faultVariables(in.FaultParams)...)
}

// chooseTarget reads squall.yaml and picks the target. The embedded platform is its own, and some commands have no file.
func (l *resolver) chooseTarget(in Input) error {
	if in.Fixed != nil || !find(configFile).has(in.Command) {
		return nil
	}
	path, asked := DefaultFile, false
	if given := in.Flags["config"]; len(given) > 0 {
		path, asked = given[len(given)-1], true
	}
	f, err := readFile(in.Files, path, asked)
	if err != nil {
		return err
	}
	l.file = f
	name := ""
	if given := in.Flags["target"]; len(given) > 0 {
		name = given[len(given)-1]
	}
	switch {
	case f == nil && name != "":
		return fmt.Errorf("--target %s: there is no %s here: write one, or name it with --config", name, DefaultFile)
	case f == nil:
		return nil
	case name == "":
		name = f.defaultTarget
	}
	if name == "" {
		return nil
	}
	if l.target = f.find(name); l.target == nil {
		return fmt.Errorf("--target %s: %s has no such target: must be one of %s", name, f.path, strictyaml.Choice(f.names()))
	}
	return nil
}

// layer finds the strongest source of one setting.
func (l *resolver) layer(in Input, row Setting) settingValue {
	if value, ok := in.Fixed[row.Name]; ok {
		for _, alias := range row.Flags {
			if len(in.Flags[alias.Name]) > 0 {
				l.problem("--%s: the %s has its own: leave the flag out", alias.Name, in.FixedBy)
			}
		}
		for _, alias := range row.Env {
			if l.variables[alias.Name] != "" {
				l.problem("-e %s: the %s has its own: leave it out", alias.Name, in.FixedBy)
			}
		}
		if value == "" {
			return settingValue{level: fromFixed, source: in.FixedBy}
		}
		return settingValue{[]string{value}, fromFixed, in.FixedBy}
	}
	for _, from := range []struct {
		level   precedence
		prefix  string
		aliases []Alias
		texts   func(name string) []string
	}{
		{fromFlag, "--", row.Flags, func(name string) []string { return in.Flags[name] }},
		{fromVariable, "-e ", row.Env, func(name string) []string { return nonEmpty(l.variables[name]) }},
		{fromEnv, "env ", row.Env, func(name string) []string { return nonEmpty(l.environment(name)) }},
	} {
		if from.level == fromEnv && in.Fixed != nil && !l.meant(row) {
			continue
		}
		var given []settingValue
		for _, alias := range from.aliases {
			if texts := from.texts(alias.Name); len(texts) > 0 {
				given = append(given, settingValue{alias.rewrite(texts), from.level, from.prefix + alias.Name})
			}
		}
		for _, other := range given[min(1, len(given)):] {
			if other.text() != given[0].text() && !row.Ranked {
				l.outvoted = append(l.outvoted, [2]string{given[0].source, other.source})
			}
		}
		if len(given) > 0 {
			return given[0]
		}
	}
	if value, ok := l.inFile(in.Command, row.Name); ok {
		return settingValue{value.texts, fromFile, fmt.Sprintf("%s:%d", l.file.path, value.line)}
	}
	if text, ok := in.Defaults[row.Name]; ok {
		return settingValue{[]string{text}, fromDefault, "default"}
	}
	return settingValue{level: fromDefault, source: "default"}
}

// meant reports whether a variable of the environment can be meant for a platform with settings of its own: one that names
// another system, or has a token for it, is there for another command.
func (l *resolver) meant(row Setting) bool {
	if row.Of != "" {
		address := l.values[row.Of] // it stands before its token in the table
		return address.level == fromFlag || address.level == fromVariable
	}
	return !row.Elsewhere
}

// environment is the value of an environment variable; "" when -e gives the variable, be it with nothing.
func (l *resolver) environment(name string) string {
	if _, given := l.variables[name]; given {
		return ""
	}
	text, _ := l.lookupEnv(name)
	return text
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// inFile finds a setting in squall.yaml: for publishing at its top, for everything else in the target.
func (l *resolver) inFile(command Commands, name string) (value fileValue, ok bool) {
	switch {
	case l.file == nil:
	case command == ForPublish:
		value, ok = l.file.top[name]
	case l.target != nil:
		value, ok = l.target.values[name]
	}
	return value, ok
}

func (a Alias) rewrite(texts []string) []string {
	if a.Read == nil {
		return texts
	}
	rewritten := make([]string, len(texts))
	for i, text := range texts {
		rewritten[i] = a.Read(text)
	}
	return rewritten
}

// expand replaces ${NAME} of a secret in squall.yaml by the variable's value.
func (l *resolver) expand(row Setting, value settingValue, lookup func(string) (string, bool)) settingValue {
	match := reference.FindStringSubmatch(value.text())
	if match == nil {
		return value
	}
	text, _ := lookup(match[1])
	if text == "" {
		l.problem("%s: %s: ${%s} is not set: export %s", value.source, row.Name, match[1], match[1])
		return settingValue{source: value.source}
	}
	return settingValue{[]string{text}, fromFile, value.source + " (env " + match[1] + ")"}
}

// channels are the target's overrides of the channel table.
func (l *resolver) channels() load.ChannelOverrides {
	if l.target == nil {
		return load.ChannelOverrides{}
	}
	return l.target.channels
}

// strongest picks, among settings that say the same thing in different ways, the one from the
// strongest layer; within one layer the first named.
func (l *resolver) strongest(names ...string) string {
	best := names[0]
	for _, name := range names[1:] {
		value := l.values[name]
		if value.set() && (!l.values[best].set() || value.level > l.values[best].level) {
			best = name
		}
	}
	return best
}
