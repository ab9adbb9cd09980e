package load

import (
	"cmp"
	"encoding/json"
	"html"
	"maps"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/printable"
)

// Bounds of what is kept of an answer that was not the right one.
const (
	longestRead  = 4 << 10 // of its body
	longestWords = 120     // characters of a text
)

// answerWords is what an answer that was not the right one says of itself, in one short line without control
// characters: where it redirects to, when to come again, its JSON's detail (as FastAPI writes it), message or
// error, else the names that are in it, the title of a page, or the beginning of another text. "" when it says nothing.
// Secrets are taken out before anything is cut: half of one would not be known any more.
func answerWords(location, retryAfter, kind string, body []byte, redact func(string) string) string {
	var parts []string
	if location != "" {
		parts = append(parts, "Location: "+publicAddress(redact(location)))
	}
	if text := bodyWords(kind, body[:min(len(body), longestRead)]); text != "" {
		parts = append(parts, text)
	}
	if retryAfter != "" {
		parts = append(parts, "Retry-After: "+retryAfter)
	}
	return shorten(oneLine(redact(strings.Join(parts, "; "))), longestWords)
}

func bodyWords(kind string, body []byte) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(body, &object) != nil {
		text := strings.TrimSpace(string(body))
		if text != "" && (strings.Contains(kind, "html") || text[0] == '<') {
			return page(text)
		}
		return text
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
	if other == "" {
		return "an object with " + cmp.Or(strings.Join(slices.Sorted(maps.Keys(object)), ", "), "nothing in it")
	}
	return other
}

// page is what a page instead of an answer says: its title, else its first heading. That there is one is a finding even if
// it says nothing; its beginning is the same whatever happened.
func page(text string) string {
	for _, name := range []string{"title", "h1", "h2"} {
		if said := oneLine(html.UnescapeString(withoutTags(element(text, name)))); said != "" {
			return "a web page: " + said
		}
	}
	return "a web page without a title"
}

// element is what stands between the first tag of that name and the one that closes it; "" when either is missing. Pages
// come at the rate of the load, so nothing is searched but this.
func element(text, name string) string {
	inside := -1
	for at := 0; at < len(text); at++ {
		next := strings.IndexByte(text[at:], '<')
		if next < 0 {
			return ""
		}
		at += next
		switch {
		case inside >= 0 && hasName(text[at+1:], "/"+name):
			return text[inside:at]
		case inside < 0 && hasName(text[at+1:], name):
			end := strings.IndexByte(text[at:], '>')
			if end < 0 {
				return ""
			}
			inside = at + end + 1
			at = inside - 1
		}
	}
	return ""
}

// hasName reports whether a tag without its bracket has a name, in letters of any case.
func hasName(tag, name string) bool {
	return len(tag) > len(name) && strings.EqualFold(tag[:len(name)], name) && strings.IndexByte("> \t\r\n/", tag[len(name)]) >= 0
}

// withoutTags puts a blank in the place of every tag.
func withoutTags(text string) string {
	var b strings.Builder
	for text != "" {
		before, tag, found := strings.Cut(text, "<")
		b.WriteString(before)
		if !found {
			break
		}
		_, text, _ = strings.Cut(tag, ">")
		b.WriteByte(' ')
	}
	return b.String()
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

// oneLine joins the words of a text from elsewhere with blanks, and escapes what is no visible character.
func oneLine(text string) string { return printable.Line(strings.Join(strings.Fields(text), " ")) }

// shorten cuts a text to a number of characters, the last of which says so.
func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
