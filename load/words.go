package load

import (
	"cmp"
	"encoding/json"
	"html"
	"strings"
	"unicode"
)

// Bounds of what is kept of an answer that was not the right one.
const (
	longestRead  = 4 << 10 // of its body
	longestWords = 120     // characters of a text
)

// answerWords is what an answer that was not the right one says of itself, in one short line without control
// characters: where it redirects to, when to come again, its JSON's detail (as FastAPI writes it), message or
// error, else the beginning of a text that is no page. "" when it says nothing.
func answerWords(location, retryAfter, kind string, body []byte) string {
	var parts []string
	if location != "" {
		parts = append(parts, "Location: "+publicAddress(location))
	}
	if text := bodyWords(kind, body[:min(len(body), longestRead)]); text != "" {
		parts = append(parts, text)
	}
	if retryAfter != "" {
		parts = append(parts, "Retry-After: "+retryAfter)
	}
	return shorten(printable(strings.Join(parts, "; ")), longestWords)
}

func bodyWords(kind string, body []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		if strings.Contains(kind, "html") || strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
			return pageTitle(string(body)) // of a page the beginning is the same whatever happened
		}
		return string(body)
	}
	other := ""
	for _, name := range []string{"detail", "message", "error", "status"} {
		raw, there := object[name]
		if !there {
			continue
		}
		var (
			text string
			list []struct {
				Msg string `json:"msg"`
			}
		)
		switch {
		case json.Unmarshal(raw, &text) == nil:
			return text
		case json.Unmarshal(raw, &list) == nil && len(list) > 0 && list[0].Msg != "":
			return list[0].Msg
		}
		other = cmp.Or(other, string(raw)) // unless another one is a text
	}
	return other
}

// pageTitle is the title of an HTML page.
func pageTitle(page string) string {
	_, rest, found := strings.Cut(page, "<title>")
	title, _, closed := strings.Cut(rest, "</title>")
	if !found || !closed {
		return ""
	}
	return html.UnescapeString(title)
}

// publicAddress takes the user, the parameters and the fragment out of a URL, which may be malformed: any of them may
// be a secret.
func publicAddress(address string) string {
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i+1] + "…"
	}
	scheme, rest, found := strings.Cut(address, "//")
	if !found {
		return address
	}
	host, path, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	if slash {
		path = "/" + path
	}
	return scheme + "//" + host + path
}

// printable puts a blank in the place of everything that is not a visible character, and joins blanks.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, " "))
	return strings.Join(strings.Fields(text), " ")
}

// shorten cuts a text to a number of characters, the last of which says so.
func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
