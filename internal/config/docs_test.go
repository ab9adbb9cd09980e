package config

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const (
	tableBegins = "<!-- table: go test ./internal/config -run TestDocumentation -update -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

// TestDocumentation holds docs/configuration.md to the table in the code.
func TestDocumentation(t *testing.T) {
	path := filepath.Join(repository(t), "docs", "configuration.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), tableBegins)
	_, after, closed := strings.Cut(rest, tableEnds)
	if !ok || !closed {
		t.Fatalf("%s has lost the markers of its table", path)
	}
	want := before + tableBegins + documentation() + tableEnds + after
	if string(data) == want {
		return
	}
	if !*update {
		t.Fatalf("%s does not match the table in the code: run go test ./internal/config -run TestDocumentation -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// documentation writes the table as markdown.
func documentation() string {
	var b strings.Builder
	b.WriteString("\n| flag | environment | key in squall.yaml | default | accepted | what it is |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, row := range Table() {
		var flags, env []string
		for _, a := range row.Flags {
			name := "`--" + a.Name + "`"
			if a.Short != "" {
				name = "`-" + a.Short + "`, " + name
			}
			flags = append(flags, name)
		}
		for _, a := range row.Env {
			env = append(env, "`"+a.Name+"`")
		}
		key := ""
		if row.InFile || row.AtTop {
			key = "`" + row.Name + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", strings.Join(flags, ", "), strings.Join(env, ", "), key, row.Default, row.Accepts, row.Help)
	}
	return b.String() + "\n"
}

// TestTableIsSound checks what the table promises by its shape.
func TestTableIsSound(t *testing.T) {
	names, flags, env := map[string]bool{}, map[string]bool{}, map[string]bool{}
	once := func(seen map[string]bool, name string) {
		if name == "" {
			return
		}
		if seen[name] {
			t.Errorf("%s stands twice", name)
		}
		seen[name] = true
	}
	for _, row := range Table() {
		once(names, row.Name)
		for _, a := range row.Flags {
			once(flags, a.Name)
			once(flags, a.Short)
		}
		for _, a := range row.Env {
			once(env, a.Name)
		}
		if row.Accepts == "" || row.Help == "" || strings.HasSuffix(row.Help, ".") {
			t.Errorf("%s: help %q, accepts %q", row.Name, row.Help, row.Accepts)
		}
		if row.Secret && len(row.Flags) > 0 {
			t.Errorf("%s: a secret has a flag, where every process list shows it", row.Name)
		}
		if len(row.Flags) > 0 && !row.Bool && row.Argument == "" {
			t.Errorf("%s: its flag takes a value without a name", row.Name)
		}
	}
	help := pflag.NewFlagSet("squall", pflag.ContinueOnError)
	Bind(help, ForRuns, nil)
	if usage := help.FlagUsages(); strings.Contains(usage, "%!") || !strings.Contains(usage, "--vus N") {
		t.Errorf("usage:\n%s", usage)
	}
}
