package grid

import "strings"

// Wrap breaks a text into lines of at most width cells: at line breaks, at blanks, and a word that is longer than
// a line anywhere. There is at least one line.
func Wrap(text string, width int) (lines []string) {
	width = max(width, 1)
	for _, paragraph := range strings.Split(text, "\n") {
		for {
			line, rest := breakAtBlank(paragraph, width)
			if Width(line) > width {
				line, rest = breakWord(paragraph, width)
			}
			lines = append(lines, line)
			if paragraph = rest; paragraph == "" {
				break
			}
		}
	}
	return lines
}

// breakAtBlank splits a text at the last blank that fits; without one it stays whole.
func breakAtBlank(text string, width int) (line, rest string) {
	if Width(text) <= width {
		return text, ""
	}
	cut, used := -1, 0
	for i, r := range text {
		if r == ' ' {
			cut = i
		}
		if used += Width(string(r)); used > width {
			break
		}
	}
	if cut <= 0 {
		return text, ""
	}
	return text[:cut], text[cut+1:]
}

func breakWord(text string, width int) (part, rest string) {
	used := 0
	for i, r := range text {
		n := Width(string(r))
		if used+n > width && i > 0 {
			return text[:i], text[i:]
		}
		used += n
	}
	return text, ""
}
