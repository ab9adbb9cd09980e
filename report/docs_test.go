package report

import (
	"os"
	"strings"
	"testing"
)

// docs/extending.md names every section.
func TestExtendingNamesEverySection(t *testing.T) {
	b, err := os.ReadFile("../docs/extending.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sections {
		if !strings.Contains(string(b), s.title) {
			t.Errorf("docs/extending.md lacks the section %q", s.title)
		}
	}
}
