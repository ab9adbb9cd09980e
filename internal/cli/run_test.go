package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gateway is one that takes every message.
func gateway(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"status":"accepted"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/webchat/webhook"
}

// onceAround runs a short run in this process, in an empty directory, and returns its run directory.
func onceAround(t *testing.T, args ...string) (dir string, code int, out, errs string) {
	t.Helper()
	t.Chdir(t.TempDir())
	environ := map[string]string{"GATEWAY_URL": gateway(t), "WEBHOOK_SECRET": "s3cret"}
	args = append([]string{"run", "--headless", "--vus", "1", "--duration", "100ms", "--out", "run", "--objective", "http_req_failed: rate<0.5"}, args...)
	code, out, errs = try(t, environ, args...)
	return "run", code, out, errs
}

// TestWarningsReachTheJournal keeps what was said before the console opened: there it is gone.
func TestWarningsReachTheJournal(t *testing.T) {
	dir, _, _, errs := onceAround(t, "--insecure-skip-verify")
	journal, err := os.ReadFile(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"only webchat has a secret, so instagram, telegram and whatsapp are left out", "server certificates are not checked"} {
		if !strings.Contains(string(journal), want) || !strings.Contains(errs, want) {
			t.Errorf("want %q in the journal\n%s\nand on standard error\n%s", want, journal, errs)
		}
	}
}
