package dialog

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/load"
)

// What each prompt accepts, in words for the screen.
const (
	acceptsUsers  = "a whole number from 0 to 200,000, such as 250 or 1,500"
	acceptsRate   = "requests per second from 0 to 1,000,000, such as 500 or 500/s; 0 goes back to virtual users"
	acceptsThink  = "a time or a range, such as 500ms, 0s-1.5s or none; at most 10m"
	acceptsRamp   = "a time from 0s to 1h, such as 30s or 2m"
	acceptsFactor = "a multiplier from 1 to 100, such as 5 or 2.5x"
	acceptsNote   = "one line of up to 500 characters"
	acceptsWeight = "a weight from 0 to 1,000, such as 40 or 12.5"
)

// Limits that the prompts keep beside those of package load.
const (
	maxThink  = 10 * time.Minute
	maxRamp   = time.Hour
	maxWeight = 1000
)

// refuse describes what was wrong with an input and what is accepted.
func refuse(input, accepts string) error {
	if strings.TrimSpace(input) == "" {
		return errors.New("type " + accepts)
	}
	if utf8.RuneCountInString(input) > 20 {
		input = string([]rune(input)[:19]) + "…"
	}
	return fmt.Errorf("%q is not accepted: type %s", input, accepts)
}

// parseNumber reads a plain decimal number; thousands may be separated by commas.
func parseNumber(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if strings.Contains(s, ",") {
		if !thousands(s) {
			return 0, false
		}
		s = strings.ReplaceAll(s, ",", "")
	}
	for _, r := range s {
		if (r < '0' || r > '9') && r != '.' {
			return 0, false // no signs, exponents, hexadecimals, infinities
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsInf(v, 0)
}

// thousands reports whether commas stand only between groups of three digits.
func thousands(s string) bool {
	whole, _, _ := strings.Cut(s, ".")
	groups := strings.Split(whole, ",")
	if strings.Contains(s[len(whole):], ",") || groups[0] == "" || len(groups[0]) > 3 {
		return false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return false
		}
	}
	return true
}

// parseUsers reads a number of virtual users.
func parseUsers(s string) (int, error) {
	v, ok := parseNumber(s)
	if !ok || v != math.Trunc(v) || v > load.MaxVUs {
		return 0, refuse(s, acceptsUsers)
	}
	return int(v), nil
}

// parseRate reads requests per second; "/s" may follow.
func parseRate(s string) (float64, error) {
	v, ok := parseNumber(strings.TrimSuffix(strings.TrimSpace(s), "/s"))
	if !ok || v > load.MaxRate {
		return 0, refuse(s, acceptsRate)
	}
	return v, nil
}

// parseFactor reads a multiplier; "x" or "×" may follow.
func parseFactor(s string) (float64, error) {
	number := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(s), "x"), "×")
	v, ok := parseNumber(number)
	if !ok || v < 1 || v > load.MaxSpikeFactor {
		return 0, refuse(s, acceptsFactor)
	}
	return v, nil
}

// parseWeight reads a channel's weight; "%" may follow.
func parseWeight(s string) (float64, error) {
	v, ok := parseNumber(strings.TrimSuffix(strings.TrimSpace(s), "%"))
	if !ok || v > maxWeight {
		return 0, refuse(s, acceptsWeight)
	}
	return v, nil
}

// parseRamp reads a time; a number alone is seconds.
func parseRamp(s string) (time.Duration, error) {
	d, ok := parseTime(s, "s")
	if !ok || d > maxRamp {
		return 0, refuse(s, acceptsRamp)
	}
	return d, nil
}

// parseThink reads a time or a range of two. In "0-1.5s" the first takes the unit of the second.
func parseThink(s string) (load.Think, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if text == "none" {
		return load.Think{}, nil
	}
	low, high, isRange := strings.Cut(strings.ReplaceAll(text, "–", "-"), "-")
	if !isRange {
		high = low
	}
	longest, ok := parseTime(high, "s")
	shortest, okLow := parseTime(low, unitOf(high))
	if !ok || !okLow || shortest > longest || longest > maxThink {
		return load.Think{}, refuse(s, acceptsThink)
	}
	return load.Think{Min: shortest, Max: longest}, nil
}

// parseTime reads a time that is not negative; a number alone has the given unit.
func parseTime(s, unit string) (time.Duration, bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	if _, isNumber := parseNumber(s); isNumber {
		s += unit
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0 && !strings.HasPrefix(s, "-")
}

// unitOf is the unit that a time is written in, seconds if it has none.
func unitOf(s string) string {
	if unit := strings.TrimLeft(strings.TrimSpace(s), "0123456789. "); unit == "ms" || unit == "m" || unit == "us" || unit == "µs" {
		return unit
	}
	return "s"
}

// parseNote reads a remark for the timeline.
func parseNote(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" || utf8.RuneCountInString(s) > command.MaxNote || strings.ContainsAny(s, "\r\n") {
		return "", refuse(s, acceptsNote)
	}
	return s, nil
}
