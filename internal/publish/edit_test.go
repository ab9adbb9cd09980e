package publish

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const heading = "8. Release Log"

var (
	row   = Row{Run: "e1a88b6a", Release: "v1.4.0", Date: "2026-07-30", Highlights: `**✗ failed** on staging: LLM \| latency`}
	entry = Entry{Run: "e1a88b6a", Text: "## 2026-07-30: staging\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"}

	first  = Link{"team/app#1", "https://github.com/team/app/issues/1"}
	second = Link{"team/app#12", "https://github.com/team/app/issues/12"}
)

// roadmap is a roadmap whose release log has these rows.
func roadmap(rows ...string) string {
	text := "# Roadmap\n\n## 7. Later\n\n| Release | Date | Highlights |\n| --- | --- | --- |\n"
	return strings.TrimSuffix(text, "| Release | Date | Highlights |\n| --- | --- | --- |\n") +
		"## 8. Release Log\n\n| Release | Date | Highlights |\n| --- | --- | --- |\n" + strings.Join(rows, "\n") + "\n\n## 9. Notes\n\nend\n"
}

const (
	may  = "| `v1.2.0` | 2026-05-02 | First  | " // ends with a stray space
	june = "| `v1.3.0` | 2026-06-11 | Second |"
	aug  = "| `v1.5.0` | 2026-08-01 | Third |"
	ours = "| `v1.4.0` | 2026-07-30 | **✗ failed** on staging: LLM \\| latency <!-- squall:run e1a88b6a --> |"
)

func putRow(t *testing.T, text string, row Row, replace bool) Edit {
	t.Helper()
	edit, err := PutRow(Document{"docs/ROADMAP.md", []byte(text)}, heading, row, replace)
	if err != nil {
		t.Fatal(err)
	}
	return edit
}

func putEntry(t *testing.T, text string, e Entry, replace bool) Edit {
	t.Helper()
	edit, err := PutEntry(Document{"playbook.md", []byte(text)}, e, replace)
	if err != nil {
		t.Fatal(err)
	}
	return edit
}

// A row goes where the order of the dates wants it; all other bytes stay.
func TestRowsPlace(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"the end, by dates that rise":       {roadmap(may, june), roadmap(may, june, ours)},
		"the beginning, by dates that fall": {roadmap(june, may), roadmap(ours, june, may)},
		"between, by dates that fall":       {roadmap(aug, june, may), roadmap(aug, ours, june, may)},
		"the end, of one row":               {roadmap(may), roadmap(may, ours)},
		"the end, of dates in no order":     {roadmap(june, aug, may), roadmap(june, aug, may, ours)},
		"the end, where a date is none":     {roadmap(may, "| soon | TBD | more |"), roadmap(may, "| soon | TBD | more |", ours)},
	} {
		t.Run(name, func(t *testing.T) {
			edit := putRow(t, test.text, row, false)
			if string(edit.Text) != test.want {
				t.Errorf("got\n%s\nwant\n%s", edit.Text, test.want)
			}
			if lines := strings.Split(string(edit.Text), "\n"); edit.Outcome != Added || lines[edit.Line-1] != ours {
				t.Errorf("outcome %s, line %d", edit.Outcome, edit.Line)
			}
			again := putRow(t, string(edit.Text), row, false)
			if again.Outcome != Unchanged || !bytes.Equal(again.Text, edit.Text) || again.Diff(Document{"docs/ROADMAP.md", edit.Text}) != "" {
				t.Errorf("the second time: %s", again.Outcome)
			}
		})
	}
}

// Tables are found as Markdown has them, whatever stands around, and lines end as their neighbours do.
func TestRowsInOddFiles(t *testing.T) {
	const head = "| Release | Date | Highlights |\n| --- | --- | --- |\n"
	for name, test := range map[string]struct{ text, want string }{
		"CRLF":                        {"## Release Log\r\n\r\n" + crlf(head) + may + "\r\n\r\nend\r\n", "## Release Log\r\n\r\n" + crlf(head) + may + "\r\n" + ours + "\r\n\r\nend\r\n"},
		"mixed line ends":             {"text\n\n## Release Log\n\n" + crlf(head) + may + "\r\n\nend\n", "text\n\n## Release Log\n\n" + crlf(head) + may + "\r\n" + ours + "\r\n\nend\n"},
		"no row, no final newline":    {"## Release Log\n\n" + strings.TrimSuffix(head, "\n"), "## Release Log\n\n" + head + ours},
		"CRLF, no final newline":      {"## Release Log\r\n\r\n" + crlf(head) + may, "## Release Log\r\n\r\n" + crlf(head) + may + "\r\n" + ours},
		"a table in a fence before":   {"## Release Log\n\n```\n" + head + "```\n\n" + head + may + "\n", "## Release Log\n\n```\n" + head + "```\n\n" + head + may + "\n" + ours + "\n"},
		"a heading in a fence before": {"```\n## Release Log\n" + head + "```\n\n# 11.2 release log\n\n" + head, "```\n## Release Log\n" + head + "```\n\n# 11.2 release log\n\n" + head + ours + "\n"},
		"a table in a comment before": {"## Release Log\n<!--\n" + head + "-->\n\n" + head, "## Release Log\n<!--\n" + head + "-->\n\n" + head + ours + "\n"},
		"another table before":        {"## Release Log\n\n| a |\n| --- |\n| b |\n\n" + head, "## Release Log\n\n| a |\n| --- |\n| b |\n\n" + head + ours + "\n"},
		"a deeper heading between":    {"## Release Log\n\n### 2026\n\n" + head, "## Release Log\n\n### 2026\n\n" + head + ours + "\n"},
		"setext, bold, other columns": {"**Release Log**\n===\n\n Date|Owner|Release|**Highlights**\n:--|--|--|--\n", "**Release Log**\n===\n\n Date|Owner|Release|**Highlights**\n:--|--|--|--\n| 2026-07-30 | | `v1.4.0` | **✗ failed** on staging: LLM \\| latency <!-- squall:run e1a88b6a --> |\n"},
		"bytes that are no UTF-8":     {"\xff\xfe\n\n## Release Log\n\n" + head + "| a | b | \xc3 |\n", "\xff\xfe\n\n## Release Log\n\n" + head + "| a | b | \xc3 |\n" + ours + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			edit := putRow(t, test.text, row, false)
			if string(edit.Text) != test.want {
				t.Errorf("got\n%q\nwant\n%q", edit.Text, test.want)
			}
			if again := putRow(t, string(edit.Text), row, false); again.Outcome != Unchanged {
				t.Errorf("the second time: %s", again.Outcome)
			}
		})
	}
}

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// A file without a place is refused with the place that was looked at and what to do.
func TestRowsWithoutAPlace(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":                {"", `docs/ROADMAP.md: there is no heading "8. Release Log": add it with a table that has the columns Release, Date and Highlights, or name another with --release-log`},
		"no table":             {"# a\n\n## 8. Release Log\n\nnone yet\n\n## 9. More\n\n| Release | Date | Highlights |\n| - | - | - |\n", `docs/ROADMAP.md:3: there is no table with the columns Release, Date and Highlights below "8. Release Log": add the line`},
		"other columns":        {"## Release Log\n\n| Release | When | Highlights |\n| --- | --- | --- |\n", "docs/ROADMAP.md:1: there is no table"},
		"a table in a fence":   {"## Release Log\n\n```\n| Release | Date | Highlights |\n| --- | --- | --- |\n```\n", "docs/ROADMAP.md:1: there is no table"},
		"a table in a quote":   {"## Release Log\n\n> | Release | Date | Highlights |\n> | --- | --- | --- |\n", "docs/ROADMAP.md:1: there is no table"},
		"a table by its looks": {"## Release Log\n\n    | Release | Date | Highlights |\n    | --- | --- | --- |\n", "docs/ROADMAP.md:1: there is no table"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := PutRow(Document{"docs/ROADMAP.md", []byte(test.text)}, heading, row, false)
			if !errors.As(err, new(*RefusedError)) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error %v, want %s..", err, test.want)
			}
		})
	}
	if _, err := PutRow(Document{"a", []byte(roadmap(may))}, heading, Row{Run: "x --> y"}, false); err == nil {
		t.Error("an id that ends a comment was taken")
	}
}

// A row that is there keeps what people made of it; links are added, and only asked to it is written anew.
func TestRowsAgain(t *testing.T) {
	edited := strings.Replace(ours, "failed", "failed, and we know why", 1) + " "
	linked := row
	linked.Issues = []Link{first, second}
	edit := putRow(t, roadmap(may, edited), linked, false)
	want := strings.Replace(edited, "<!--", first.markdown()+" "+second.markdown()+" <!--", 1)
	if got := string(edit.Text); edit.Outcome != LinksAdded || got != roadmap(may, want) {
		t.Errorf("%s: got\n%s", edit.Outcome, got)
	}
	if again := putRow(t, string(edit.Text), linked, false); again.Outcome != Unchanged {
		t.Errorf("the second time: %s", again.Outcome)
	}
	// The link to #1 is not in the link to #12.
	linked.Issues = []Link{second}
	edit = putRow(t, roadmap(may, ours), linked, false)
	linked.Issues = []Link{first}
	if edit = putRow(t, string(edit.Text), linked, false); edit.Outcome != LinksAdded {
		t.Errorf("one more link: %s", edit.Outcome)
	}
	unnamed := row
	unnamed.Release = ""
	if edit = putRow(t, roadmap(may, edited), unnamed, true); edit.Outcome != Replaced || string(edit.Text) != roadmap(may, ours) {
		t.Errorf("%s: got\n%s", edit.Outcome, edit.Text)
	}
	if edit = putRow(t, roadmap(may, ours), unnamed, true); edit.Outcome != Unchanged {
		t.Errorf("replaced by the same: %s", edit.Outcome)
	}
	// A row that was moved elsewhere is not added again.
	moved := roadmap(may) + "\n## Archive\n\n| Version | Text |\n| --- | --- |\n| x | y <!-- squall:run e1a88b6a --> |\n"
	if edit = putRow(t, moved, row, false); edit.Outcome != Unchanged {
		t.Errorf("a moved row: %s", edit.Outcome)
	}
	if _, err := PutRow(Document{"a", []byte(moved)}, heading, row, true); !errors.As(err, new(*RefusedError)) {
		t.Errorf("a moved row replaced: %v", err)
	}
}

// A marker in a code block is an example, and no row.
func TestMarkersInCodeDoNotCount(t *testing.T) {
	text := roadmap(may) + "\n```\n| Release | Date | Highlights |\n| --- | --- | --- |\n" + ours + "\n```\n"
	if edit := putRow(t, text, row, false); edit.Outcome != Added {
		t.Errorf("row: %s", edit.Outcome)
	}
	text = "```\n<!-- squall:run e1a88b6a -->\n<!-- squall:end e1a88b6a -->\n```\n"
	if edit := putEntry(t, text, entry, false); edit.Outcome != Added {
		t.Errorf("entry: %s", edit.Outcome)
	}
}

const entryText = "<!-- squall:run e1a88b6a -->\n\n## 2026-07-30: staging\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n<!-- squall:end e1a88b6a -->"

// An entry is put at the end, an empty line below what stands there, and once.
func TestEntries(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":            {"", entryText + "\n"},
		"plain":            {"# Playbook\n\ntext  \n", "# Playbook\n\ntext  \n\n" + entryText + "\n"},
		"an empty line":    {"# Playbook\n\n", "# Playbook\n\n" + entryText + "\n"},
		"no final newline": {"# Playbook", "# Playbook\n\n" + entryText},
		"CRLF":             {"# Playbook\r\n", "# Playbook\r\n\r\n" + crlf(entryText) + "\r\n"},
		"a list":           {"- one\n  - two\n", "- one\n  - two\n\n" + entryText + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			edit := putEntry(t, test.text, entry, false)
			if string(edit.Text) != test.want || edit.Outcome != Added {
				t.Errorf("%s: got\n%q\nwant\n%q", edit.Outcome, edit.Text, test.want)
			}
			if at := strings.Split(string(edit.Text), "\n")[edit.Line-1]; !strings.HasPrefix(at, "<!-- squall:run") {
				t.Errorf("line %d is %q", edit.Line, at)
			}
			if again := putEntry(t, string(edit.Text), entry, false); again.Outcome != Unchanged || !bytes.Equal(again.Text, edit.Text) {
				t.Errorf("the second time: %s", again.Outcome)
			}
			if again := putEntry(t, string(edit.Text), entry, true); again.Outcome != Unchanged {
				t.Errorf("replaced by the same: %s", again.Outcome)
			}
		})
	}
}

// What people made of an entry stays; links are added at its end.
func TestEntriesAgain(t *testing.T) {
	edited := "# Playbook\n\n" + strings.Replace(entryText, "| 1 | 2 |", "| 1 | two, by hand |\n\nWe looked into it.", 1) + "\n\nMore.\n"
	linked := entry
	linked.Issues = []Link{first, second}
	edit := putEntry(t, edited, linked, false)
	want := strings.Replace(edited, "<!-- squall:end", "- "+first.markdown()+"\n- "+second.markdown()+"\n\n<!-- squall:end", 1)
	if edit.Outcome != LinksAdded || string(edit.Text) != want {
		t.Errorf("%s: got\n%s", edit.Outcome, edit.Text)
	}
	if again := putEntry(t, string(edit.Text), linked, false); again.Outcome != Unchanged {
		t.Errorf("the second time: %s", again.Outcome)
	}
	edit = putEntry(t, edited, entry, true)
	if edit.Outcome != Replaced || string(edit.Text) != "# Playbook\n\n"+entryText+"\n\nMore.\n" {
		t.Errorf("%s: got\n%s", edit.Outcome, edit.Text)
	}
	_, err := PutEntry(Document{"playbook.md", []byte("# a\n\n<!-- squall:run e1a88b6a -->\n\ntext\n")}, entry, true)
	if err == nil || err.Error() != "playbook.md:3: the entry of run e1a88b6a has no end: put the line <!-- squall:end e1a88b6a --> behind it, or delete the entry" {
		t.Errorf("an entry without an end: %v", err)
	}
}

// At the end of a file there may be something that would swallow the entry.
func TestUnclosedBlocksAreRefused(t *testing.T) {
	for _, text := range []string{"# a\n\n```sh\nmake\n", "# a\n\n<!-- note\n", "# a\n\n<script>\n"} {
		_, err := PutEntry(Document{"playbook.md", []byte(text)}, entry, false)
		if err == nil || !strings.HasPrefix(err.Error(), "playbook.md:3: what stands here would take up what is added: close ") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A diff is what git apply makes the edited file of.
func TestDiffsApply(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("git is not installed")
		}
		t.Skip("git is not installed")
	}
	for _, text := range []string{roadmap(may, june), roadmap(june, may), strings.TrimSuffix(roadmap(may), "\n"), "## Release Log\n\n| Release | Date | Highlights |\n| --- | --- | --- |\n" + may} {
		dir := t.TempDir()
		d := Document{"docs/ROADMAP.md", []byte(text)}
		edit := putRow(t, text, row, false)
		path := filepath.Join(dir, d.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, d.Text, 0o600); err != nil {
			t.Fatal(err)
		}
		apply := exec.Command(git, "apply", "-")
		apply.Dir, apply.Stdin = dir, strings.NewReader(edit.Diff(d))
		apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
		if out, err := apply.CombinedOutput(); err != nil {
			t.Fatalf("git apply: %v: %s\n%s", err, out, edit.Diff(d))
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, edit.Text) {
			t.Errorf("applied:\n%s\nwant\n%s", got, edit.Text)
		}
	}
}

// inserted reports whether a text is another one with something put in at one place.
func inserted(old, edited []byte) error {
	same := 0
	for same < len(old) && same < len(edited) && old[same] == edited[same] {
		same++
	}
	if len(edited) < len(old) || !bytes.HasSuffix(edited, old[same:]) {
		return fmt.Errorf("more than an insertion: %q became %q", old, edited)
	}
	return nil
}

// Whatever the file, a row is an insertion, which is found again, or a refusal.
func FuzzInsertRow(f *testing.F) {
	for _, seed := range []string{"", roadmap(may, june), roadmap(june, may), crlf(roadmap(may)), "## Release Log\n\n| Release | Date | Highlights |\n| --- | --- | --- |\n" + may, "```\n" + roadmap(may)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := Document{"f.md", bytes.Clone(text)}
		edit, err := PutRow(d, heading, row, false)
		if !bytes.Equal(d.Text, text) {
			t.Fatal("the document was changed")
		}
		if err != nil {
			return
		}
		if edit.Outcome == Added {
			if err := inserted(text, edit.Text); err != nil {
				t.Fatal(err)
			}
		}
		if again, err := PutRow(Document{"f.md", edit.Text}, heading, row, false); err != nil || again.Outcome != Unchanged {
			t.Fatalf("the second time: %s, %v\n%q", again.Outcome, err, edit.Text)
		}
		edit.Diff(d)
	})
}

// The same of an entry.
func FuzzInsertEntry(f *testing.F) {
	for _, seed := range []string{"", "# Playbook\n", "# Playbook", "a\r\n", "```\ncode", "<!-- a", "> quote", "- a\n  - b\n", entryText, "    code\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := Document{"f.md", bytes.Clone(text)}
		edit, err := PutEntry(d, entry, false)
		if !bytes.Equal(d.Text, text) {
			t.Fatal("the document was changed")
		}
		if err != nil {
			return
		}
		if edit.Outcome == Added {
			if !bytes.HasPrefix(edit.Text, text) {
				t.Fatalf("the beginning of %q is not that of %q", edit.Text, text)
			}
		}
		linked := entry
		linked.Issues = []Link{first}
		again, err := PutEntry(Document{"f.md", edit.Text}, linked, false)
		if err != nil || again.Outcome != LinksAdded && edit.Outcome == Added {
			t.Fatalf("links: %s, %v\n%q", again.Outcome, err, edit.Text)
		}
		if err := inserted(edit.Text, again.Text); err != nil {
			t.Fatal(err)
		}
		if third, err := PutEntry(Document{"f.md", again.Text}, linked, false); err != nil || third.Outcome != Unchanged {
			t.Fatalf("the third time: %s, %v\n%q", third.Outcome, err, again.Text)
		}
		edit.Diff(d)
	})
}
