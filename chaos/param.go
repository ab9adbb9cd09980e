package chaos

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// TTL is the parameter that every fault has: how long it lasts before it is reverted by itself.
const TTL = "for"

// Type of a parameter.
type Type uint8

// The types, with what Min and Max are in.
const (
	Duration Type = iota // 3s, 500ms; bounds in seconds
	Whole                // 2
	Number               // 1.5
	Percent              // 5 or 5%; 0 to 100
	Choice               // one of Choices
	Text                 // a name
)

// Param is one parameter of a fault.
type Param struct {
	Name     string // in flags, squall.yaml and the journal
	Label    string // on the form
	Type     Type
	Default  string
	Choices  []string
	Min, Max float64           // Max 0: no upper bound
	Unit     string            // shown behind a Whole or Number: "KB/s"
	Live     bool              // may be changed while the fault is active
	Needs    map[string]string // choices that cannot be used here, with the setting that each needs
	When     string            // matters only then: "way=scale", "errors=reset|timeout"; "" always
	Help     string            // one line
	Env      string            // the variable of the older chaos script: LATENCY_MS
	EnvUnit  string            // completes a bare number of that variable: ms
}

// TTLParam is the time-to-live row with a default.
func TTLParam(def time.Duration, env string) Param {
	unit := ""
	if env != "" {
		unit = "s"
	}
	return Param{
		Name: TTL, Label: "Lasts", Type: Duration, Default: units.Literal(def), Min: 1, Max: (6 * time.Hour).Seconds(), Live: true,
		Help: "then it is reverted by itself", Env: env, EnvUnit: unit,
	}
}

// words writes a value for people.
func (r Param) words(value string) string {
	switch {
	case r.Type == Duration:
		return units.Duration(Params{r.Name: value}.Duration(r.Name))
	case r.Type == Percent:
		return value + " %"
	case r.Unit != "":
		return value + " " + r.Unit
	}
	return value
}

// Applies reports whether the parameter has an effect beside the others.
func (r Param) Applies(p Params) bool {
	name, choices, ok := strings.Cut(r.When, "=")
	return !ok || slices.Contains(strings.Split(choices, "|"), p[name])
}

// Accepts completes "must be ..".
func (r Param) Accepts() string {
	show := func(v float64) string {
		if r.Type == Duration {
			return units.Literal(time.Duration(v * float64(time.Second)))
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	switch r.Type {
	case Percent:
		return "a percentage from 0 to 100"
	case Choice:
		return "one of " + strings.Join(r.Choices, ", ")
	case Text:
		return "a name"
	case Duration, Whole, Number:
	}
	within := " of " + show(r.Min) + " or more"
	if r.Max > 0 {
		within = " from " + show(r.Min) + " to " + show(r.Max)
	}
	return map[Type]string{
		Duration: "a duration such as 3s or 500ms", Whole: "a whole number", Number: "a number",
	}[r.Type] + within
}

// canonical checks a value and writes it in one way.
func (r Param) canonical(text string) (string, error) {
	text = strings.TrimSpace(text)
	refuse := func() (string, error) {
		return "", fmt.Errorf("%s is %q: must be %s", r.Name, text, r.Accepts())
	}
	inside := func(v float64) bool { return !math.IsNaN(v) && v >= r.Min && (r.Max == 0 || v <= r.Max) }
	switch r.Type {
	case Duration:
		d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
		if err != nil || !inside(d.Seconds()) {
			return refuse()
		}
		return units.Literal(d), nil
	case Whole:
		n, err := strconv.Atoi(text)
		if err != nil || !inside(float64(n)) {
			return refuse()
		}
		return strconv.Itoa(n), nil
	case Number, Percent:
		v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
		if r.Type == Percent && (v < 0 || v > 100) || err != nil || !inside(v) {
			return refuse()
		}
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case Choice:
		if need, ok := r.Needs[text]; ok {
			return "", fmt.Errorf("%s is %q: this needs %s; without it, must be %s", r.Name, text, need, r.Accepts())
		}
		if !slices.Contains(r.Choices, text) {
			return refuse()
		}
	case Text:
		if text == "" || strings.ContainsAny(text, " \t\r\n") {
			return refuse()
		}
	}
	return text, nil
}

// Params are the values of a fault's parameters, by name, as text.
type Params map[string]string

// Complete fills what is not given with the defaults and checks every value. The error joins every
// problem; each names the parameter and what is accepted.
func Complete(rows []Param, given Params) (Params, error) {
	var errs []error
	full := Params{}
	for _, r := range rows {
		text, ok := given[r.Name]
		if !ok {
			text = r.Default
		}
		value, err := r.canonical(text)
		if err != nil {
			errs = append(errs, err)
		}
		full[r.Name] = value
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, known := full[name]; !known {
			errs = append(errs, fmt.Errorf("%s is no parameter of this fault: parameters are %s", name, strings.Join(names(rows), ", ")))
		}
	}
	return full, errors.Join(errs...)
}

func names(rows []Param) (all []string) {
	for _, r := range rows {
		all = append(all, r.Name)
	}
	return all
}

// Duration is the value of a Duration parameter; 0 when there is none.
func (p Params) Duration(name string) time.Duration {
	d, err := time.ParseDuration(p[name])
	if err != nil {
		return 0
	}
	return d
}

// Whole is the value of a Whole parameter; 0 when there is none.
func (p Params) Whole(name string) int {
	n, err := strconv.Atoi(p[name])
	if err != nil {
		return 0
	}
	return n
}

// Number is the value of a Number or Percent parameter; 0 when there is none.
func (p Params) Number(name string) float64 {
	v, err := strconv.ParseFloat(p[name], 64)
	if err != nil {
		return 0
	}
	return v
}

// With returns a copy with some values replaced.
func (p Params) With(more Params) Params {
	next := maps.Clone(p)
	if next == nil {
		next = Params{}
	}
	maps.Copy(next, more)
	return next
}
