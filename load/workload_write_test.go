package load

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestRewriteMixKeepsCommentsAndEverythingElse(t *testing.T) {
	path := "../examples/workload_mix.yaml"
	base, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ParseWorkload(path, base)
	if err != nil {
		t.Fatal(err)
	}
	outlet := &want.Tenants[0].Brands[1]
	outlet.Channels = Weights{Webchat: 0.3333, Telegram: 1e-7, WhatsApp: 123456789}
	text, err := RewriteMix(path, base, map[string]Weights{outlet.BrandID: outlet.Channels})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseWorkload(path, text)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v: loads as %+v, want %+v", err, got, want)
	}
	for _, line := range strings.Split(string(base), "\n") {
		if _, comment, is := strings.Cut(line, "#"); is && !strings.Contains(string(text), "#"+comment) {
			t.Errorf("a comment is lost: %s", line)
		}
	}
	again, err := RewriteMix(path, text, map[string]Weights{outlet.BrandID: outlet.Channels})
	if err != nil || string(again) != string(text) {
		t.Errorf("%v: written twice it is\n%s\nand not\n%s", err, again, text)
	}
}

func TestRewriteMixInOtherShapes(t *testing.T) {
	const first, second = "22222222-2222-4222-8222-222222222221", "22222222-2222-4222-8222-222222222222"
	ids := func(id string) string {
		return "{ brand_id: " + id + ", channel_id: 33333333-3333-4333-8333-333333333331"
	}
	tenant := "id: 11111111-1111-4111-8111-111111111111\n"
	for name, text := range map[string]string{
		"no channels":        "tenants:\n- " + tenant + "  brands:\n  - " + ids(first) + " }\n  - " + ids(second) + ", channels: {webchat: 1, automation: 2} }\n",
		"anchor and alias":   "tenants:\n- " + tenant + "  brands:\n  - " + ids(first) + ", channels: &m {webchat: 1, automation: 2} }\n  - " + ids(second) + ", channels: *m }\n",
		"merged weights":     "tenants:\n- " + tenant + "  brands:\n  - " + ids(second) + ", channels: &m {webchat: 1, automation: 2} }\n  - " + ids(first) + ", channels: {<<: *m, webchat: 5} }\n",
		"merged into others": "tenants:\n- " + tenant + "  brands:\n  - " + ids(first) + ", channels: &m {webchat: 1, automation: 2} }\n  - " + ids(second) + ", channels: {<<: *m} }\n",
		"one number twice":   "tenants:\n- " + tenant + "  brands:\n  - " + ids(first) + ", channels: {webchat: &one 1} }\n  - " + ids(second) + ", channels: {webchat: *one, automation: 2} }\n",
		"JSON":               `{"tenants":[{"id":"11111111-1111-4111-8111-111111111111","brands":[{"name":"\ud83d\ude00: #1","brand_id":"` + first + `","channel_id":"33333333-3333-4333-8333-333333333331"},{"name":"true","brand_id":"` + second + `","channel_id":"33333333-3333-4333-8333-333333333331","channels":{"webchat":1,"automation":2}}]}]}`,
	} {
		before, err := ParseWorkload(name, []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := Weights{Telegram: 0.25, Instagram: 0.75}
		rewritten, err := RewriteMix(name, []byte(text), map[string]Weights{first: want})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, b := range before.Tenants[0].Brands {
			if b.BrandID == first {
				before.Tenants[0].Brands[i].Channels = want
			}
		}
		if after, err := ParseWorkload(name, rewritten); err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("%s: %v:\n%s", name, err, rewritten)
		}
	}
	merged := "x: 1\n"
	if _, err := RewriteMix("bad", []byte(merged), nil); err == nil {
		t.Error("a file that does not load was rewritten")
	}
}

func TestDefaultWorkloadTextIsTheDefaultWorkload(t *testing.T) {
	got, err := ParseWorkload("built-in default", DefaultWorkloadText())
	if err != nil || !reflect.DeepEqual(got, DefaultWorkload()) {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestRoundedShares(t *testing.T) {
	if got, want := (Weights{Webchat: 2, Instagram: 1, Telegram: 0.00001}).RoundedShares(4), (Weights{0.6667, 0.3333, 0.000003333}); got != want {
		t.Errorf("shares %v, want %v", got, want)
	}
}
