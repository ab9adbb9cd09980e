package promapi

import "strings"

// What follows is no parser of PromQL: squall's binary has no room for Prometheus's own. It walks over a query with an
// eye for strings, comments and braces, which is all that it takes to find names and labels.

// token is a piece of a query.
type token struct {
	kind tokenKind
	text string
}

type tokenKind uint8

const (
	word   tokenKind = iota // a name or a keyword
	quoted                  // a string, with its quotes
	number                  // also a duration
	mark                    // one character of something else
	space                   // white space, or a comment
)

// scan cuts a query into tokens; together they are the query again.
func scan(query string) (tokens []token) {
	for rest := query; rest != ""; {
		t := next(rest)
		tokens = append(tokens, t)
		rest = rest[len(t.text):]
	}
	return tokens
}

func next(rest string) token {
	c := rest[0]
	switch {
	case c == '"' || c == '\'' || c == '`':
		return token{quoted, rest[:stringEnd(rest)]}
	case c == '#':
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		return token{space, rest[:end]}
	case strings.IndexByte(" \t\r\n", c) >= 0:
		return token{space, rest[:1]}
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return token{number, rest[:prefix(rest, func(c byte) bool { return isDigit(c) || isLetter(c) || c == '.' })]}
	case isLetter(c) || c == ':':
		return token{word, rest[:prefix(rest, func(c byte) bool { return isDigit(c) || isLetter(c) || c == ':' })]}
	}
	return token{mark, rest[:1]}
}

func prefix(text string, fits func(byte) bool) int {
	for i := range len(text) {
		if !fits(text[i]) {
			return i
		}
	}
	return len(text)
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// stringEnd is where the string that text begins with ends, its closing quote included.
func stringEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && text[0] != '`':
			i++
		case text[i] == text[0]:
			return i + 1
		}
	}
	return len(text)
}

// grouping are keywords that a list of labels in parentheses follows.
var grouping = set("by", "without", "on", "ignoring", "group_left", "group_right")

// keywords are words that are no metric, although no parenthesis follows.
var keywords = set("and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "start", "end", "smoothed", "anchored")

func set(words ...string) map[string]bool {
	all := make(map[string]bool, len(words))
	for _, w := range words {
		all[w] = true
	}
	return all
}

// Metrics are the names of the metrics that a query looks at, each once, in their order.
func Metrics(query string) (names []string) {
	seen := map[string]bool{}
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	tokens := scan(query)
	braces, brackets := 0, 0
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t.text == "{":
			braces++
		case t.text == "}":
			braces--
		case t.text == "[":
			brackets++
		case t.text == "]":
			brackets--
		case t.kind != word || brackets > 0:
		case braces > 0:
			if t.text == "__name__" {
				add(nameMatcher(tokens[i+1:]))
			}
		case grouping[strings.ToLower(t.text)]:
			i = skipList(tokens, i+1)
		case keywords[strings.ToLower(t.text)]:
		case followedBy(tokens[i+1:], "("):
		default:
			if aggregations[strings.ToLower(t.text)] && grouping[wordAfter(tokens[i+1:])] { // sum by (x) (..)
				continue
			}
			add(t.text)
		}
	}
	return names
}

// nameMatcher is the value of __name__="..."; other matchers give "".
func nameMatcher(tokens []token) string {
	equal := false
	for _, t := range tokens {
		switch {
		case t.kind == space:
		case t.text == "=" && !equal:
			equal = true
		case t.kind == quoted && equal && len(t.text) > 1:
			return t.text[1 : len(t.text)-1]
		default:
			return ""
		}
	}
	return ""
}

func followedBy(tokens []token, text string) bool {
	for _, t := range tokens {
		if t.kind != space {
			return t.text == text
		}
	}
	return false
}

// wordAfter is the next token if it is a word.
func wordAfter(tokens []token) string {
	for _, t := range tokens {
		if t.kind != space {
			if t.kind == word {
				return strings.ToLower(t.text)
			}
			return ""
		}
	}
	return ""
}

// aggregations may stand before their grouping.
var aggregations = set("sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", "count_values", "bottomk", "topk", "quantile", "limitk", "limit_ratio")

// skipList returns the index of the parenthesis that closes a list which begins after i, if one does.
func skipList(tokens []token, i int) int {
	start := i
	for ; i < len(tokens) && tokens[i].kind == space; i++ {
	}
	if i >= len(tokens) || tokens[i].text != "(" {
		return start - 1
	}
	for ; i < len(tokens); i++ {
		if tokens[i].text == ")" {
			return i
		}
	}
	return i
}

// renameLabel gives the query with another name of a label in its matchers and groupings, and whether there was any.
func renameLabel(query, from, to string) (string, bool) {
	tokens := scan(query)
	braces, list, renamed := 0, -1, false // list is the end of the grouping's
	for i := range tokens {
		switch t := &tokens[i]; {
		case t.text == "{":
			braces++
		case t.text == "}":
			braces--
		case t.kind != word:
		case t.text == from && (braces > 0 || i <= list):
			t.text, renamed = to, true
		case braces == 0 && grouping[strings.ToLower(t.text)]:
			list = skipList(tokens, i+1)
		}
	}
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.text)
	}
	return b.String(), renamed
}

// The label of its own that a metric has, and what a scrape makes of it when the target has one of that name, unless it
// has honor_labels.
const (
	OwnLabel      = "service"
	ExportedLabel = "exported_service"
)

// Renamed is a query with the other of the two labels, and which that is.
func Renamed(query string) (other, label string, is bool) {
	if other, is = renameLabel(query, OwnLabel, ExportedLabel); is {
		return other, ExportedLabel, true
	}
	other, is = renameLabel(query, ExportedLabel, OwnLabel)
	return other, OwnLabel, is
}
