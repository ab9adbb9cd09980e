package load

import (
	"regexp"
	"strings"
	"unicode"
)

var unexpanded = regexp.MustCompile(`\$\{[^}]*\}|^\$[A-Za-z_][A-Za-z0-9_]*$|\{\{.*\}\}`)

// Doubt is what makes a secret look as if it were not what was meant, without a part of it; "" when nothing does. A
// file's last line break and a template's variable are the usual ones, and the platform answers 401 to all of them.
func Doubt(secret string) string {
	switch inner := strings.TrimSpace(secret); {
	case secret == "":
		return ""
	case strings.HasPrefix(secret, "\ufeff"):
		return "begins with a byte order mark"
	case strings.ContainsAny(secret, "\r\n"):
		return "has a line break"
	case inner != secret:
		return "begins or ends with a blank"
	case len(secret) > 1 && strings.ContainsRune(`"'`, rune(secret[0])) && secret[0] == secret[len(secret)-1]:
		return "is in quotes"
	case unexpanded.MatchString(secret):
		return "looks like a variable that was not filled in"
	case strings.ContainsFunc(secret, unicode.IsControl):
		return "has a control character"
	case strings.ContainsFunc(secret, isInvisible):
		return "has an invisible character"
	case strings.ContainsFunc(secret, unicode.IsSpace):
		return "has a blank in it"
	}
	return ""
}

// isInvisible reports whether a character shows nowhere: zero-width ones, and marks of direction, which come along when
// text is copied from a page.
func isInvisible(r rune) bool { return unicode.Is(unicode.Cf, r) }
