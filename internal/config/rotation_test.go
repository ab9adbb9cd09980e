package config

import (
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
)

func TestRotationSettings(t *testing.T) {
	r, err := parse(t, map[string]string{"WEBHOOK_SECRET_NEXT": "next-all", "WEBHOOK_SECRET_NEXT_TELEGRAM": "next-telegram"},
		"--gateway", "http://127.0.0.1:1/webchat/webhook", "-e", "WEBHOOK_SECRET=dev-web", "--rotation", "--sign-with", "25%", "--probe-rate", "0.5",
		"--next-secret-file", "webchat=/run/next", "--next-secret-file", "/run/a=b", "--next-secret-command", "whatsapp=vault kv get -field=next x", "--max-lost", "3", "--max-gap", "5s", "--refused-within", "90s")
	if err != nil {
		t.Fatal(err)
	}
	got := r.Rotation
	if !got.Armed || got.Signing != event.SignShare || got.Share != 0.25 || got.Rate != 0.5 || got.Limits != (rotation.Limits{Lost: 3, Gap: 5 * time.Second, Refused: 90 * time.Second}) {
		t.Errorf("rotation %+v", got)
	}
	want := []rotation.Source{
		rotation.Given{From: "env WEBHOOK_SECRET_NEXT", Secret: rotation.Secret{Value: "next-all"}},
		rotation.Given{From: "env WEBHOOK_SECRET_NEXT_TELEGRAM", Secret: rotation.Secret{Channel: "telegram", Value: "next-telegram"}},
		rotation.File{Channel: "webchat", Path: "/run/next"},
		rotation.File{Path: "/run/a=b"},
		rotation.Command{Channel: "whatsapp", Line: "vault kv get -field=next x", Every: time.Minute},
	}
	if len(got.Sources) != len(want) {
		t.Fatalf("sources %+v", got.Sources)
	}
	for i, s := range want {
		if got.Sources[i] != s {
			t.Errorf("source %d is %+v, want %+v", i, got.Sources[i], s)
		}
	}
	for _, o := range r.Origins {
		if strings.Contains(o.Value, "next-all") || strings.Contains(o.Value, "next-telegram") {
			t.Errorf("%s shows a secret", o.Name)
		}
	}
}

// A mistake is named with where it stands, and never with the secret.
func TestRotationMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"line break":     {map[string]string{"WEBHOOK_SECRET_NEXT": "canary\n"}, nil, "WEBHOOK_SECRET_NEXT has a line break"},
		"not filled in":  {map[string]string{"WEBHOOK_SECRET_NEXT_WEBCHAT": "${NEXT}"}, nil, "WEBHOOK_SECRET_NEXT_WEBCHAT looks like a variable that was not filled in"},
		"policy":         {nil, []string{"--sign-with", "both"}, "must be old, next, follow, or a share such as 25%"},
		"share":          {nil, []string{"--sign-with", "120%"}, "must be old, next"},
		"borrowed":       {nil, []string{"--next-secret-file", "automation=/x"}, "automation has no secret of its own: it is signed with that of webchat"},
		"rate":           {nil, []string{"--probe-rate", "1000"}, "must be a number from 0.1 to 10"},
		"nothing behind": {nil, []string{"--next-secret-command", "webchat="}, "must be a command line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.env, append([]string{"--gateway", "http://127.0.0.1:1/webchat/webhook", "-e", "WEBHOOK_SECRET=dev-web"}, c.args...)...)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "canary") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
