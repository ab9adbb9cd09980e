package load

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
)

func TestRedactorKnowsEveryForm(t *testing.T) {
	r := newRedactor([]string{"hush-\"quoted\" & long", "s p a  c e d", "ab", "short"})
	for text, want := range map[string]string{
		`it is hush-"quoted" & long.`:               "it is (secret).",
		`{"a":"hush-\"quoted\" \u0026 long"}`:       `{"a":"(secret)"}`,
		"?k=hush-%22quoted%22+%26+long&b=1":         "?k=(secret)&b=1",
		"/hush-%22quoted%22%20&%20long/":            "/(secret)/",
		"s p a c e d":                               "(secret)",
		"<p>hush-&#34;quoted&#34; &amp; long</p>":   "<p>(secret)</p>",
		"/hush-%22quoted%22%20%26 long":             "/(secret)",
		"/hush%2d\"quoted%22+&amp; long":            "/(secret)",
		`\u0068ush-\"quoted\" & long`:               "(secret)",
		"/hush-%22quo…":                             "/(secret)…",
		"/hush-%22quoted%2…":                        "/(secret)%2…",
		"100 % of hush-%":                           "100 % of hush-%",
		"cut: hush-\"quo…":                          "cut: (secret)…",
		"cut: hush-\"quo..":                         "cut: (secret)..",
		"cut: hush-\"quo":                           "cut: (secret)",
		"hush-\"quo is another word":                "hush-\"quo is another word",
		"hush- hush-\"quo… hush-\"q":                "hush- (secret)… (secret)",
		"ab is too few to be told from words, shor": "ab is too few to be told from words, shor",
		"a short one":                               "a (secret) one",
		"":                                          "",
	} {
		if got := r.redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// A Secret of Kubernetes and the header of basic authentication are in Base64, with something before and behind.
func TestRedactorKnowsBase64(t *testing.T) {
	const secret = "hush?hush>secret"
	r := newRedactor([]string{secret})
	for before := range 7 {
		for behind := range 4 {
			for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
				text := encoding.EncodeToString([]byte("abcdefg"[:before] + secret + "xyz1"[:behind]))
				got := r.redact("Basic " + text + " end")
				// What holds bits of both the secret and its neighbour stays: a character on each side.
				rest := len(strings.TrimRight(got, "= end")) - len("Basic ") - len(redacted)
				if most := (before*8+5)/6 + (behind*8+5)/6 + 1; !strings.Contains(got, redacted) || rest > most {
					t.Errorf("%d bytes before and %d behind: %q became %q", before, behind, text, got)
				}
			}
		}
	}
}

func FuzzRedactor(f *testing.F) {
	f.Add("hush-hush-secret", "a hush-hush-secret b", 9)
	f.Fuzz(func(t *testing.T, secret, text string, cut int) {
		if len(secret) < shortestBegin || strings.Contains(redacted, secret[:shortestBegin]) {
			return
		}
		r := newRedactor([]string{secret})
		whole := r.redact(text + secret)
		if marks := redacted + redacted; strings.Contains(whole, secret) && !strings.Contains(marks, secret) {
			t.Errorf("%q is left in %q", secret, whole)
		}
		escaped := url.QueryEscape(secret)
		if got := r.redact("x " + escaped); strings.HasSuffix(got, escaped) && !strings.HasSuffix(redacted, escaped) {
			t.Errorf("%q is left in %q", escaped, got)
		}
		if cut >= shortestBegin && cut < len(secret) {
			if got := r.redact("x " + secret[:cut] + "…"); strings.HasSuffix(got, secret[:cut]+"…") {
				t.Errorf("%d bytes of %q are left: %q", cut, secret, got)
			}
		}
	})
}
