package extending

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The examples are applied together, built, and each is seen to work.
func TestExamplesOfThePageWork(t *testing.T) {
	if testing.Short() {
		t.Skip("builds squall with the examples")
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "extending.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples, err := Parse(string(page))
	if err != nil {
		t.Fatal(err)
	}
	probe := Example{Title: "probe", Edits: []Edit{{File: "tui/example_probe_test.go", Code: `package tui

import "testing"

func TestExamplePanel(t *testing.T) {
	s := newFake()
	s.advance(65)
	wantText(t, console(s, looks()[0], 200, 60), "ELAPSED", "01:05")
}

func TestExampleDialog(t *testing.T) {
	s, m := begun(t)
	press(m, "i")
	wantText(t, m, "this run is about staging")
	press(m, "i")
	wantNoText(t, m, "this run is about staging")
	press(m, "i", "x")
	wantCalls(t, s, "halt")
	press(m, "?")
	wantText(t, m, "what the run is about")
}

func TestExampleKey(t *testing.T) {
	s, m := begun(t)
	press(m, "y")
	wantCalls(t, s, "shout")
	wantText(t, m, "shouted")
}
`}}}
	dir := t.TempDir()
	overlay, err := Overlay(append(examples, probe), root, dir)
	if err != nil {
		t.Fatal(err)
	}
	squall := filepath.Join(dir, "squall")
	goTool(t, root, "build", "-overlay", overlay, "-o", squall, ".")
	probed := func(name string) func(*testing.T, string) {
		return func(t *testing.T, _ string) { goTool(t, root, "test", "-overlay", overlay, "-run", name, "./tui") }
	}
	rows := func(pkg string) func(*testing.T, string) { // the tests of the package hold every row to the rest
		return func(t *testing.T, _ string) { goTool(t, root, "test", "-overlay", overlay, "-short", pkg) }
	}
	checks := map[string]func(t *testing.T, squall string){
		"A panel of the console": probed("TestExamplePanel"),
		"A dialog and its key":   probed("TestExampleDialog"),
		"A kind of event":        rows("./internal/event"),
		"A command of the session": func(t *testing.T, squall string) {
			rows("./internal/command")(t, squall)
			probed("TestExampleKey")(t, squall)
		},
		"An output format": func(t *testing.T, squall string) {
			dir := demoDir(t, squall)
			text, err := os.ReadFile(filepath.Join(dir, "events.csv"))
			if err != nil || !strings.Contains(string(text), ",squall,") {
				t.Errorf("events.csv is %q, %v", text, err)
			}
		},
		"A fault": func(t *testing.T, squall string) {
			report := demo(t, squall, "--fault", "llm_cut,for=1s,bytes=5000")
			if !strings.Contains(report, "| **LLM cut** | proxy llm-upstream (Toxiproxy) | cut after 5000 bytes |") || !strings.Contains(report, "✓ verified") {
				t.Errorf("the fault was not injected, or not reverted:\n%s", report)
			}
		},
		"A channel": func(t *testing.T, squall string) {
			workload := filepath.Join(t.TempDir(), "workload.yaml")
			text := "tenants:\n  - id: 11111111-1111-4111-8111-111111111111\n    brands:\n      - {name: Saffron, brand_id: 22222222-2222-4222-8222-222222222221, channel_id: 33333333-3333-4333-8333-333333333331, channels: {webchat: 1, viber: 1}}\n"
			if err := os.WriteFile(workload, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			report := demo(t, squall, "--workload", workload)
			if !strings.Contains(report, "| viber |") || !strings.Contains(report, "Failed: 0 (0 %)") {
				t.Errorf("the channel was not sent, or not verified:\n%s", report)
			}
		},
		"A flow of the admin API": func(t *testing.T, squall string) {
			report := demo(t, squall, "--objective", "rule_list_latency: count>=2")
			if !strings.Contains(report, "| **Rule listing** |") || !strings.Contains(report, "`rule_list_latency: count>=2`") {
				t.Errorf("the flow was not measured:\n%s", report)
			}
		},
		"A source of evidence": func(t *testing.T, squall string) {
			table, err := os.ReadFile(filepath.Join(demoDir(t, squall), "evidence", "lookup.csv"))
			if err != nil || !strings.HasPrefix(string(table), "time,series,value\n2") {
				t.Errorf("lookup.csv is %q, %v", table, err)
			}
		},
		"A chart of the report": func(t *testing.T, squall string) {
			page, err := os.ReadFile(filepath.Join(demoDir(t, squall), "report.html"))
			if err != nil || !strings.Contains(string(page), `id="chart-lag"`) {
				t.Errorf("the page has no chart of the lag, %v", err)
			}
		},
		"A section of the report": func(t *testing.T, squall string) {
			if report := demo(t, squall); !strings.Contains(report, "## Notes\n\n- ") {
				t.Errorf("no section of notes in\n%s", report)
			}
		},
	}
	for _, e := range examples {
		t.Run(e.Title, func(t *testing.T) {
			check := checks[e.Title]
			if check == nil {
				t.Fatal("nothing looks whether this example works")
			}
			delete(checks, e.Title)
			check(t, squall)
		})
	}
	for title := range checks {
		t.Errorf("the page has no example %q", title)
	}
}

// goTool runs go in the tree.
func goTool(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil && (args[0] == "build" || !onlyDocs(string(out))) {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// onlyDocs reports whether all that fails is that the new thing is not on the pages yet.
func onlyDocs(out string) bool {
	for line := range strings.SplitSeq(out, "\n") {
		if name, failed := strings.CutPrefix(line, "--- FAIL: "); failed && !strings.HasPrefix(name, "TestEveryKindIsDocumented") && !strings.HasPrefix(name, "TestEveryCommandSurvives") {
			return false
		}
	}
	return !strings.Contains(out, "[build failed]") && !strings.Contains(out, "panic:")
}

func run(t *testing.T, squall string, args ...string) string {
	t.Helper()
	cmd := exec.Command(squall, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("squall %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// demo runs a few seconds against the embedded platform and returns the report.
func demo(t *testing.T, squall string, args ...string) string {
	t.Helper()
	report, err := os.ReadFile(filepath.Join(demoDir(t, squall, args...), "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(report)
}

// demoDir does so and returns the run directory.
func demoDir(t *testing.T, squall string, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	run(t, squall, append([]string{"demo", "--headless", "--vus", "20", "--duration", "2s", "--objective", "http_req_failed: rate<0.5", "--out", dir}, args...)...)
	return dir
}

func TestParse(t *testing.T) {
	page := "# x\n\n## A\n\ntext\n\n## B\n\n<!-- file: a/b.go -->\n```go\nx\ny\n```\n<!-- insert: c.go after: const ( -->\n\n```go\n\tz\n```\n"
	examples, err := Parse(page)
	if err != nil || len(examples) != 1 || examples[0].Title != "B" || len(examples[0].Edits) != 2 {
		t.Fatalf("examples %+v, %v", examples, err)
	}
	if got := examples[0].Edits[1]; got != (Edit{"c.go", "const (", "\tz\n"}) {
		t.Errorf("edit %+v", got)
	}
	for _, bad := range []string{"## A\n<!-- file: a.go -->\ntext\n", "## A\n<!-- insert: a.go -->\n```\nx\n```\n", "<!-- file: a.go -->\n```\nx\n```\n"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
