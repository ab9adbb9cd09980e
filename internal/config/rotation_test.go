package config

import (
	"reflect"
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

func TestRotationOnKubernetes(t *testing.T) {
	r, err := parse(t, nil, "--gateway", "http://127.0.0.1:1/webchat/webhook", "-e", "WEBHOOK_SECRET=dev-web", "--context", "staging", "--gateway-port", "8443", "--gateway-selector", "app=gateway",
		"--next-secret-kubernetes", "xin-staging/xin-channel-gateway-secrets:WEBHOOK_SECRET", "--next-secret-kubernetes", "telegram=xin-staging/a.b:token")
	if err != nil {
		t.Fatal(err)
	}
	want := KubernetesRotation{
		Context: "staging", Selector: "app=gateway", Port: 8443,
		Secrets: []SecretKey{{"", "xin-staging", "xin-channel-gateway-secrets", "WEBHOOK_SECRET"}, {"telegram", "xin-staging", "a.b", "token"}},
	}
	if got := r.Rotation.Kubernetes; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if warnings := strings.Join(r.Warnings, "; "); !r.Rotation.Wanted() || strings.Contains(warnings, "without a namespace") {
		t.Errorf("wanted %v, warnings %s", r.Rotation.Wanted(), warnings)
	}
	if r.Faults.Kubernetes.Namespace != "" {
		t.Error("a Secret that is read switches faults on")
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
		"no key":         {nil, []string{"--next-secret-kubernetes", "xin-staging/secrets"}, "must be a key of a Secret"},
		"no namespace":   {nil, []string{"--next-secret-kubernetes", "secrets:KEY"}, "must be a key of a Secret"},
		"no kubeconfig":  {nil, []string{"--next-secret-kubernetes", "a/b:c", "--kubeconfig", "/nowhere"}, "there is no /nowhere"},
		"no port":        {nil, []string{"--gateway-port", "0"}, "must be a port from 1 to 65535"},
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
