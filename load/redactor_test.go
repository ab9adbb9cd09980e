package load

import (
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
		if cut >= shortestBegin && cut < len(secret) {
			if got := r.redact("x " + secret[:cut] + "…"); strings.HasSuffix(got, secret[:cut]+"…") {
				t.Errorf("%d bytes of %q are left: %q", cut, secret, got)
			}
		}
	})
}
