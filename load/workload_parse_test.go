package load

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"
)

const minimal = `tenants:
  - id: 11111111-1111-4111-8111-111111111111
    brands:
      - brand_id: 22222222-2222-4222-8222-222222222221
        channel_id: 33333333-3333-4333-8333-333333333331
`

func TestExampleWorkloadAsYAMLAndAsJSON(t *testing.T) {
	path := filepath.Join("..", "examples", "workload_mix.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fromYAML, err := ParseWorkload(path, data)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(fromYAML.Tenants); got != 2 {
		t.Errorf("tenants = %d, want 2", got)
	}
	outlet := fromYAML.Tenants[0].Brands[1].Channels
	if want := (Weights{Webchat: 1, Instagram: 6, WhatsApp: 3}); outlet != want {
		t.Errorf("second brand's weights = %v, want %v", outlet, want)
	}
	if got := fromYAML.Message.Headers["X-Load-Test"]; got != "squall" {
		t.Errorf("header = %q", got)
	}

	// The same file as yq -o=json writes it, once indented and once with tabs.
	var tree any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	for _, indent := range []string{"", "  ", "\t"} {
		text, err := json.MarshalIndent(tree, "", indent)
		if err != nil {
			t.Fatal(err)
		}
		fromJSON, err := ParseWorkload(path, text)
		if err != nil {
			t.Fatalf("indent %q: %v", indent, err)
		}
		if a, b := asJSON(t, fromYAML), asJSON(t, fromJSON); a != b {
			t.Errorf("indent %q: JSON reads as\n%s\nwant\n%s", indent, b, a)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDefaults(t *testing.T) {
	w, err := ParseWorkload("w.yaml", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	want := DefaultWorkload()
	if w.Ingestion != want.Ingestion || w.Automation != want.Automation || w.Rules != want.Rules {
		t.Errorf("plans = %+v %+v %+v, want the defaults", w.Ingestion, w.Automation, w.Rules)
	}
	brand := w.Tenants[0].Brands[0]
	if brand.Channels != DefaultMix() {
		t.Errorf("weights = %v, want the default mix", brand.Channels)
	}
	if brand.Name != brand.BrandID {
		t.Errorf("name = %q, want the brand id", brand.Name)
	}
	if w.Source != "w.yaml" {
		t.Errorf("source = %q", w.Source)
	}
	if sum := w.Tenants[0].Brands[0].Channels.Normalised(); math.Abs(sum[Webchat]-0.4) > 1e-9 {
		t.Errorf("webchat share = %v", sum[Webchat])
	}
}

// TestDefaultWorkloadIsValid holds the built-in workload to the parser's own rules.
func TestDefaultWorkloadIsValid(t *testing.T) {
	w := DefaultWorkload()
	seen := map[string]bool{}
	once := func(id string) {
		if seen[id] || uuid.Validate(id) != nil {
			t.Errorf("id %s is used twice, or is no UUID", id)
		}
		seen[id] = true
	}
	for _, tenant := range w.Tenants {
		once(tenant.ID)
		for _, b := range tenant.Brands {
			if err := b.Channels.Validate(); err != nil {
				t.Error(err)
			}
			once(b.BrandID)
			once(b.ChannelID)
		}
	}
	// What seeded environments have, and the k6 script sends: contract, section 2.
	for _, id := range []string{"11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222", "66666666-6666-6666-6666-666666666666"} {
		if !seen[id] {
			t.Errorf("the built-in workload lacks %s", id)
		}
	}
}

func TestOverrides(t *testing.T) {
	w, err := ParseWorkload("w.yaml", []byte(minimal+`
automation: {webhook_ratio: 1}
messages:
  texts: ["smile \ud83d\ude00"]
channels:
  webchat: {path: /hooks/web, header: X-Signature}
  automation: {header: X-Automation}
  instagram: {header: X-Hub-Signature-256, algorithm: hmac-sha256, prefix: sha256=}
  whatsapp: {prefix: ""}
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Message.Texts[0]; got != "smile 😀" {
		t.Errorf("text = %q", got)
	}
	if a := w.Automation; a.WebhookRatio != 1 || a.CRMRatio != 0 || a.EmailRatio != 0 {
		t.Errorf("a single ratio gives %+v, want the others 0", a)
	}
	if c := w.Channels[AutomationMessage]; c.Path != "/hooks/web" || c.Header != "X-Automation" {
		t.Errorf("automation travels as %s with %s, want webchat's path and its own header", c.Path, c.Header)
	}
	if c := w.Channels[Instagram]; c.Algorithm != HMACSHA256 || c.Encoding != Hex || c.Prefix != "sha256=" {
		t.Errorf("instagram = %+v", c)
	}
}

// TestProblems checks that a mistake is named with file, line, field and what is accepted.
func TestProblems(t *testing.T) {
	brand := "\n      - brand_id: 22222222-2222-4222-8222-222222222229\n        channel_id: 33333333-3333-4333-8333-333333333339\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":           {"", []string{"w.yaml:1: the file is empty"}},
		"only a comment":  {"# hello\n", []string{"w.yaml:1: the file is empty"}},
		"not YAML":        {"tenants: [", []string{"w.yaml:1: not YAML or JSON"}},
		"a list":          {"- 1", []string{"w.yaml:1: is a list: must be a mapping"}},
		"second document": {minimal + "---\n{}\n", []string{"w.yaml:6: a second document"}},
		"no tenants":      {"ingestion: {jobs_per_minute: 1}", []string{"w.yaml:1: tenants: is missing"}},
		"empty tenants":   {"tenants: []", []string{"w.yaml:1: tenants: has no tenant"}},
		"null tenants":    {"tenants:\n", []string{"w.yaml:1: tenants: is empty: must be a list"}},
		"unknown key": {minimal + "injestion: {}\n", []string{
			"w.yaml:6: injestion: unknown key: accepted here are automation, channels, ingestion, messages, rules and tenants",
		}},
		"key twice":     {minimal + "rules: {}\nrules: {}\n", []string{"w.yaml:7: rules: stands twice, first in line 6"}},
		"merged number": {"<<: 7\n" + minimal, []string{"w.yaml:1: <<: is the number 7: only other mappings can be merged"}},
		"bad UUID":      {strings.Replace(minimal, "11111111-1111", "11111111_1111", 1), []string{"w.yaml:2: tenants[0].id: is \"11111111_1111-4111-8111-111111111111\": must be a UUID such as"}},
		"braced UUID":   {strings.Replace(minimal, "11111111-1111-4111-8111-111111111111", "'{11111111-1111-4111-8111-111111111111}'", 1), []string{"must be a UUID"}},
		"UUID a number": {strings.Replace(minimal, "11111111-1111-4111-8111-111111111111", "5", 1), []string{"tenants[0].id: is the number 5: must be text: put it in quotes"}},
		"no brands":     {"tenants: [{id: 11111111-1111-4111-8111-111111111111}]", []string{"tenants[0].brands: is missing"}},
		"empty brands":  {"tenants: [{id: 11111111-1111-4111-8111-111111111111, brands: []}]", []string{"tenants[0].brands: has no brand"}},
		"same tenant":   {minimal + strings.TrimPrefix(strings.Replace(minimal, "222222222221", "222222222229", 1), "tenants:\n"), []string{"w.yaml:6: tenants[1].id: 11111111-1111-4111-8111-111111111111 was used before, in line 2"}},
		"same brand":    {minimal + strings.TrimPrefix(strings.Replace(minimal, "111111111111", "111111111119", 1), "tenants:\n"), []string{"w.yaml:8: tenants[1].brands[0].brand_id: 22222222-2222-4222-8222-222222222221 was used before, in line 4"}},
		"same, in caps": {strings.ReplaceAll(minimal, "222222222221", "22222222aaaa") + "      - brand_id: 22222222-2222-4222-8222-22222222AAAA\n        channel_id: 33333333-3333-4333-8333-333333333331\n", []string{"tenants[0].brands[1].brand_id: 22222222-2222-4222-8222-22222222aaaa was used before"}},
		"negative":      {minimal + "        channels:\n          webchat: -0.4\n", []string{"w.yaml:7: tenants[0].brands[0].channels.webchat: is -0.4: must be a number from 0 to"}},
		"all zero":      {minimal + "        channels: {webchat: 0, telegram: 0.0}\n", []string{"w.yaml:6: tenants[0].brands[0].channels: all weights are zero"}},
		"no weights":    {minimal + "        channels: {}\n", []string{"all weights are zero"}},
		"not a number":  {minimal + "        channels: {webchat: .nan}\n", []string{"channels.webchat: is .nan: must be a number"}},
		"infinite":      {minimal + "        channels: {webchat: .inf}\n", []string{"channels.webchat: is .inf: must be a number"}},
		"weight a text": {minimal + "        channels: {webchat: '0.4'}\n", []string{"channels.webchat: is \"0.4\": must be a number"}},
		"channel":       {minimal + "        channels: {sms: 1}\n", []string{"w.yaml:6: tenants[0].brands[0].channels.sms: unknown channel \"sms\" (one of webchat, instagram"}},
		"ratios":        {minimal + "automation: {webhook_ratio: 0}\n", []string{"w.yaml:6: automation: webhook_ratio, crm_ratio and email_ratio are all zero"}},
		"rate":          {minimal + "ingestion: {jobs_per_minute: -3}\n", []string{"ingestion.jobs_per_minute: is -3: must be a number from 0"}},
		"multiplier":    {minimal + "ingestion: {spike_multiplier: 0.5}\n", []string{"ingestion.spike_multiplier: is 0.5: must be a number from 1 to 100"}},
		"texts":         {minimal + "messages: {texts: [], locales: [1]}\n", []string{"messages.texts: is an empty list", "messages.locales[0]: is the number 1: must be text"}},
		"header name":   {minimal + "messages: {headers: {'a b': x}}\n", []string{"is no header name"}},
		"header value":  {minimal + "messages: {headers: {a: \"x\\ny\"}}\n", []string{"messages.headers.a: holds a control character"}},
		"own header":    {minimal + "messages: {headers: {content-length: '5'}}\n", []string{"messages.headers.content-length: is set by squall itself"}},
		"header twice":  {minimal + "messages: {headers: {x-a: b, X-A: c}}\n", []string{"messages.headers.X-A: is the same header as in line 6"}},
		"algorithm":     {minimal + "channels: {instagram: {algorithm: md5}}\n", []string{"channels.instagram.algorithm: is \"md5\": must be one of hmac-sha256, hmac-sha1, token"}},
		"path":          {minimal + "channels: {instagram: {path: instagram}}\n", []string{"channels.instagram.path: is \"instagram\": must be a path"}},
		"field taken":   {minimal + "channels: {instagram: {text_field: locale}}\n", []string{"channels.instagram.text_field: is \"locale\", which every message has already"}},
		"fields equal":  {minimal + "channels: {telegram: {text_field: date}}\n", []string{"channels: text_field and time_field of telegram are both \"date\""}},
		"several at once": {"tenants:\n  - id: x\n    brands:" + brand + "        channels: {sms: 1, webchat: -1}\nrules: 5\nextra: 1\n", []string{
			"w.yaml:2: tenants[0].id", "w.yaml:6: tenants[0].brands[0].channels.sms", "w.yaml:6: tenants[0].brands[0].channels.webchat",
			"w.yaml:7: rules: is the number 5: must be a mapping with toggles_per_minute", "w.yaml:8: extra: unknown key",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseWorkload("w.yaml", []byte(c.text))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is\n%v\nwant it to say %q", err, want)
				}
			}
			if got := strings.Count(err.Error(), "\n") + 1; got != len(c.want) {
				t.Errorf("%d problems, want %d:\n%v", got, len(c.want), err)
			}
		})
	}
}

func FuzzParseWorkload(f *testing.F) {
	example, err := os.ReadFile(filepath.Join("..", "examples", "workload_mix.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(example), minimal, "", "{}", "[]", "tenants: &a [*a]", "a: &x {b: *x}", "? [1]\n: 2", `{"tenants":[{"id":"\ud83d\ude00"}]}`, "\t{}", "%YAML 9\n---\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := ParseWorkload("w.yaml", data)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without text")
			}
			return
		}
		if len(w.Tenants) == 0 {
			t.Fatal("accepted a workload without tenants")
		}
		for _, tenant := range w.Tenants {
			if len(tenant.ID) != 36 || len(tenant.Brands) == 0 {
				t.Errorf("accepted tenant %+v", tenant)
			}
			for _, b := range tenant.Brands {
				if err := b.Channels.Validate(); err != nil || len(b.BrandID) != 36 || len(b.ChannelID) != 36 || b.Name == "" {
					t.Errorf("accepted brand %+v: %v", b, err)
				}
			}
		}
	})
}
