package config

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/load"
)

// bareSeconds reads a bare number as seconds, which is what Locust means by it.
func bareSeconds(text string) string {
	if _, err := strconv.ParseUint(text, 10, 32); err == nil {
		return text + "s"
	}
	return text
}

// read understands one setting with parse. An unset setting reads its default; one without a default
// is the zero value. What parse refuses becomes a problem that names source, text and what is accepted.
func read[T any](l *resolver, name string, parse func(string) (T, error)) T {
	var zero T
	row, value := find(name), l.values[name]
	text, source := value.text(), value.source
	if !value.set() {
		if row.Default == "" {
			return zero
		}
		text, source = row.Default, "default of "+name
	}
	parsed, err := parse(text)
	if err == nil {
		return parsed
	}
	l.problem("%s: %s", describe(name, source), unaccepted(row, text, err))
	return zero
}

// describe names where a value stands; a place in a file does not tell the setting's name.
func describe(name, source string) string {
	if strings.HasPrefix(source, "-") || strings.HasPrefix(source, "env ") {
		return source
	}
	return source + ": " + name
}

func unaccepted(row Setting, text string, err error) string {
	if row.Secret || row.Argument == pairArgument { // the value of a pair may be one, too
		return "must be " + row.Accepts
	}
	said := fmt.Sprintf("is %q: must be %s", shown(row, text), row.Accepts)
	if why := err.Error(); why != "" {
		said += " (" + why + ")"
	}
	return said
}

var (
	urlUser  = regexp.MustCompile(`//[^/?#\s]*@`)
	urlQuery = regexp.MustCompile(`[?#].*$`)
	assigned = regexp.MustCompile(`(?i)^([a-z0-9_.-]*(?:secret|token|password|key|auth|cookie)[a-z0-9_.-]*\s*[=:]).*$`)
)

// shown is the value of a setting without what may be a secret in it.
func shown(row Setting, text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 && addressSettings(row) && !strings.Contains(text, "//") {
		text = "***" + text[at:] // an address without its scheme
	}
	return withoutSecrets(text)
}

// withoutSecrets hides what may be one: behind a name that sounds like one, and in a URL user, password and query.
func withoutSecrets(text string) string {
	text = assigned.ReplaceAllString(text, "$1***")
	if !strings.Contains(text, "//") {
		return text
	}
	return urlQuery.ReplaceAllString(urlUser.ReplaceAllString(text, "//***@"), "?***")
}

// refusedError is an error for a value that what is accepted explains well enough.
type refusedError struct{}

func (refusedError) Error() string { return "" }

// errors of parsers that have nothing to add.
func orRefused[T any](value T, ok bool) (T, error) {
	if !ok {
		var zero T
		return zero, refusedError{}
	}
	return value, nil
}

func parseText(text string) (string, error) { return text, nil }

func parseBool(text string) (bool, error) {
	value, err := strconv.ParseBool(strings.ToLower(text))
	return orRefused(value, err == nil)
}

func parseWhole(low, high int) func(string) (int, error) {
	return func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		return orRefused(n, err == nil && n >= low && n <= high)
	}
}

func parseSeed(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	return orRefused(n, err == nil)
}

func parseNumber(low, high float64) func(string) (float64, error) {
	return func(text string) (float64, error) {
		n, err := strconv.ParseFloat(text, 64)
		return orRefused(n, err == nil && n >= low && n <= high)
	}
}

func parseDuration(low time.Duration) func(string) (time.Duration, error) {
	return func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if _, bare := strconv.ParseFloat(text, 64); bare == nil && err != nil {
			return 0, fmt.Errorf("without a unit it could be anything: write %ss for seconds", text)
		}
		return orRefused(d, err == nil && d >= low)
	}
}

// parseRate reads 500/s, 30000/m, 100/h, or 500 as arrivals per second.
func parseRate(text string) (float64, error) {
	count, unit, given := strings.Cut(text, "/")
	if !given {
		unit = "s"
	}
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	n, err := strconv.ParseFloat(count, 64)
	perSecond := n / seconds
	return orRefused(perSecond, err == nil && seconds > 0 && perSecond > 0 && perSecond <= load.MaxRate)
}

// parseRange splits 1-8, and 1 into the same twice.
func parseRange(text string) (low, high string) {
	low, high, ranged := strings.Cut(text, "-")
	if !ranged {
		high = low
	}
	return low, high
}

// parseConversation reads 1 or 1-8.
func parseConversation(text string) (load.ConversationLength, error) {
	low, high := parseRange(text)
	whole := parseWhole(1, load.MaxConversation)
	fewest, err := whole(low)
	if err != nil {
		return load.ConversationLength{}, err
	}
	most, err := whole(high)
	return orRefused(load.ConversationLength{Min: fewest, Max: most}, err == nil && most >= fewest)
}

// parseThink reads 1s, 0s-1.5s or none.
func parseThink(text string) (load.Think, error) {
	if text == "none" {
		return load.Think{}, nil
	}
	low, high := parseRange(text)
	shortest, err := time.ParseDuration(low)
	if err != nil {
		return orRefused(load.Think{}, false)
	}
	longest, err := time.ParseDuration(high)
	return orRefused(load.Think{Min: shortest, Max: longest}, err == nil && shortest >= 0 && longest >= shortest)
}

// parseURL accepts what a request can be sent to. A user, a query or a fragment would be lost, or
// would be a secret in plain sight; its text is not repeated.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return orRefused[*url.URL](nil, false)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > math.MaxUint16 {
			return orRefused[*url.URL](nil, false)
		}
	}
	return orRefused(u, u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "")
}

func parsePath(text string) (string, error) {
	return orRefused(text, strings.HasPrefix(text, "/") && !strings.ContainsAny(text, "?# \t\r\n"))
}
