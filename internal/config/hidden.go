package config

import (
	"net/url"
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
