package config

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/load"
)

const twoTargets = `default_target: staging
targets:
  staging:
    gateway:
      url: https://gateway.staging.example.org/webchat/webhook
    orchestrator:
      url: https://api.staging.example.org
    admin_token: ${STAGING_TOKEN}
    secrets:
      webchat: ${STAGING_WEB}
      telegram: plain-token
      instagram: of-instagram
      whatsapp: of-whatsapp
    channels:
      instagram:
        header: X-Hub-Signature-256
        algorithm: hmac-sha256
        prefix: sha256=
    workload: mix.yaml
    load:
      think: 1s-3s
      timeout: 3s
    objectives:
      - gateway_latency: p(95)<800
      - "http_req_failed: rate<0.05"
    stop_rules:
      - gateway_latency: p(95)>3000 for 10s
    tls:
      insecure_skip_verify: true
  prod-like:
    protected: true
    gateway: {url: "https://gateway.example.org/webchat/webhook"}
    secrets: {webchat: "${PROD_WEB}"}
`

const mix = `tenants:
  - id: 11111111-1111-4111-8111-111111111115
    brands:
      - brand_id: 22222222-2222-4222-8222-222222222221
        channel_id: 33333333-3333-4333-8333-333333333331
channels: {instagram: {header: X-Of-The-Workload, encoding: base64}}
`

func TestTargets(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "squall.yaml")
	writeFile(t, path, twoTargets)
	writeFile(t, filepath.Join(dir, "mix.yaml"), mix)
	t.Chdir(t.TempDir()) // files are found beside squall.yaml, not where we stand

	r := mustParse(t, map[string]string{"STAGING_TOKEN": "a.b.c", "STAGING_WEB": secretText}, "--config", path)
	if r.Target != "staging" {
		t.Errorf("target = %q, want the default target", r.Target)
	}
	if got := r.Options.Gateway[load.WhatsApp].String(); got != "https://gateway.staging.example.org/whatsapp/webhook" {
		t.Errorf("whatsapp goes to %s", got)
	}
	if k := r.Options.Keys; k.Key(load.Webchat).Current != secretText || k.Key(load.Telegram).Current != "plain-token" || k.Key(load.Instagram).Current != "of-instagram" {
		t.Error("secrets are mixed up")
	}
	if r.Options.Keys.Token() != "a.b.c" || r.Options.Timeout != 3*time.Second || r.Settings.Think.Min != time.Second {
		t.Errorf("options %v %v", r.Options.Timeout, r.Settings.Think)
	}
	if c := r.Options.Workload.Channels[load.Instagram]; c.Header != "X-Hub-Signature-256" || c.Algorithm != load.HMACSHA256 || c.Encoding != load.Base64 {
		t.Errorf("instagram = %+v, want the target's header over the workload's", c)
	}
	if len(r.Objectives) != 2 || r.Objectives[0].Bound != 800 || r.Objectives[1].Metric != "http_req_failed" {
		t.Errorf("objectives %v", r.Objectives)
	}
	if len(r.StopRules) != 1 || r.StopRules[0].For != 10*time.Second {
		t.Errorf("stop rules %v", r.StopRules)
	}
	if r.Options.TLS == nil || !r.Options.TLS.InsecureSkipVerify {
		t.Error("tls.insecure_skip_verify is lost")
	}
	if o := r.origin(adminToken); o.Source != path+":8 (env STAGING_TOKEN)" || strings.Contains(o.Value, "a.b.c") {
		t.Errorf("origin = %+v", o)
	}
	if o := r.origin(targetName); o.Value != "staging" || !strings.Contains(o.Source, "default_target") {
		t.Errorf("origin = %+v", o)
	}

	r = mustParse(t, map[string]string{"PROD_WEB": "x"}, "--config", path, "--target", "prod-like", "--confirm", "prod-like", "--objective", "gateway_latency: p(99)<9")
	if r.Target != "prod-like" || len(r.Objectives) != 1 || r.Options.Keys.Token() != "" {
		t.Errorf("target %q, objectives %v", r.Target, r.Objectives)
	}
	if got := TargetNames(path); strings.Join(got, " ") != "staging prod-like" {
		t.Errorf("names = %v", got)
	}

	_, err := parse(t, nil, "--config", path)
	if err == nil || !strings.Contains(err.Error(), path+":8: admin_token: ${STAGING_TOKEN} is not set: export STAGING_TOKEN") {
		t.Errorf("error = %v", err)
	}
}

// TestFileProblems checks that mistakes in squall.yaml are named with file, line and key.
func TestFileProblems(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"no targets":     {"default_target: x", []string{"squall.yaml:1: targets: is missing", `default_target: there is no target "x"`}},
		"unknown top":    {"targets: {}\nprofiles: {}", []string{"squall.yaml:2: profiles: unknown key: accepted here are default_target, publish and targets"}},
		"unknown key":    {"targets:\n  a:\n    namespace: xin-prod", []string{"squall.yaml:3: targets.a.namespace: unknown key: accepted here are admin_token, admin_token_file, channels, chaos, expectations, faults, gateway, kubernetes, load"}},
		"unknown nested": {"targets:\n  a:\n    load:\n      users: 5", []string{"squall.yaml:4: targets.a.load.users: unknown key"}},
		"flags alone":    {"targets: {a: {out: x}}", []string{"targets.a.out: unknown key"}},
		"name":           {"targets: {'a/b': {}}", []string{"targets.a/b: is no name for a target"}},
		"not a mapping":  {"targets: {a: 5}", []string{"targets.a: is the number 5: must be a mapping"}},
		"a list":         {"targets: {a: {load: {vus: [1]}}}", []string{"targets.a.load.vus: is a list: must be a whole number"}},
		"null":           {"targets: {a: {admin_token: }}", []string{"targets.a.admin_token: is empty: must be a secret"}},
		"variable":       {"targets: {a: {gateway: {url: '${GATEWAY}'}}}", []string{"targets.a.gateway.url: holds ${..}, which is accepted for secrets only: write the value here, or leave the key out and set GATEWAY_URL"}},
		"half variable":  {"targets: {a: {admin_token: 'x${TOKEN}'}}", []string{"targets.a.admin_token: mixes ${..} with other text"}},
		"channel":        {"targets: {a: {channels: {sms: {}}}}", []string{"targets.a.channels.sms: unknown key"}},
		"default":        {"default_target: c\ntargets: {a: {}, b: {}}", []string{`squall.yaml:1: default_target: there is no target "c": targets are a and b`}},
		"objectives":     {"targets: {a: {objectives: 5}}", []string{"targets.a.objectives: is the number 5: must be a list"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseFile("squall.yaml", []byte(c.text))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is\n%v\nwant it to say %q", err, want)
				}
			}
		})
	}
}

func TestExampleFile(t *testing.T) {
	path := filepath.Join(repository(t), "examples", "squall.yaml")
	f, err := readFile(nil, path, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.names() {
		environ := map[string]string{}
		for _, value := range f.find(name).values {
			if m := reference.FindStringSubmatch(value.texts[0]); m != nil {
				environ[m[1]] = "x"
			}
		}
		if _, err := parse(t, environ, "--config", path, "--target", name, "--confirm", name); err != nil {
			t.Errorf("target %s: %v", name, err)
		}
	}
}

// repository is the root of the checkout; to be asked before a test changes its directory.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func FuzzParseFile(f *testing.F) {
	for _, seed := range []string{twoTargets, "", "{}", "targets: {a: {objectives: [a: b, {}, [1]]}}", "targets: &a {b: *a}", "targets: {a: {secrets: {webchat: '${'}}}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := parseFile("squall.yaml", data)
		if err != nil {
			return
		}
		for _, target := range parsed.targets {
			for name, value := range target.values {
				if !find(name).InFile {
					t.Errorf("accepted key %s", name)
				}
				if len(value.texts) == 0 && !find(name).List {
					t.Errorf("key %s has no value", name)
				}
			}
		}
	})
}
