package report

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"xinbot.ir/squall/internal/printable"
)

// writeMarkdown writes the report.
func writeMarkdown(w io.Writer, run *Run) error {
	_, err := io.WriteString(w, markdown(document(run)))
	return err
}

// markdown writes blocks as GitHub-flavoured Markdown. Text is escaped, so that what a user or a
// platform wrote shows as it was written and never becomes markup.
func markdown(blocks []block) string {
	var b strings.Builder
	for i, blk := range blocks {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch blk := blk.(type) {
		case heading:
			fmt.Fprintf(&b, "%s %s\n", strings.Repeat("#", blk.level), markdownLine(plain(blk.text)))
		case result:
			fmt.Fprintln(&b, markdownLine(strong(blk.head()).then(plain(": "), blk.text)))
		case paragraph:
			fmt.Fprintln(&b, markdownLine(blk.text))
		case note:
			fmt.Fprintf(&b, "> %s\n", markdownLine(blk.text))
		case list:
			for _, item := range blk.items {
				fmt.Fprintf(&b, "- %s\n", markdownLine(item))
			}
		case picture:
			fmt.Fprintf(&b, "![%s](%s)\n", escape(blk.alt), blk.path)
		case script:
			markdownScript(&b, blk)
		case table:
			markdownTable(&b, blk)
		}
	}
	return b.String()
}

// markdownScript fences commands with more backticks than any of them has in a row.
func markdownScript(b *strings.Builder, s script) {
	text := ""
	for _, l := range s.lines {
		text += oneLine(l) + "\n"
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	fmt.Fprintf(b, "%s\n%s%s\n", fence, text, fence)
}

func markdownTable(b *strings.Builder, t table) {
	b.WriteByte('|')
	for _, c := range t.columns {
		fmt.Fprintf(b, " %s |", escape(c.head))
	}
	b.WriteString("\n|")
	for _, c := range t.columns {
		if c.number {
			b.WriteString(" ---: |")
		} else {
			b.WriteString(" --- |")
		}
	}
	b.WriteByte('\n')
	for _, cells := range t.rows {
		b.WriteByte('|')
		for _, c := range cells {
			fmt.Fprintf(b, " %s |", markdownLine(c))
		}
		b.WriteByte('\n')
	}
}

func markdownLine(l line) string {
	var b strings.Builder
	for _, s := range l {
		switch {
		case s.style == codeStyle:
			b.WriteString(codeSpan(s.text))
		case s.style == strongStyle:
			fmt.Fprintf(&b, "**%s**", escape(s.text))
		case s.href != "":
			fmt.Fprintf(&b, "[%s](%s)", escape(s.text), s.href)
		default:
			b.WriteString(escape(s.text))
		}
	}
	return strings.TrimSpace(b.String())
}

// codeSpan sets text in backticks, with a fence longer than any run of backticks inside.
func codeSpan(text string) string {
	text = strings.TrimSpace(oneLine(text))
	// A bar would end a table's cell, even inside a code span, and there is no escape for a
	// backslash before it.
	if strings.Contains(text, `\|`) {
		return escape(text)
	}
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}

// escape makes text of any origin safe inside a line of Markdown.
func escape(text string) string {
	text = oneLine(text)
	var b strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		if special(runes, i) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// special reports whether the rune at i would be read as markup.
func special(runes []rune, i int) bool {
	switch r := runes[i]; r {
	case '\\', '`', '*', '[', ']', '<', '>', '|', '~', '&', '$':
		return true
	case '_': // emphasis only at the edge of a word
		return i == 0 || i == len(runes)-1 || !wordRune(runes[i-1]) || !wordRune(runes[i+1])
	case '#', '-', '+', '=': // headings, lists and underlines, only at the start
		return i == 0 && endsWord([]rune(strings.TrimLeft(string(runes), string(r))))
	case '.', ')': // numbered lists
		return allDigits(runes[:i]) && endsWord(runes[i+1:])
	case '!':
		return i+1 < len(runes) && runes[i+1] == '['
	}
	return false
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// endsWord reports whether what follows a word's end begins with a space, or nothing follows.
func endsWord(rest []rune) bool { return len(rest) == 0 || rest[0] == ' ' }

func allDigits(runes []rune) bool {
	for _, r := range runes {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(runes) > 0
}

// oneLine puts blanks in the place of line breaks, escapes what could act on a terminal, and removes whatever looks like a secret. Nothing in a
// run directory should hold one; what a person pasted into a note, or a platform echoed in an
// error, might.
func oneLine(text string) string {
	blanks := strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")
	return printable.Line(blanks.Replace(redact(text)))
}

// secretPatterns are what looks like a secret, and what stands there in its place.
var secretPatterns = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*){1,2}`), "(token removed)"},
	{regexp.MustCompile(`(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{8,}`), "Bearer (token removed)"},
	{regexp.MustCompile(`://[^/\s:@]*:[^/\s@]+@`), "://(removed)@"},
}

// redact replaces JSON web tokens, bearer tokens and passwords in URLs.
func redact(text string) string {
	for _, secret := range secretPatterns {
		text = secret.pattern.ReplaceAllString(text, secret.with)
	}
	return text
}
