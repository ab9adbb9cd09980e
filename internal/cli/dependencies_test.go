package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/dependencies.md justifies every direct dependency, and no other.
func TestEveryDependencyIsJustified(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	direct := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(mod), -1) {
		direct[m[1]] = true
		if !strings.Contains(string(doc), "| `"+m[1]+"` |") {
			t.Errorf("docs/dependencies.md lacks %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		if !direct[m[1]] {
			t.Errorf("docs/dependencies.md justifies %s, which go.mod does not require directly", m[1])
		}
	}
}
