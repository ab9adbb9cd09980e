package tui

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The README lists every key of the help screen, and no key that does not exist.
func TestReadmeListsEveryKey(t *testing.T) {
	_, section, _ := strings.Cut(page(t, "../README.md"), "\n## Keys\n")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := map[string]bool{}
	for _, row := range strings.Split(section, "\n") {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
		for _, k := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			listed[k[1]] = true
		}
	}
	known := map[string]bool{}
	for _, row := range keymap() {
		if !row.shown() {
			continue
		}
		for _, k := range strings.Fields(row.binding.Help().Key) {
			known[k] = true
			if !listed[k] {
				t.Errorf("README lacks the key %q (%s)", k, row.binding.Help().Desc)
			}
		}
	}
	for k := range listed {
		if !known[k] {
			t.Errorf("README lists %q, which is no key", k)
		}
	}
}

// docs/extending.md names every panel.
func TestExtendingNamesEveryPanel(t *testing.T) {
	text := page(t, "../docs/extending.md")
	for _, page := range pages(keymap()) {
		for _, row := range page.panels {
			if title := row.panel.Title(); title != "" && !strings.Contains(text, title) {
				t.Errorf("docs/extending.md lacks the panel %s", title)
			}
		}
	}
}
