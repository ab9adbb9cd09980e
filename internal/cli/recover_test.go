package cli

import (
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
)

// deadRun makes a run directory with records in its ledger and nobody at work on it.
func deadRun(t *testing.T, lines ...string) (dir string) {
	t.Helper()
	dir = filepath.Join("runs", "x")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{chaos.LedgerFile: strings.Join(lines, "\n") + "\n", session.LockFile: "", "journal.jsonl": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func record(kind, undo string) string {
	entry := fmt.Sprintf(`{"id":%q,"time":%q,"kind":%q,"object":%q,"undo":%s}`, kind+"-1", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), kind, "the "+kind, undo)
	return fmt.Sprintf(`{"sum":"%08x","entry":%s}`, crc32.Checksum([]byte(entry), crc32.MakeTable(crc32.Castagnoli)), entry)
}

// A run directory can be somebody else's. Its kubeconfig, API and Toxiproxy are not used, nobody is
// contacted, and the exit code says that something may still be changed.
func TestRecoverGoesOnlyWhereTheConfigurationSays(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", "")
	elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	go func() {
		for {
			conn, err := elsewhere.Accept()
			if err != nil {
				return
			}
			conn.Close()
			t.Error("an address of the run directory was contacted")
		}
	}()
	address := "http://" + elsewhere.Addr().String()
	dir := deadRun(t,
		record("scale", `{"where":{"kubeconfig":"runs/x/kc.yaml","context":"x","server":"`+address+`"},"workload":{"namespace":"n","kind":"deployment","name":"d"},"left":0,"before":2}`),
		record("rule", `{"api":"`+address+`","tenant_id":"t","rule_id":"r","active":true}`),
		record("toxic", `{"url":"`+address+`","proxy":"p","toxic":"squall-a-b-c-upstream"}`),
	)
	out := filepath.Join(t.TempDir(), "out")
	kubeconfig := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: c, cluster: {server: %q}}], contexts: [{name: x, context: {cluster: c, user: u}}],
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: /bin/sh, args: ["-c", "id > %s"]}}}]}`, address, out)
	if err := os.WriteFile(filepath.Join(dir, "kc.yaml"), []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	code, said, errs := try(t, map[string]string{"HOME": home}, "recover", dir)
	for _, want := range []string{"not written by this user's squall", "deployment n/d, at the cluster at " + address, "automation rule r of tenant t, at the admin API at " + address, "squall recover --trust " + dir} {
		if code != exitNotReverted || !strings.Contains(said, want) {
			t.Errorf("exit code %d, and %q is not in\n%s%s", code, want, said, errs)
		}
	}
	if code, said, errs := tryTyping(t, "y\n", map[string]string{"HOME": home}, "recover", "--trust", dir); code != exitNotReverted || strings.Contains(said, "the configuration names") {
		t.Errorf("without a typed yes: exit code %d\n%s%s", code, said, errs)
	}
	for name, environ := range map[string]map[string]string{
		"nothing configured":      {"ADMIN_TOKEN": "canary-token"},
		"other places configured": {"ADMIN_TOKEN": "canary-token", "ORCHESTRATOR_URL": "http://127.0.0.1:1", "TOXIPROXY_URL": "http://127.0.0.1:1"},
	} {
		environ["HOME"], environ["NAMESPACE"] = home, "n"
		code, said, errs := tryTyping(t, "yes\n", environ, "recover", "--trust", dir)
		if code != exitNotReverted || strings.Count(said, "nothing was contacted") != 3 || strings.Contains(said+errs, "canary-token") || strings.Contains(said+errs, "curl") {
			t.Errorf("%s: exit code %d\n%s%s", name, code, said, errs)
		}
		for _, want := range []string{"--toxiproxy " + address, "--orchestrator " + address, "--kubeconfig"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no remedy %q in\n%s", name, want, said)
			}
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("the login program of the run directory ran")
	}
}

// A ledger that cannot be read in part is no clean one.
func TestRecoverNamesDamage(t *testing.T) {
	t.Chdir(t.TempDir())
	dir := deadRun(t, `{"id":"toxic-1","ti`+record("toxic", `{}`))
	for _, args := range [][]string{{"recover"}, {"recover", dir}} {
		code, said, errs := try(t, nil, args...)
		if code != exitNotReverted || !strings.Contains(said, "damaged lines: 1") || strings.Contains(said, "Nothing is left to revert") {
			t.Errorf("squall %v: exit code %d\n%s%s", args, code, said, errs)
		}
	}
}

// What lies in a run directory of somebody else may never end to be read. It is named, and keeps nothing else from being
// reverted.
func TestRunDirectoryThatCannotBeRead(t *testing.T) {
	for _, name := range []string{chaos.LedgerFile, session.LockFile, rundir.JournalFile, rundir.WindowsFile, rundir.HistogramFile} {
		for kind, put := range map[string]func(path string) error{
			"pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"device": func(path string) error { return os.Symlink("/dev/zero", path) },
		} {
			t.Run(name+" is a "+kind, func(t *testing.T) {
				t.Chdir(t.TempDir())
				environ := map[string]string{"HOME": t.TempDir()}
				dir := deadRun(t, record("toxic", `{"url":"http://127.0.0.1:1","proxy":"p","toxic":"squall-a-b-c-upstream"}`))
				bad := filepath.Join("runs", "bad")
				if err := os.CopyFS(bad, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(os.RemoveAll(filepath.Join(bad, name)), put(filepath.Join(bad, name))); err != nil {
					t.Fatal(err)
				}
				type outcome struct {
					code       int
					said, errs string
				}
				run := func(args ...string) outcome {
					done := make(chan outcome, 1)
					go func() {
						code, said, errs := try(t, environ, args...)
						done <- outcome{code, said, errs}
					}()
					select {
					case o := <-done:
						return o
					case <-time.After(time.Minute):
						t.Fatalf("squall %v does not end", args)
						return outcome{}
					}
				}
				if o := run("recover"); o.code == 0 || !strings.Contains(o.said, "squall recover --trust runs/x") {
					t.Errorf("the other run: exit code %d\n%s%s", o.code, o.said, o.errs)
				}
				o := run("recover", bad)
				if o.code == 0 || strings.Contains(o.said, "Nothing is left") {
					t.Errorf("this run: exit code %d\n%s%s", o.code, o.said, o.errs)
				}
				if o := run("report", bad); (o.code == 0) != (name == session.LockFile || name == chaos.LedgerFile) {
					t.Errorf("its report: exit code %d\n%s%s", o.code, o.said, o.errs)
				}
			})
		}
	}
}

// That nothing is left is said of a place, and how another is named: a run that --out put elsewhere is not found by itself.
func TestRecoverSaysWhereItLooked(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	code, out, _ := try(t, nil, "recover")
	if want := "Nothing is left to revert below " + filepath.Join(here, "runs") + " (there is none). A run that is kept elsewhere (--out) has to be named: squall recover RUN.\n"; code != 0 || out != want {
		t.Errorf("exit code %d, says %q, want %q", code, out, want)
	}
	for _, dir := range []string{"runs/a", "k6"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, out, _ := try(t, nil, "recover"); !strings.Contains(out, "runs (1 run). A run that is kept") {
		t.Errorf("says %q", out)
	}
	if code, out, errs := try(t, nil, "recover", "k6"); code != 0 || out != "Nothing is left to revert in k6.\n" {
		t.Errorf("exit code %d, says %q, %q", code, out, errs)
	}
}
