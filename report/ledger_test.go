package report

import (
	"strings"
	"testing"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

// told is the report of a run and its summary, without charts.
func told(t *testing.T, dir string) (report, summary string) {
	t.Helper()
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return markdown(document(run)), Terminal(run, "", 0)
}

// The report of a run that was killed in a fault says what is still changed and how to revert it,
// and no longer once it has been.
func TestLedgerOfAKilledRun(t *testing.T) {
	const proxy = "toxic squall-1f2e-llm on proxy llm-upstream"
	dir := killedDrills().write(t)
	note := func(dir string) string {
		t.Helper()
		report, summary := told(t, dir)
		if !strings.Contains(report, "**Faults were on.** When data stopped, at 00:58, 2 faults had not been reverted: LLM latency, Redis outage.") {
			t.Errorf("the report does not name the faults:\n%s", report)
		}
		for line := range strings.SplitSeq(summary, "\n") {
			if strings.Contains(line, "Faults were on.") {
				return line
			}
		}
		t.Fatalf("the summary does not say that faults were on:\n%s", summary)
		return ""
	}
	if got := note(dir); !strings.Contains(got, "There is no ledger beside the journal") || !strings.HasSuffix(got, "squall recover "+dir) {
		t.Errorf("without a ledger: %s", got)
	}
	withLedger(t, dir, proxy)
	if got := note(dir); !strings.Contains(got, "The ledger still holds: "+proxy+".") || !strings.HasSuffix(got, "revert it with squall recover "+dir) {
		t.Errorf("with an open record: %s", got)
	}
	settleLedger(t, dir)
	if got := note(dir); !strings.Contains(got, "The ledger holds nothing any more") || strings.Contains(got, "squall recover") {
		t.Errorf("after a recovery: %s", got)
	}
	embedded := killedDrills()
	embedded.change = func(m *event.RunStarted) { m.Embedded = true }
	if got := note(withLedger(t, embedded.write(t), proxy)); !strings.Contains(got, "The embedded platform ends with squall") || strings.Contains(got, "squall recover") {
		t.Errorf("embedded: %s", got)
	}
}

// A ledger that is cut anywhere does not keep the report away.
func TestTornLedger(t *testing.T) {
	dir := withLedger(t, killedDrills().write(t), "a toxic", "another")
	size := len(read(t, dir+"/"+chaos.LedgerFile))
	for _, cut := range []int{size - 1, size - 9, size / 2, 3, 0} {
		cutFile(t, dir, chaos.LedgerFile, cut)
		if _, err := Load(dir); err != nil {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

// Rules that a dead run left toggled are told too; those of an ended run have their own lines, and
// what became of them since.
func TestLedgerWithoutFaults(t *testing.T) {
	const rule = "automation rule 7f3c"
	killed := withLedger(t, synthetic{seconds: 20, killed: true}.write(t), rule)
	if _, text := told(t, killed); !strings.Contains(text, "! Still changed. The ledger still holds: "+rule) {
		t.Errorf("killed:\n%s", text)
	}
	ended := withLedger(t, synthetic{seconds: 20, leftOver: []string{rule + " was left paused"}}.write(t), rule)
	if _, text := told(t, ended); !strings.Contains(text, "still changed on the target: "+rule) || !strings.Contains(text, "! Still in the ledger: 1 change. To revert what squall can: squall recover "+ended) {
		t.Errorf("ended:\n%s", text)
	}
	settleLedger(t, ended)
	if _, text := told(t, ended); !strings.Contains(text, "! Since then the ledger has been settled") || strings.Contains(text, "squall recover") {
		t.Errorf("settled:\n%s", text)
	}
	if _, text := told(t, withLedger(t, synthetic{seconds: 20}.write(t))); strings.Contains(text, "ledger") {
		t.Errorf("an empty ledger is news:\n%s", text)
	}
}

// Commands stand in a fence that nothing in them can end, each on its line, without secrets.
func TestScript(t *testing.T) {
	got := markdown([]block{script{[]string{"kubectl a", "b ``` c\nd", "curl -H 'Authorization: Bearer abcdefgh12345678'"}}})
	if want := "````\nkubectl a\nb ``` c d\ncurl -H 'Authorization: Bearer (token removed)'\n````\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The command that reverts what a run left is whole: it goes where the run went, and names the run wherever that is kept.
func TestRecoverCommand(t *testing.T) {
	start := event.RunStarted{Settings: []event.Provenance{
		{Name: "load.vus", Value: "20", Source: "--vus"},
		{Name: "kubernetes.namespace", Value: "xin-staging", Source: "--namespace"},
		{Name: "kubernetes.allow", Value: "xin-staging; xin two", Source: "--allow-namespace"},
		{Name: "toxiproxy.url", Value: "http://127.0.0.1:8474", Source: "env TOXIPROXY_URL"},
		{Name: "tls.insecure_skip_verify", Value: "true", Source: "--insecure-skip-verify"},
	}}
	const want = "squall recover --namespace xin-staging --allow-namespace xin-staging --allow-namespace 'xin two' --insecure-skip-verify 'k 6'"
	if got := RecoverCommand(start, "k 6"); got != want {
		t.Errorf("command %q, want %q", got, want)
	}
}
