package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The setting says what to do, and has conditions; squall.yaml may have one word without a list.
func TestSteadyState(t *testing.T) {
	const below, gone = "prometheus: max(automation_queue_depth) < 50", "prometheus: count(up == 0) < 1 for 30s"
	for name, c := range map[string]struct {
		args       []string
		file       string
		what       string
		conditions []string
		err        string
	}{
		"default":            {what: SteadyWarn},
		"a word":             {args: []string{"--steady-state", "refuse"}, what: SteadyRefuse},
		"a condition":        {args: []string{"--steady-state", below}, what: SteadyWarn, conditions: []string{below}},
		"both":               {args: []string{"--steady-state", below, "--steady-state", "refuse", "--steady-state", gone}, what: SteadyRefuse, conditions: []string{below, gone}},
		"another word":       {args: []string{"--steady-state", "perhaps"}, err: `--steady-state: is "perhaps": must be one of warn, refuse, off, or a condition such as`},
		"off, and one":       {args: []string{"--steady-state", "off", "--steady-state", below}, err: "--steady-state: says off and has a condition: leave one of them out"},
		"a broken condition": {args: []string{"--steady-state", "prometheus: max(q < 5"}, err: `the query lacks a ")": max(q`},
		"file, a word":       {file: "refuse", what: SteadyRefuse},
		"file, a list":       {file: fmt.Sprintf("[refuse, %q]", below), what: SteadyRefuse, conditions: []string{below}},
		"file, no quotes":    {file: "\n        - refuse\n        - " + gone, what: SteadyRefuse, conditions: []string{gone}},
		"file, a mapping":    {file: "{a: b}", err: "squall.yaml:5"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			if c.file != "" {
				writeFile(t, filepath.Join(dir, "squall.yaml"), "default_target: staging\ntargets:\n  staging:\n    chaos:\n      steady_state: "+c.file+"\n")
			}
			r, err := parse(t, basics(), c.args...)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var conditions []string
			for _, s := range r.Faults.Steady {
				conditions = append(conditions, s.String())
			}
			if r.Faults.SteadyState != c.what || !slices.Equal(conditions, c.conditions) {
				t.Errorf("%s with %q, want %s with %q", r.Faults.SteadyState, conditions, c.what, c.conditions)
			}
		})
	}
}
