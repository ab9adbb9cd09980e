package load

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
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
	whole  *strings.Replacer
	begins []string // secrets that may be there in part
}

// newRedactor knows each secret as it is, and as the texts that it comes in write it.
func newRedactor(secrets []string) *redactor {
	var forms []string
	for _, secret := range secrets {
		if len(secret) < shortestSecret {
			continue
		}
		for _, form := range slices.Concat(written(secret), inBase64(secret)) {
			if len(form) >= shortestSecret && !slices.Contains(forms, form) {
				forms = append(forms, form)
			}
		}
	}
	// A secret may begin another: the longer one must be found first.
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	var (
		r     redactor
		pairs []string
	)
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
		if len(form) > shortestBegin {
			r.begins = append(r.begins, form)
		}
	}
	r.whole = strings.NewReplacer(pairs...)
	return &r
}

// written are the forms of a secret in which it can be read.
func written(secret string) []string {
	inJSON, _ := json.Marshal(secret) // of a text it never fails
	return []string{
		secret, string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret),
		strings.Join(strings.Fields(secret), " "),
	}
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

// redact takes every secret out, and what is left of one where the text was cut.
func (r *redactor) redact(text string) string {
	text = r.whole.Replace(text)
	for _, secret := range r.begins {
		text = withoutBeginning(text, secret)
	}
	return text
}

// withoutBeginning takes out the first characters of a secret where the text ends, or was cut, right behind them.
func withoutBeginning(text, secret string) string {
	from := 0
	for {
		i := strings.Index(text[from:], secret[:shortestBegin])
		if i < 0 {
			return text
		}
		from += i
		n := shortestBegin
		for n < len(secret) && from+n < len(text) && text[from+n] == secret[n] {
			n++
		}
		if rest := text[from+n:]; rest == "" || strings.HasPrefix(rest, "…") || strings.HasPrefix(rest, "..") {
			text = text[:from] + redacted + rest
			from += len(redacted)
			continue
		}
		from++
	}
}
