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
