package cli

import (
	"os"
	"strings"
	"testing"

	"xinbot.ir/squall/load"
)

func TestMixFromLog(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	line := func(path, status string) string {
		return `10.0.0.1 - - [30/Jul/2026:09:00:01 +0000] "POST ` + path + ` HTTP/1.1" ` + status + " 21\n"
	}
	write("access.log", strings.Repeat(line("/webchat/webhook", "202"), 5)+"started\n"+strings.Repeat(line("/telegram/webhook", "202"), 15)+line("/telegram/webhook", "401")+line("/bot\x1b[31m", "200"))
	write("base.yaml", `tenants: # ours
  - id: 11111111-1111-4111-8111-111111111111
    brands:
      - name: Saffron
        brand_id: 22222222-2222-4222-8222-222222222221
        channel_id: 33333333-3333-4333-8333-333333333331
        channels: {webchat: 3, automation: 1} # guessed
rules: {toggles_per_minute: 0}
`)
	code, out, errs := try(t, nil, "mix", "from-log", "access.log", "--workload", "base.yaml", "--out", "mix.yaml")
	text, err := os.ReadFile("mix.yaml")
	if code != 0 || out != "" || err != nil {
		t.Fatalf("code %d, %v: %s%s", code, err, out, errs)
	}
	w, err := load.ParseWorkload("mix.yaml", text)
	if want := (load.Weights{load.Webchat: 0.1875, load.Telegram: 0.75, load.AutomationMessage: 0.0625}); err != nil || w.Tenants[0].Brands[0].Channels != want || w.Rules.TogglesPerMinute != 0 {
		t.Errorf("%v: %+v, want %v", err, w, want)
	}
	if !strings.Contains(string(text), "# ours") || !strings.Contains(string(text), "# guessed") {
		t.Errorf("comments are lost:\n%s", text)
	}
	for _, says := range []string{
		"access.log: 22 requests in 23 lines", "1 line that could not be read, the first is line 6", "counted: accepted messages: 20, from 2026-07-30 09:00:01 UTC",
		"messages that were not accepted (1): 401 (1)", `paths of no channel (1): /bot\x1b[31m (1)`, "Saffron: webchat 18.8", "automation travels as webchat",
	} {
		if !strings.Contains(errs, says) {
			t.Errorf("does not say %q:\n%s", says, errs)
		}
	}
	code, out, errs = try(t, nil, "mix", "from-log", "access.log")
	if w, err := load.ParseWorkload("out", []byte(out)); code != 0 || err != nil || len(w.Tenants) != 2 || w.Tenants[1].Brands[0].Channels[load.Telegram] != 0.75 {
		t.Errorf("code %d, %v:\n%s%s", code, err, out, errs)
	}
	write("other.log", line("/elsewhere", "202"))
	write("binary", "\x00")
	write("squall.yaml", "targets:\n  tg:\n    channels:\n      telegram: {path: /elsewhere}\n")
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"from-log access.log --out mix.yaml", 2, "add --force to replace it"},
		{"from-log access.log --out mix.yaml --force", 0, "written: mix.yaml"},
		{"from-log access.log --out .", 2, "it is no regular file"},
		{"from-log access.log --out no/mix.yaml", 1, "write mix.yaml"},
		{"from-log", 2, "takes the files of a log"},
		{"from-log - -", 2, "can be read once"},
		{"from-log missing.log", 1, "missing.log"},
		{"from-log /dev/zero", 1, "it is no regular file"},
		{"from-log binary", 1, "line 1 holds a zero byte"},
		{"from-log other.log", 1, "no accepted message was counted"},
		{"from-log other.log --target tg", 0, "telegram 100"},
		{"from-log access.log --workload access.log", 2, "access.log"},
		{"from-nowhere", 2, "unknown command"},
		{"", 0, "from-log"},
	} {
		code, out, errs := try(t, nil, append([]string{"mix"}, strings.Fields(c.args)...)...)
		if code != c.code || !strings.Contains(out+errs, c.says) {
			t.Errorf("squall mix %s: code %d, want %d with %q:\n%s%s", c.args, code, c.code, c.says, out, errs)
		}
	}
}
