// Package command says what can be asked of a session. A command is a value; who gives it, a person
// or a script, stands beside it. Each is one type with its limits and its title, and one row of
// the table below; what carries it out is a function of the session.
//
// As JSON or YAML a command is its kind with its parameters: {"set_vus": {"vus": 20}}.
package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Command is one thing that is asked of a session: a value of one of the types in the table.
type Command interface {
	title() string
	check() error
}

// Title is what a command asks for, for people: "set virtual users to 20".
func Title(c Command) string { return c.title() }

// Check returns an error when a parameter of a command is out of its limits. It knows nothing of the
// state of a session.
func Check(c Command) error { return c.check() }

// Kind is the name of a kind of command in scripts and journals.
type Kind string

// row is one kind of command.
type row struct {
	kind   Kind
	decode func(json.RawMessage) (Command, error)
	params reflect.Type
}

func of[C Command](kind Kind) row {
	return row{kind, decode[C], reflect.TypeFor[C]()}
}

// decode reads parameters. Those that the command does not have are an error: a typing error in a
// script must not pass for a default.
func decode[C Command](raw json.RawMessage) (Command, error) {
	var c C
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return c, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return c, nil
}

// table has every kind of command, one row each.
var table = []row{
	of[SetVUs]("set_vus"),
	of[SetRate]("set_rate"),
	of[SetThink]("set_think"),
	of[SetRamp]("set_ramp"),
	of[SetSpikeFactor]("set_spike_factor"),
	of[SetMix]("set_mix"),
	of[Spike]("spike"),
	of[Pause]("pause"),
	of[Hold]("hold"),
	of[RecycleConnections]("recycle_connections"),
	of[Note]("note"),
	of[Inject]("inject"),
	of[Adjust]("adjust"),
	of[Revert]("revert"),
	of[Decide]("decide"),
	of[Halt]("halt"),
	of[ReleaseHalt]("release_halt"),
	of[ArmRotation]("arm_rotation"),
	of[DisarmRotation]("disarm_rotation"),
	of[SetSigning]("set_signing"),
	of[GiveSecret]("give_secret"),
	of[StageRotation]("stage_rotation"),
	of[Export]("export"),
	of[Finish]("finish"),
}

// byKind and byType are the table by key; nothing changes them.
var (
	byKind = index(func(r *row) Kind { return r.kind })
	byType = index(func(r *row) reflect.Type { return r.params })
)

func index[K comparable](key func(*row) K) map[K]*row {
	rows := make(map[K]*row, len(table))
	for i := range table {
		rows[key(&table[i])] = &table[i]
	}
	return rows
}

// Kinds lists every kind, in the order of the table.
func Kinds() []Kind {
	kinds := make([]Kind, len(table))
	for i, r := range table {
		kinds[i] = r.kind
	}
	return kinds
}

// KindOf is the kind of a command, "" when it has no row in the table.
func KindOf(c Command) Kind {
	if r := byType[reflect.TypeOf(c)]; r != nil {
		return r.kind
	}
	return ""
}

// Marshal writes a command as JSON: {"set_vus":{"vus":20}}.
func Marshal(c Command) ([]byte, error) {
	kind := KindOf(c)
	if kind == "" {
		return nil, fmt.Errorf("encode command %T: it has no row in the table", c)
	}
	raw, err := json.Marshal(map[Kind]Command{kind: c})
	if err != nil {
		return nil, fmt.Errorf("encode command %s: %w", kind, err)
	}
	return raw, nil
}

// Unmarshal reads a command and checks its limits. One without parameters may be its kind alone: "halt".
func Unmarshal(raw []byte) (Command, error) {
	var kind Kind
	if json.Unmarshal(raw, &kind) == nil {
		return build(kind, nil)
	}
	var form map[Kind]json.RawMessage
	if err := json.Unmarshal(raw, &form); err != nil {
		return nil, fmt.Errorf("read command: %w", err)
	}
	if len(form) != 1 {
		return nil, fmt.Errorf("read command: it has %d keys, want one: its kind", len(form))
	}
	for kind, params := range form {
		return build(kind, params)
	}
	return nil, nil //nolint:nilnil // the map has one entry
}

func build(kind Kind, params json.RawMessage) (Command, error) {
	r := byKind[kind]
	if r == nil {
		return nil, fmt.Errorf("read command: there is no command %q: commands are %s", kind, list())
	}
	c, err := r.decode(params)
	if err != nil {
		return nil, fmt.Errorf("read command %s: %w", kind, err)
	}
	return c, c.check()
}

func list() string {
	names := make([]string, 0, len(table))
	for _, k := range slices.Sorted(maps.Keys(byKind)) {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}

// FromYAML reads a command from a document of a script.
func FromYAML(node *yaml.Node) (Command, error) {
	var form any
	if err := node.Decode(&form); err != nil {
		return nil, fmt.Errorf("line %d: read command: %w", node.Line, err)
	}
	raw, err := json.Marshal(form)
	if err != nil {
		return nil, fmt.Errorf("line %d: read command: %w", node.Line, err)
	}
	c, err := Unmarshal(raw)
	if err != nil {
		return nil, fmt.Errorf("line %d: %w", node.Line, err)
	}
	return c, nil
}
