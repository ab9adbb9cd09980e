package cli

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/internal/session"
)

const (
	canary   = "ghp_canary0123456789"
	playbook = "repo/docs/perf/resilience_playbook.md"
	roadmap  = "repo/docs/ROADMAP.md"

	playbookText = "# Resilience playbook\n\nHow we drill.  \n"
	roadmapText  = "# Roadmap\r\n\r\n## 8. Release Log\r\n\r\n| Release | Date | Highlights |\r\n| --- | --- | --- |\r\n| `v1.2.0` | 2026-05-02 | First | \r\n\r\n## 9. Notes"
)

// failedRun runs a short run of which two objectives fail, in an empty directory that also holds a repository.
func failedRun(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	args = append([]string{"--objective", "http_reqs: count<1", "--objective", "gateway_latency: count>1000000"}, args...)
	_, code, out, errs = onceAround(t, args...)
	for path, text := range map[string]string{playbook: playbookText, roadmap: roadmapText} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return code, out, errs
}

// tree has every file below a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func sameTree(t *testing.T, before, after map[string]string) {
	t.Helper()
	for path, text := range after {
		if before[path] != text {
			t.Errorf("%s was changed: %q", path, text)
		}
	}
	if len(before) != len(after) {
		t.Errorf("%d files became %d", len(before), len(after))
	}
}

// A run is published once: evidence, entry and row, whose links lead to files that are there. A dry run and a second run
// change nothing.
func TestPublish(t *testing.T) {
	failedRun(t)
	before := tree(t, ".")
	code, diff, errs := try(t, nil, "publish", "--repo", "repo", "--dry-run", "--release", "v1.4.0", "run")
	if code != exitPassed || !strings.Contains(errs, "Nothing was written or sent.") {
		t.Fatalf("dry run: code %d, errors\n%s", code, errs)
	}
	for _, want := range []string{"--- a/docs/ROADMAP.md\n+++ b/docs/ROADMAP.md\n", "+| `v1.4.0` | ", "--- a/docs/perf/resilience_playbook.md\n"} {
		if !strings.Contains(diff, want) {
			t.Errorf("the diff lacks %q:\n%s", want, diff)
		}
	}
	sameTree(t, before, tree(t, "."))

	code, out, errs := try(t, nil, "publish", "--repo", "repo", "--release", "v1.4.0", "run")
	if code != exitPassed || !strings.Contains(out, "docs/ROADMAP.md:8: added") || !strings.Contains(out, "! 2 remediation items: --issues OWNER/NAME files them") {
		t.Fatalf("code %d, out\n%s\nerrors\n%s", code, out, errs)
	}
	after := tree(t, ".")
	if rest, found := strings.CutPrefix(after[playbook], playbookText); !found || !strings.Contains(rest, "### Manual interventions\n\nNone.\n") {
		t.Errorf("playbook:\n%s", after[playbook])
	}
	row := regexp.MustCompile("\\| `v1.4.0` \\| \\d{4}-\\d\\d-\\d\\d \\| .* <!-- squall:run [0-9a-f]{8} --> \\|\r\n").FindString(after[roadmap])
	if row == "" || strings.Replace(after[roadmap], row, "", 1) != roadmapText {
		t.Errorf("row %q in\n%q", row, after[roadmap])
	}
	links := 0
	for _, file := range []string{playbook, roadmap} {
		for _, m := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(after[file], -1) {
			links++
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", file, m[1], err)
			}
		}
	}
	if links < 5 {
		t.Errorf("%d links", links)
	}
	for path := range after {
		if strings.HasPrefix(path, "repo/docs/demos/") && regexp.MustCompile(`(journal|windows|ledger)\.jsonl|hlog|lock`).MatchString(path) {
			t.Errorf("%s is raw data", path)
		}
	}

	code, out, _ = try(t, nil, "publish", "--repo", "repo", "run")
	if code != exitPassed || strings.Count(out, "already there, left as it is") != 2 {
		t.Errorf("the second time: code %d, out\n%s", code, out)
	}
	sameTree(t, after, tree(t, "."))

	// A second run of the day has a folder of its own.
	if code, _, errs := try(t, map[string]string{"GATEWAY_URL": gateway(t, func() {}), "WEBHOOK_SECRET": "s3cret"}, "run", "--headless", "--vus", "1", "--duration", "100ms", "--out", "run2"); code == exitUsage {
		t.Fatal(errs)
	}
	if code, _, errs := try(t, nil, "publish", "--repo", "repo", "run2"); code != exitPassed {
		t.Fatal(errs)
	}
	for path, text := range after {
		if strings.Contains(path, "/demos/") && tree(t, "repo")[path] != text {
			t.Errorf("%s of the first run was changed", path)
		}
	}
}

// Settings stand in squall.yaml too, seen from where it is; flags count before it.
func TestPublishSettings(t *testing.T) {
	failedRun(t)
	text := "targets: {}\npublish:\n  repo: repo\n  roadmap: PLAN.md\n  playbook: notes/drills.md\n  release_log: Done\n  release: v9\n  evidence: evidence\n"
	for path, text := range map[string]string{"squall.yaml": text, "repo/PLAN.md": "# Done\n\n| Highlights | Release | Date |\n|-|-|-|\n", "repo/notes/drills.md": ""} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, errs := try(t, nil, "publish", "--release", "v10", "--zip", "new/drill.zip", "run"); code != exitPassed {
		t.Fatalf("code %d\n%s%s", code, out, errs)
	}
	files := tree(t, ".")
	if !strings.Contains(files["repo/PLAN.md"], "| `v10` |") || !strings.Contains(files["repo/notes/drills.md"], "](../evidence/") || files[roadmap] != roadmapText {
		t.Errorf("PLAN.md\n%s\ndrills.md\n%s", files["repo/PLAN.md"], files["repo/notes/drills.md"])
	}
	archive, err := zip.NewReader(strings.NewReader(files["new/drill.zip"]), int64(len(files["new/drill.zip"])))
	if err != nil || len(archive.File) < 3 {
		t.Errorf("zip: %v", err)
	}
	// Evidence out of the repository has no link that leads there.
	outside := filepath.Join(t.TempDir(), "evidence")
	if code, _, errs := try(t, nil, "publish", "--evidence", outside, "--replace", "run"); code != exitPassed {
		t.Fatal(errs)
	}
	if text := tree(t, "repo")["repo/notes/drills.md"]; !strings.Contains(text, "The documents of the run were not put beside this one.") || strings.Contains(text, outside) {
		t.Errorf("drills.md\n%s", text)
	}
}

// Where something is wrong, nothing is written.
func TestPublishRefuses(t *testing.T) {
	failedRun(t)
	if err := os.WriteFile("other.md", []byte("# Other\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no run":               {[]string{"publish", "--repo", "repo", "."}, exitFailed, "it holds no journal.jsonl"},
		"two runs":             {[]string{"publish", "run", "run"}, exitUsage, "publish takes one run directory, and 2 are given"},
		"no roadmap":           {[]string{"publish", "--repo", "repo", "--roadmap", "x.md", "run"}, exitFailed, "read repo/x.md: file does not exist: make it, or name the repository with --repo or the file with --roadmap"},
		"no playbook":          {[]string{"publish", "--repo", "repo", "--playbook", "docs", "run"}, exitFailed, "read repo/docs: it is no regular file"},
		"no release log":       {[]string{"publish", "--repo", "repo", "--roadmap", "../other.md", "run"}, exitFailed, `other.md: there is no heading "8. Release Log": add it`},
		"one file":             {[]string{"publish", "--repo", "repo", "--playbook", "docs/ROADMAP.md", "run"}, exitFailed, "name two files"},
		"release":              {[]string{"publish", "--release", "a|b", "run"}, exitUsage, `--release: is "a|b": must be a name in one line`},
		"repository":           {[]string{"publish", "--issues", "team", "run"}, exitUsage, `--issues: is "team": must be a repository of GitHub such as team/app`},
		"no token":             {[]string{"publish", "--issues", "team/app", "run"}, exitUsage, "--issues: there is no token: set GITHUB_TOKEN"},
		"evidence in a run":    {[]string{"publish", "--repo", "repo", "--evidence", "../run/evidence", "run"}, exitFailed, "it is in the run directory: choose a place outside of it"},
		"a flag of squall run": {[]string{"publish", "--vus", "5", "run"}, exitUsage, "unknown flag: --vus"},
	} {
		t.Run(name, func(t *testing.T) {
			before := tree(t, ".")
			code, out, errs := try(t, nil, c.args...)
			if code != c.code || !strings.Contains(errs, c.says) || out != "" {
				t.Errorf("code %d, want %d; errors\n%s\nwant %s; out %q", code, c.code, errs, c.says, out)
			}
			sameTree(t, before, tree(t, "."))
		})
	}
	lock := flock.New(filepath.Join("run", session.LockFile))
	if held, err := lock.TryLock(); err != nil || !held {
		t.Fatal(held, err)
	}
	defer func() { _ = lock.Unlock() }()
	if code, _, errs := try(t, nil, "publish", "--repo", "repo", "run"); code != exitFailed || !strings.Contains(errs, "still going on") {
		t.Errorf("a run that goes on: code %d, %s", code, errs)
	}
}

// issueServer keeps the issues of one repository; the n-th creation fails, if n is not 0.
type issueServer struct {
	mu           sync.Mutex
	issues       []map[string]any
	calls, fails int
	created      int
}

func (s *issueServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+canary || r.URL.Path != "/api/v3/repos/team/app/issues":
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"message":"`+r.Header.Get("Authorization")+`"}`)
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(s.issues)
	default:
		if s.created++; s.created == s.fails {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"message":"boom `+canary+`"}`)
			return
		}
		issue := map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&issue)
		labels := []map[string]any{}
		for _, name := range issue["labels"].([]any) {
			labels = append(labels, map[string]any{"name": name})
		}
		issue["labels"] = labels
		issue["number"], issue["state"] = 10+len(s.issues), "open"
		issue["html_url"] = fmt.Sprintf("https://github.example.org/team/app/issues/%d", 10+len(s.issues))
		s.issues = append(s.issues, issue)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(issue)
	}
}

// Issues are filed on request alone, once, and linked; what fails is said, costs the exit code, and is filed the next time.
// The token is in no output and no file.
func TestPublishIssues(t *testing.T) {
	failedRun(t)
	hub := &issueServer{fails: 2}
	server := httptest.NewServer(hub)
	defer server.Close()
	environ := map[string]string{"GITHUB_TOKEN": canary + "\n", "GITHUB_API_URL": server.URL}
	args := []string{"publish", "--repo", "repo", "--label", "resilience", "run"}
	var said strings.Builder
	publish := func(more ...string) (int, string) {
		t.Helper()
		code, out, errs := try(t, environ, append(args, more...)...)
		said.WriteString(out + errs)
		return code, out + errs
	}
	if code, out := publish("--dry-run", "--issues", "team/app"); code != exitPassed || hub.calls > 0 || strings.Count(out, "would be filed unless it is there: ") != 2 {
		t.Errorf("dry run: code %d, %d calls\n%s", code, hub.calls, out)
	}
	if code, out := publish(); code != exitPassed || hub.calls > 0 {
		t.Errorf("without --issues: code %d, %d calls\n%s", code, hub.calls, out)
	}
	code, out := publish("--issues", "team/app")
	if code != exitFailed || !strings.Contains(out, "team/app#10 filed: ") || !strings.Contains(out, "GitHub answers 500 (boom ***): try again later") || !strings.Contains(out, "links to issues added") {
		t.Errorf("partial success: code %d\n%s", code, out)
	}
	code, out = publish("--issues", "team/app")
	if code != exitPassed || !strings.Contains(out, "team/app#10 there already: ") || !strings.Contains(out, "team/app#11 filed: ") {
		t.Errorf("the rest: code %d\n%s", code, out)
	}
	after := tree(t, "repo")
	for _, file := range []string{playbook, roadmap} {
		for _, link := range []string{"[team/app#10](https://github.example.org/team/app/issues/10)", "[team/app#11](https://github.example.org/team/app/issues/11)"} {
			if strings.Count(after[file], link) != 1 {
				t.Errorf("%s has not %s once:\n%s", file, link, after[file])
			}
		}
	}
	if code, out := publish("--issues", "team/app"); code != exitPassed || strings.Contains(out, " filed: ") {
		t.Errorf("nothing left: code %d\n%s", code, out)
	}
	publish()
	sameTree(t, after, tree(t, "repo"))
	if len(hub.issues) != 2 || fmt.Sprint(hub.issues[0]["labels"]) != "[map[name:resilience]]" || !strings.Contains(fmt.Sprint(hub.issues[0]["body"]), "### Usual causes") {
		t.Errorf("issues %v", hub.issues)
	}
	environ["GITHUB_TOKEN"] = "another-" + canary[:8]
	if code, out := publish("--issues", "team/app"); code != exitFailed || !strings.Contains(out, "set GITHUB_TOKEN to one that is valid") {
		t.Errorf("a wrong token: code %d\n%s", code, out)
	}
	environ["GITHUB_TOKEN"] = canary
	if code, out := publish("--issues", "team/app", "--github-url", "http://github.invalid:1/"); code != exitFailed || !strings.Contains(out, "warning: the token of GitHub travels unencrypted to github.invalid:1") {
		t.Errorf("plain text: code %d\n%s", code, out)
	}
	for path, text := range tree(t, ".") {
		if strings.Contains(text, canary) {
			t.Errorf("the token is in %s", path)
		}
	}
	for _, secret := range []string{canary, "another-"} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("%s is in the output:\n%s", secret, said.String())
		}
	}
}

// Copies are asked for with flags of run and report too; one that fails is said and costs the exit code.
func TestDocumentsAreCopied(t *testing.T) {
	_, out, errs := failedRun(t, "--evidence", "kept/perf", "--zip", "kept/run.zip")
	if !strings.Contains(out, "  copied  kept/perf/2") || !strings.Contains(out, "  zip     kept/run.zip\n") {
		t.Errorf("out\n%s\nerrors\n%s", out, errs)
	}
	first := tree(t, "kept")
	if len(first) < 4 {
		t.Errorf("files %v", first)
	}
	if code, out, errs := try(t, nil, "report", "--evidence", "kept/perf", "--zip", "kept/run.zip", "run"); code != exitPassed {
		t.Errorf("report: code %d\n%s%s", code, out, errs)
	}
	sameTree(t, first, tree(t, "kept"))
	code, _, errs := try(t, nil, "report", "--evidence", "kept/run.zip", "--zip", "run", "run")
	if code != exitFailed || !strings.Contains(errs, "copy perf-summary.json to kept/run.zip/") || !strings.Contains(errs, "write run: it is there and no regular file") {
		t.Errorf("code %d, errors\n%s", code, errs)
	}
	for flag, place := range map[string]string{"--evidence": "kept/run.zip", "--zip": "kept"} {
		code, _, errs := try(t, map[string]string{"GATEWAY_URL": gateway(t, func() { t.Error("load was sent") }), "WEBHOOK_SECRET": "s"}, "run", "--headless", "--duration", "1s", "--out", "new", flag, place)
		if code != exitUsage || !strings.Contains(errs, flag+": ") {
			t.Errorf("%s %s: code %d, errors\n%s", flag, place, code, errs)
		}
	}
}
