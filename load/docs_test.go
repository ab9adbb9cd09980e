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
