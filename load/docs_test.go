package load

import (
	"os"
	"strings"
	"testing"
)

// docs/extending.md names every channel and flow.
func TestExtendingNamesEveryRow(t *testing.T) {
	b, err := os.ReadFile("../docs/extending.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Channels() {
		if !strings.Contains(string(b), "`"+c.Name+"`") {
			t.Errorf("docs/extending.md lacks the channel %s", c.Name)
		}
	}
	for _, f := range registry.Flows() {
		if !strings.Contains(string(b), "`"+f.String()+"`") {
			t.Errorf("docs/extending.md lacks the flow %s", f)
		}
	}
}

// docs/workload.md has a row of every channel, with what the code has.
func TestWorkloadPageHasEveryChannel(t *testing.T) {
	b, err := os.ReadFile("../docs/workload.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Channels() {
		row := "| `" + strings.Join([]string{c.Name, c.Path, c.Header}, "` | `") + "` | " + string(c.Algorithm) + " | `" + c.TextField + "` | `" + c.TimeField + "` |\n"
		if !strings.Contains(string(b), row) {
			t.Errorf("docs/workload.md lacks the row\n%s", row)
		}
	}
}
