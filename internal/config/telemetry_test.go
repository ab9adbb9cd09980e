package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListenAddresses(t *testing.T) {
	for text, ok := range map[string]bool{":9464": true, ":0": true, "127.0.0.1:9464": true, "[::1]:1": true, "9464": false, "host": false, ":http": false, ":70000": false, "": false} {
		if got, err := parseListen(text); (err == nil) != ok || ok && got != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for addr, warned := range map[string]bool{":9464": false, "localhost:1": false, "127.0.0.1:1": false, "0.0.0.0:1": true, "example.org:1": true} {
		said := false
		Telemetry{MetricsAddr: addr}.warnings(func(string, ...any) { said = true })
		if said != warned {
			t.Errorf("%s: warned %v", addr, said)
		}
	}
}

// The webhook comes from the environment or a file, shows as a fingerprint, and reaches no text.
func TestSlackWebhook(t *testing.T) {
	const webhook = "https://hooks.slack.com/services/T0/B0/hunter2hunter2"
	file := filepath.Join(t.TempDir(), "webhook")
	if err := os.WriteFile(file, []byte(webhook+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lookup := func(values map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) {
			values["GATEWAY_URL"], values["WEBHOOK_SECRET"] = "http://127.0.0.1:1/webchat/webhook", "secret"
			text, ok := values[name]
			return text, ok
		}
	}
	for name, in := range map[string]Input{
		"environment": {LookupEnv: lookup(map[string]string{"SLACK_WEBHOOK_URL": webhook})},
		"file":        {LookupEnv: lookup(map[string]string{}), Flags: map[string][]string{"slack-webhook-file": {file}}},
		"both":        {LookupEnv: lookup(map[string]string{"SLACK_WEBHOOK_URL": "https://example.org/other"}), Flags: map[string][]string{"slack-webhook-file": {file}}},
	} {
		r, err := Resolve(in)
		if err != nil {
			t.Fatal(name, err)
		}
		if r.Telemetry.SlackWebhook.Reveal() != webhook {
			t.Errorf("%s: %s", name, r.Telemetry.SlackWebhook.Reveal())
		}
		for _, o := range r.Origins {
			if strings.Contains(o.Value, "hunter2") {
				t.Errorf("%s: %s shows the webhook", name, o.Name)
			}
		}
		for _, text := range []string{webhook, `Post "` + webhook + `": EOF`, "no route to /services/T0/B0/hunter2hunter2"} {
			if got := r.Options.Keys.Redact(text); strings.Contains(got, "hunter2") {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	for _, wrong := range []string{"hooks.slack.com/hunter2", "http://example.org/hunter2", "https://user@example.org/hunter2"} {
		_, err := Resolve(Input{LookupEnv: lookup(map[string]string{"SLACK_WEBHOOK_URL": wrong})})
		if err == nil || !strings.Contains(err.Error(), "must be the https URL of an incoming webhook") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if _, err := Resolve(Input{LookupEnv: lookup(map[string]string{}), Flags: map[string][]string{"slack-webhook-file": {file + ".none"}}}); err == nil {
		t.Error("a file that is not there was read")
	}
}
