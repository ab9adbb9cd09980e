package config

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/http/httpguts"

	"xinbot.ir/squall/load"
)

var unexpanded = regexp.MustCompile(`\$\{[^}]*\}|^\$[A-Za-z_][A-Za-z0-9_]*$|\{\{.*\}\}`)

// doubtOf is what makes a secret look as if it were not what was meant, without a part of it; "" when nothing does. A
// file's last line break and a template's variable are the usual ones, and the platform answers 401 to all of them.
func doubtOf(secret string) string {
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

// checkHeaderValues refuses secrets that go into a header as they are and cannot stand there.
func (l *resolver) checkHeaderValues(w load.Workload) {
	sent := []string{adminToken}
	for _, spec := range w.Channels {
		if name := secretName(spec.SecretOf); spec.Algorithm == load.Token && !slices.Contains(sent, name) {
			sent = append(sent, name)
		}
	}
	for _, name := range sent {
		value := l.values[name]
		if !httpguts.ValidHeaderFieldValue(value.text()) {
			l.problem("%s %s: a header cannot hold it", describe(name, value.source), doubtOf(value.text()))
		}
	}
}

// doubts warns of every secret that looks as if it were not what was meant.
func (l *resolver) doubts(warn func(string, ...any)) {
	for _, row := range Table() {
		value := l.values[row.Name]
		if !row.Secret || !value.set() || row.Name == otlpHeaders { // those are no secret as they stand: they hold some
			continue
		}
		if doubt := doubtOf(value.text()); doubt != "" {
			warn("%s %s: it is used as it stands", describe(row.Name, value.source), doubt)
		}
	}
}
