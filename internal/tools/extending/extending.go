// Package extending applies the worked examples of docs/extending.md to a copy of the tree, so that a
// page that lies fails a test. It is for tests.
//
// An example is a fenced block of code behind a comment that says what to do with it:
//
//	<!-- file: report/section_x.go -->            the block is a new file
//	<!-- insert: load/channel.go after: LINE -->  the block goes behind the first line that is LINE, spaces at its ends aside
package extending

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Example is what one section of the page adds to the tree.
type Example struct {
	Title string
	Edits []Edit
}

// Edit is one new file, or one insertion.
type Edit struct {
	File  string
	After string // "": a new file
	Code  string
}

var instruction = regexp.MustCompile(`^<!-- (file|insert): (\S+?)(?: after: (.+?))? -->$`)

// Parse reads the examples of a page, those sections that have any.
func Parse(page string) (examples []Example, err error) {
	lines := strings.Split(page, "\n")
	for i := 0; i < len(lines); i++ {
		if title, ok := strings.CutPrefix(lines[i], "## "); ok {
			examples = append(examples, Example{Title: title})
			continue
		}
		found := instruction.FindStringSubmatch(lines[i])
		if found == nil {
			continue
		}
		start := i + 1
		for start < len(lines) && lines[start] == "" {
			start++
		}
		end := start + 1
		for end < len(lines) && lines[end] != "```" {
			end++
		}
		if len(examples) == 0 || end >= len(lines) || !strings.HasPrefix(lines[start], "```") || (found[1] == "insert") != (found[3] != "") {
			return nil, fmt.Errorf("line %d: %s: no block of code follows, or it says no place", i+1, lines[i])
		}
		last := &examples[len(examples)-1]
		last.Edits = append(last.Edits, Edit{File: found[2], After: found[3], Code: strings.Join(lines[start+1:end], "\n") + "\n"})
		i = end
	}
	return slices.DeleteFunc(examples, func(e Example) bool { return len(e.Edits) == 0 }), nil
}

// Overlay writes the files as all the examples together change them below dir, and the file that go build -overlay
// takes; it returns its path. The tree at root stays as it is.
func Overlay(examples []Example, root, dir string) (string, error) {
	texts := map[string]string{}
	for _, e := range examples {
		if err := e.apply(root, texts); err != nil {
			return "", fmt.Errorf("example %q: %w", e.Title, err)
		}
	}
	replace := map[string]string{}
	for path, text := range texts {
		edited := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(path, root), "/", "_"))
		if err := os.WriteFile(edited, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("write overlay: %w", err)
		}
		replace[path] = edited
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, overlay, 0o600)
}

// apply makes the edits in texts, which has the files that are changed so far, by path.
func (e Example) apply(root string, texts map[string]string) error {
	for _, edit := range e.Edits {
		path := filepath.Join(root, edit.File)
		if edit.After == "" {
			texts[path] = edit.Code
			continue
		}
		text, edited := texts[path]
		if !edited {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(b)
		}
		lines := strings.SplitAfter(text, "\n")
		at := slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) == edit.After })
		if at < 0 {
			return fmt.Errorf("%s has no line %s", edit.File, edit.After)
		}
		texts[path] = strings.Join(slices.Insert(lines, at+1, edit.Code), "")
	}
	return nil
}
