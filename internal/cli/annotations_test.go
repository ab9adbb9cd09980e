package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"xinbot.ir/squall/internal/annotate"
	"xinbot.ir/squall/internal/rundir"
)

// grafanaServer keeps annotations, and wants a token.
type grafanaServer struct {
	mu    sync.Mutex
	all   map[string]map[string]any
	calls []string
}

func (g *grafanaServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, r.Method+" "+r.URL.Path)
	w.Header().Set("Content-Type", "application/json")
	id := strings.TrimPrefix(r.URL.Path, "/api/annotations/")
	switch {
	case r.Header.Get("Authorization") != "Bearer canary-token":
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"message":"Unauthorized"}`)
	case r.URL.Path == "/api/health":
		fmt.Fprint(w, `{"database":"ok","version":"11.1.3"}`)
	case r.URL.Path == "/api/annotations" && r.Method == http.MethodPost:
		one := map[string]any{}
		_ = json.NewDecoder(r.Body).Decode(&one)
		one["id"] = len(g.all) + 1
		g.all[fmt.Sprint(one["id"])] = one
		fmt.Fprintf(w, `{"message":"Annotation added","id":%d}`, one["id"])
	case r.URL.Path == "/api/annotations":
		found := []map[string]any{}
		for _, one := range g.all {
			found = append(found, one)
		}
		_ = json.NewEncoder(w).Encode(found)
	case r.Method == http.MethodPatch:
		one := g.all[id]
		_ = json.NewDecoder(r.Body).Decode(&one)
		fmt.Fprint(w, `{"message":"Annotation patched"}`)
	case r.Method == http.MethodDelete:
		delete(g.all, id)
		fmt.Fprint(w, `{"message":"Annotation deleted"}`)
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"message":"Dashboard not found"}`)
	}
}

// A run marks itself in Grafana; recover removes that, but only when it is asked to, and only from the Grafana that the
// configuration names.
func TestAnnotationsOfARunAreRemovedOnRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the embedded platform for 2 s: not with -short")
	}
	t.Chdir(t.TempDir())
	g := &grafanaServer{all: map[string]map[string]any{"99": {"id": 99, "tags": []string{"squall", "another-run", "session"}}}}
	server := httptest.NewServer(g)
	defer server.Close()
	environ := map[string]string{"HOME": t.TempDir(), "GRAFANA_TOKEN": "canary-token"}
	if code, said, errs := try(t, environ, "demo", "--headless", "--vus", "2", "--duration", "2s", "--out", "run", "--grafana", server.URL); code != 0 && code != 99 {
		t.Fatalf("exit code %d\n%s%s", code, said, errs)
	}
	written, err := annotate.ReadWritten(filepath.Join("run", annotate.File))
	if err != nil || len(written) != 1 || written[0].Where != server.URL || written[0].Kind != "session" {
		t.Fatalf("%+v, %v", written, err)
	}
	run, err := rundir.Open("run")
	if err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	one := g.all[fmt.Sprint(written[0].ID)]
	if got := fmt.Sprint(one["tags"]); got != "[squall "+run.Meta.RunID+" session]" || one["timeEnd"] == nil {
		t.Errorf("the annotation is %v", one)
	}
	g.mu.Unlock()
	journal, err := os.ReadFile(filepath.Join("run", rundir.JournalFile))
	if err != nil || strings.Contains(string(journal), "canary-token") || !strings.Contains(string(journal), "there is no dashboard xin-api") {
		t.Errorf("the journal has the token, or does not say what is missing (%v)", err)
	}
	left := func() int { g.mu.Lock(); defer g.mu.Unlock(); return len(g.all) }
	if code, said, errs := try(t, environ, "recover", "--grafana", server.URL, "run"); code != 0 || left() != 2 {
		t.Errorf("unasked: exit code %d, %d are left\n%s%s", code, left(), said, errs)
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"another Grafana": {[]string{"--grafana", "http://127.0.0.1:1", "run"}, "nothing was contacted"},
		"none":            {[]string{"run"}, "they are in " + server.URL + ": add --grafana URL"},
		"no run":          {[]string{"--grafana", server.URL}, "name the run"},
	} {
		if code, said, errs := try(t, environ, append([]string{"recover", "--annotations"}, c.args...)...); code == 0 || !strings.Contains(errs, c.want) || left() != 2 {
			t.Errorf("%s: exit code %d, %d are left\n%s%s", name, code, left(), said, errs)
		}
	}
	if code, said, errs := try(t, environ, "recover", "--annotations", "--grafana", server.URL, "run"); code != 0 || left() != 1 || !strings.Contains(said, "1 annotations are removed from "+server.URL) {
		t.Errorf("exit code %d, %d are left\n%s%s", code, left(), said, errs)
	}
}
