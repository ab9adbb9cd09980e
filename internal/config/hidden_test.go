package config

import (
	"slices"
	"strings"
	"testing"
)

func TestPasswordsInAddresses(t *testing.T) {
	for address, want := range map[string][]string{
		"user:canary@h:3128":           {"canary"},
		"http://user:canary@h:3128/":   {"canary"},
		"http://user:c@nary@h:3128":    {"c@nary"},
		"socks5://user:c%40nary@h":     {"c%40nary", "c@nary"},
		"http://user@h:3128":           nil,
		"h:3128":                       nil,
		"https://gw.example.org/a?b=c": nil,
	} {
		if got := passwordsIn(address); !slices.Equal(got, want) {
			t.Errorf("%s has the passwords %q, want %q", address, got, want)
		}
	}
}

// Whatever is done with a password that stands in an address, it is not shown: not where the settings are listed, not
// in a refusal, not in what others say of it.
func TestPasswordsOfProxiesAreSecrets(t *testing.T) {
	for _, address := range []string{"user:canary-pw@h:3128", "http://user:canary-pw@h:3128", "http://user:can@ry-pw@h:3128", "ftp://user:canary-pw@h", "http://user:canary-pw@h:port"} {
		environ := map[string]string{"GATEWAY_URL": "https://gw.example.org/webchat/webhook", "WEBHOOK_SECRET": "s3cret", "HTTPS_PROXY": address}
		r, err := Resolve(Input{LookupEnv: func(name string) (string, bool) { v, ok := environ[name]; return v, ok }})
		var shown strings.Builder
		for _, o := range r.Origins {
			shown.WriteString(o.Name + "=" + o.Value + "\n")
		}
		if err != nil {
			shown.WriteString(err.Error())
		}
		if strings.Contains(shown.String(), "ry-pw") {
			t.Errorf("%s: %s", address, shown.String())
		}
		if err == nil && strings.Contains(r.Options.Keys.Redact("proxy said canary-pw, can@ry-pw"), address[strings.Index(address, "can"):strings.LastIndex(address, "@")]) {
			t.Errorf("%s: the keyring does not know the password", address)
		}
	}
}

// Who is named in front of an address may be a token, with a scheme or without.
func TestUsersInAddressesAreNotShown(t *testing.T) {
	address, other := Setting{Name: httpsProxy}, Setting{Name: "fault"}
	for text, want := range map[string]string{
		"token@h:99":         "***@h:99",
		"https://token@h:99": "https://***@h:99",
		"https://h:99/?a=b":  "https://h:99/?***",
		"h:99":               "h:99",
	} {
		if got := shown(address, text); got != want {
			t.Errorf("%s is shown as %s, want %s", text, got, want)
		}
	}
	if got := shown(other, "llm_latency@1m,for=5s"); got != "llm_latency@1m,for=5s" {
		t.Errorf("a fault is shown as %s", got)
	}
}

func TestMistyped(t *testing.T) {
	args := []string{
		"run", "--fault", "WEBHOOK_SECRET=canary-1", "-eADMIN_TOKEN=canary-2", "--host=http://user:canary-3@h:80/x", "h:canary-4@example.org",
		"https://hooks.slack.com/services/T0/B0/canary-5", "--objective", "gateway_latency: p(95)<1500", "llm_latency@1m,for=5s", "--key=client.pem", "--vus", "5", "API_KEY=x",
	}
	if got, want := Mistyped(args), []string{"canary-1", "canary-2", "canary-3", "canary-4", "T0/B0/canary-5"}; !slices.Equal(got, want) {
		t.Errorf("%q may be secrets, want %q", got, want)
	}
}
