package load

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"xinbot.ir/squall/load/metric"
)

func TestAnswerWords(t *testing.T) {
	for _, c := range []struct{ location, retry, kind, body, want string }{
		{body: `{"detail":"signature mismatch"}`, want: "signature mismatch"},
		{body: `{"detail":[{"loc":["body","message"],"msg":"field required"}]}`, want: "field required"},
		{body: `{"detail":{"code":7}}`, want: `{"code":7}`},
		{body: `{"message":"no","error":"other"}`, want: "no"},
		{body: `{"status":"rejected"}`, want: "rejected"},
		{body: `{}`, want: "an object with nothing in it"},
		{body: `{"token":"hush","ok":true}`, want: "an object with ok, token"},
		{kind: "text/html", body: "<title>cut off", want: "a web page without a title"},
		{kind: "text/html", body: "<titles>no</titles><", want: "a web page without a title"},
		{kind: "text/plain", body: "upstream\r\n  is \x1b[2Jaway\u202e", want: `upstream is \x1b[2Jaway\u202e`},
		{kind: "text/html", body: "<html>Bad Gateway", want: "a web page without a title"},
		{body: "\n<!DOCTYPE html>", want: "a web page without a title"},
		{kind: "text/html", body: "", want: ""},
		{kind: "text/html", body: "<HTML><TITLE lang=en>Sign\nin</TITLE>", want: "a web page: Sign in"},
		{kind: "text/html; charset=utf-8", body: "<html><title></title><body><h1 class=x>502 <b>Bad</b> Gateway</h1>", want: "a web page: 502 Bad Gateway"},
		{location: "https://h/", want: "Location: https://h/"},
		{location: "https://h", want: "Location: https://h"},
		{location: "/login?token=hush#hush", want: "Location: /login?…"},
		{location: "https://h/a?user=me@hush", want: "Location: https://h/a?…"},
		{body: `{"detail":{"status":"accepted"},"status":"rejected"}`, want: "rejected"},
		{kind: "text/html", body: "<html><head><title>502 Bad &amp; Gateway</title>", want: "a web page: 502 Bad & Gateway"},
		{location: "https://me:hush@h:1/a", want: "Location: https://h:1/a"},
		{retry: "30", body: `{"detail":"slow down"}`, want: "slow down; Retry-After: 30"},
		{body: strings.Repeat("é", 200), want: strings.Repeat("é", 119) + "…"},
	} {
		if got := answerWords(c.location, c.retry, c.kind, []byte(c.body), asIs); got != c.want {
			t.Errorf("%+v says %q", c, got)
		}
	}
}

func FuzzAnswerWords(f *testing.F) {
	f.Add("https://me:hush@h/", "1", "text/plain", []byte(`{"detail":"\u001b"}`))
	f.Add("//@", "", "", []byte("{"))
	f.Fuzz(func(t *testing.T, location, retry, kind string, body []byte) {
		words := answerWords(location, retry, kind, body, asIs)
		if !utf8.ValidString(words) || utf8.RuneCountInString(words) > longestWords || strings.ContainsFunc(words, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("says %q", words)
		}
	})
}

// What the platform says of a failure reaches the error table, without a secret that it repeats.
func TestPlatformsWordsAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		answer, want string
		class        metric.ErrorClass
	}{
		"401":    {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 31\r\n\r\n{\"detail\":\"signature mismatch\"}", "signature mismatch", metric.BadStatus},
		"308":    {"HTTP/1.1 308 Permanent Redirect\r\nLocation: https://me:hush@h/\r\nContent-Length: 0\r\n\r\n", "Location: https://h/", metric.BadStatus},
		"secret": {"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\nwe use dev-webchat", "we use (secret)", metric.BadStatus},
		"page":   {"HTTP/1.1 202 Accepted\r\nContent-Type: text/html\r\nContent-Length: 29\r\n\r\n<html><body>ok</body></html>\n", "a web page without a title", metric.BadBody},
		"body":   {"HTTP/1.1 202 Accepted\r\nContent-Length: 21\r\n\r\n{\"status\":\"rejected\"}", "rejected", metric.BadBody},
	} {
		t.Run(name, func(t *testing.T) {
			server := newWireServer(t, answerWith(c.answer))
			out := sendOne(newTestGateway(t, testOptions(server.url())), Webchat)
			if out.Class != c.class || out.Detail != c.want {
				t.Errorf("class %s says %q, want %s and %q", out.Class, out.Detail, c.class, c.want)
			}
		})
	}
}

func asIs(text string) string { return text }

// A secret that the bound of the words cuts would not be known any more: it is taken out before.
func TestAnswerWordsCutNoSecret(t *testing.T) {
	secret := "wh-" + strings.Repeat("s3cr#t", 30)
	keys := new(Keyring)
	keys.Hide(secret)
	for _, c := range []struct{ location, retry, kind, body string }{
		{body: `{"detail":"token not accepted: Bearer ` + secret + `"}`},
		{body: `{"detail":"` + strings.Repeat("p", 110) + secret + `"}`},
		{kind: "text/plain", body: strings.Repeat(" ", longestRead-20) + secret},
		{kind: "text/html", body: "<title>" + secret + "</title>"},
		{location: "https://h/" + secret + "/x"},
		{location: "https://h/" + url.PathEscape(secret)},
		{retry: secret},
	} {
		body := []byte(c.body)
		if got := answerWords(c.location, c.retry, c.kind, body, keys.Redact); strings.Contains(got, secret[:shortestBegin]) || got == "" {
			t.Errorf("%+v says %q", c, got)
		}
	}
}
