package config

import (
	"strings"
	"testing"

	"xinbot.ir/squall/load"
)

func TestDoubtOf(t *testing.T) {
	for secret, want := range map[string]string{
		"": "", "dev-web": "", "$2y$10$abc": "", "a\"b": "", "'": "", "naïve": "",
		"dev-web\n": "has a line break", "dev-web\r\n": "has a line break", "a\nb": "has a line break",
		"dev-web ": "begins or ends with a blank", "\tdev-web": "begins or ends with a blank",
		`"dev-web"`: "is in quotes", "'dev-web'": "is in quotes", "\ufeffdev-web": "begins with a byte order mark",
		"${WEBHOOK_SECRET}": "looks like a variable that was not filled in", "$SECRET": "looks like a variable that was not filled in",
		"pre-${X}": "looks like a variable that was not filled in", "{{ .Values.secret }}": "looks like a variable that was not filled in",
		"a\x00b": "has a control character", "a\tb": "has a control character",
		"abc def": "has a blank in it", "p@ss word$": "has a blank in it", "abc\u00a0def": "has a blank in it",
		"abc\u200bdef": "has an invisible character", "abc\u202edef": "has an invisible character", "abcdef\ufeff": "has an invisible character",
	} {
		if got := load.Doubt(secret); got != want {
			t.Errorf("%q %q, want %q", secret, got, want)
		}
	}
}

// A doubtful secret is named by its source and goes on; one that cannot be sent is refused. Neither is shown.
func TestDoubtfulSecrets(t *testing.T) {
	with := func(name, value string) Input {
		environ := map[string]string{"GATEWAY_URL": "http://127.0.0.1:1/webchat/webhook", "WEBHOOK_SECRET": "s3cret", name: value}
		return Input{LookupEnv: func(name string) (string, bool) { v, ok := environ[name]; return v, ok }}
	}
	for value, doubt := range map[string]string{"canary\n": "has a line break", "canary bird": "has a blank in it"} {
		resolved, err := Resolve(with("WEBHOOK_SECRET", value))
		if err != nil {
			t.Fatal(err)
		}
		want := "env WEBHOOK_SECRET " + doubt + ": it is used as it stands"
		if all := strings.Join(resolved.Warnings, "\n"); !strings.Contains(all, want) || strings.Contains(all, "canary") {
			t.Errorf("warnings %s, want %q", all, want)
		}
	}
	for _, name := range []string{"ADMIN_TOKEN", "WEBHOOK_SECRET_TELEGRAM"} {
		in := with(name, "canary\n")
		_, err := Resolve(in)
		if want := "env " + name + " has a line break: a header cannot hold it"; err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
