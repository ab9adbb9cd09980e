package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/errtree"
)

// passwordsIn are the passwords in an address, however it is written: with a scheme or without, with an @ in the
// password, as it stands there and unescaped.
func passwordsIn(address string) (found []string) {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return nil
	}
	_, password, ok := strings.Cut(address[:at], ":")
	if !ok || password == "" {
		return nil
	}
	found = []string{password}
	if plain, err := url.PathUnescape(password); err == nil && plain != password {
		found = append(found, plain)
	}
	return found
}

// What may be a secret in an argument that is none of a secret's own: a variable whose name says so, a user's password in
// an address, and the path of a webhook of Slack.
var mistyped = []*regexp.Regexp{
	regexp.MustCompile(`(?is)^[a-z0-9_.-]*(?:secret|token|password|key|auth|cookie)[a-z0-9_.-]*\s*[=:]\s*(.+)$`),
	regexp.MustCompile(`^(?:[a-z0-9+.-]+://)?[^/?#\s@:]*:([^/?#\s@]+)@[\w.-]+(?::\d+)?(?:[/?#].*)?$`),
	regexp.MustCompile(`hooks\.slack\.com/services/(\S+)`),
}

// shortestMistyped bounds what counts as mistyped: a word of a few letters would be taken out of ordinary sentences.
const shortestMistyped = 6

// Mistyped are what may be secrets in the arguments of a command, wherever they stand: whatever is wrong with an argument, and
// whoever says so, they are not shown.
func Mistyped(args []string) (found []string) {
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") { // --flag=VALUE, -eVALUE
			_, value, given := strings.Cut(arg, "=")
			if strings.HasPrefix(arg, "-e") {
				value, given = strings.TrimPrefix(arg, "-e"), true
			}
			if !given {
				continue
			}
			arg = value
		}
		for _, pattern := range mistyped {
			if m := pattern.FindStringSubmatch(arg); len(m) > 1 && len(m[1]) >= shortestMistyped {
				found = append(found, m[1])
			}
		}
	}
	return found
}

// addressSettings hold addresses, which can have passwords in them.
func addressSettings(row Setting) bool {
	return strings.HasPrefix(row.Name, "proxy.") || strings.HasSuffix(row.Name, ".url") || row.Name == otlpEndpoint || row.Name == scrape
}

// passwords are those in any address that was given.
func (l *resolver) passwords() (found []string) {
	for _, row := range Table() {
		if !addressSettings(row) {
			continue
		}
		for _, text := range l.values[row.Name].texts {
			found = append(found, passwordsIn(text)...)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(found)))
}

// withoutKnownSecrets takes every secret that the configuration has out of the problems found.
func withoutKnownSecrets(problems []error, redact func(string) string) []error {
	for i, err := range problems {
		problems[i] = errtree.Redact(err, redact)
	}
	return problems
}
