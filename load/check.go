package load

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/valyala/fasthttp"
)

// isAccepted reports whether a gateway's answer is a JSON object whose member status is "accepted". A compressed body
// is read, a malformed one accepts nothing. Of a member that is there twice the last counts, as with encoding/json.
func isAccepted(answer *fasthttp.Response) bool {
	body := answer.Body()
	if encoding := answer.Header.ContentEncoding(); len(encoding) > 0 && string(encoding) != "identity" {
		var err error
		if body, err = answer.BodyUncompressedWithLimit(maxAnswer); err != nil {
			return false
		}
	}
	return saysAccepted(body)
}

// saysAccepted does without [json.Unmarshal], which would allocate for every message.
func saysAccepted(body []byte) bool {
	if !json.Valid(body) {
		return false
	}
	rest, object := bytes.CutPrefix(skipSpace(body), []byte("{"))
	if !object {
		return false
	}
	accepted := false
	for rest = skipSpace(rest); rest[0] != '}'; {
		var key, value []byte
		key, rest = cutValue(rest)
		rest = skipSpace(skipSpace(rest)[1:]) // the colon
		value, rest = cutValue(rest)
		if isText(key, "status") {
			accepted = isText(value, "accepted")
		}
		if rest = skipSpace(rest); rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
	}
	return accepted
}

// skipSpace is valid JSON without the blanks at its beginning.
func skipSpace(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// cutValue cuts the value that valid JSON begins with.
func cutValue(b []byte) (value, rest []byte) {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':', ' ', '\t', '\r', '\n':
			continue
		default: // within a number or a word
			if i+1 < len(b) && strings.IndexByte(",}] \t\r\n", b[i+1]) < 0 {
				continue
			}
		}
		if depth == 0 {
			return b[:i+1], b[i+1:]
		}
	}
	return b, nil
}

// isText reports whether a JSON value is a string of a text.
func isText(value []byte, text string) bool {
	if bytes.IndexByte(value, '\\') < 0 {
		return len(value) == len(text)+2 && value[0] == '"' && string(value[1:len(value)-1]) == text
	}
	var s string
	return json.Unmarshal(value, &s) == nil && s == text
}
