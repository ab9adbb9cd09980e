package load

import (
	"encoding/base64"
	"html"
	"slices"
	"strconv"
	"strings"
)

// Bounds of what is redacted, in bytes: ordinary words have shorter secrets in them, and those protect nothing.
const (
	shortestSecret = 4
	shortestBegin  = 6 // of a secret that is cut off
	shortestBase64 = 8
)

// redacted stands in the place of a secret.
const redacted = "(secret)"

// redactor takes secrets out of texts.
type redactor struct {
	whole *strings.Replacer
	forms [256][]string // by their first byte, the longest first: a secret may begin another
}

// newRedactor knows each secret as it is, with single blanks and in Base64, and any of these as the texts that it comes in
// escape it.
func newRedactor(secrets []string) *redactor {
	var (
		r     redactor
		forms []string
	)
	for _, secret := range secrets {
		if len(secret) < shortestSecret {
			continue
		}
		for _, form := range append(inBase64(secret), secret, strings.Join(strings.Fields(secret), " ")) {
			if len(form) >= shortestSecret && !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
		r.forms[form[0]] = append(r.forms[form[0]], form)
	}
	r.whole = strings.NewReplacer(pairs...)
	return &r
}

// inBase64 are the forms of a secret within a longer text that is written in Base64 (RFC 4648), such as the user and the
// password of HTTP's basic authentication or a Secret of Kubernetes: three, as three bytes become four characters. The
// characters that also hold bits of what stands before or behind are none of them.
func inBase64(secret string) (forms []string) {
	for before := range 3 {
		text := append(make([]byte, before), secret...)
		first, end := (before*8+5)/6, len(text)*8/6
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if form := encoding.EncodeToString(text)[first:end]; len(form) >= shortestBase64 {
				forms = append(forms, form)
			}
		}
	}
	return forms
}

// redact takes every secret out, however its characters are escaped, and what is left of one where the text was cut.
func (r *redactor) redact(text string) string {
	text = r.whole.Replace(text) // as it is: nearly always, and fast
	var clean strings.Builder
	from := 0 // of what is not yet in clean
	for i := 0; i < len(text); i++ {
		if n := r.secretIn(text[i:]); n > 0 {
			clean.WriteString(text[from:i])
			clean.WriteString(redacted)
			i, from = i+n-1, i+n
		}
	}
	if from == 0 {
		return text
	}
	return clean.String() + text[from:]
}

// secretIn returns how many bytes of a text spell a secret to its end, or to where the text was cut; 0 when they spell none.
func (r *redactor) secretIn(text string) int {
	first := text[0]
	for _, form := range r.forms[first] {
		if n := spelledOut(text, form); n > 0 {
			return n
		}
	}
	if char, size := unescaped(text); size > 0 && char[0] != first {
		for _, form := range r.forms[char[0]] {
			if n := spelledOut(text, form); n > 0 {
				return n
			}
		}
	}
	return 0
}

// spelledOut returns how many bytes of a text spell a secret to its end, or to where the text was cut.
func spelledOut(text, secret string) int {
	n, of := spelled(text, secret)
	if of == len(secret) || of >= shortestBegin && isCut(text[n:]) {
		return n
	}
	return 0
}

// spelled returns how many bytes of a text spell a beginning of a secret, each character as it is or escaped, and how long
// this beginning is.
func spelled(text, secret string) (n, of int) {
	for n < len(text) && of < len(secret) {
		char, size := unescaped(text[n:])
		switch {
		case size > 0 && strings.HasPrefix(secret[of:], char):
			n, of = n+size, of+len(char)
		case text[n] == secret[of]:
			n, of = n+1, of+1
		default:
			return n, of
		}
	}
	return n, of
}

// escapes are the bytes that escaped characters begin with.
const escapes = `%+\&`

// longestEntity bounds the name of a character in HTML.
const longestEntity = 10

// unescaped is the character that a text begins with when it is escaped, and how many bytes that takes; 0 when it is not: as in URLs
// (RFC 3986, and the blank of forms), in JSON and Go, or in HTML.
func unescaped(text string) (char string, size int) {
	switch text[0] {
	case '+':
		return " ", 1
	case '%':
		if len(text) >= 3 {
			if b, err := strconv.ParseUint(text[1:3], 16, 8); err == nil {
				return string([]byte{byte(b)}), 3
			}
		}
	case '\\':
		if strings.HasPrefix(text, `\/`) {
			return "/", 2
		}
		r, multibyte, tail, err := strconv.UnquoteChar(text, '"')
		switch {
		case err != nil:
		case multibyte:
			return string(r), len(text) - len(tail)
		default:
			return string([]byte{byte(r)}), len(text) - len(tail)
		}
	case '&':
		if end := strings.IndexByte(text[:min(len(text), longestEntity)], ';'); end > 0 {
			if plain := html.UnescapeString(text[:end+1]); plain != text[:end+1] {
				return plain, end + 1
			}
		}
	}
	return "", 0
}

// isCut reports whether a text was cut where this rest of it begins, maybe within an escaped character.
func isCut(rest string) bool {
	if rest != "" && strings.IndexByte(escapes, rest[0]) >= 0 {
		rest = strings.TrimLeft(rest[1:], "#0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	}
	return rest == "" || strings.HasPrefix(rest, "…") || strings.HasPrefix(rest, "..")
}
