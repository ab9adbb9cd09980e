package grafana

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/internal/evidence"
)

// annotationsAPI keeps annotations as Grafana's documentation says.
type annotationsAPI struct {
	mu   sync.Mutex
	last int64
	all  map[int64]map[string]any
	mode string // "deaf": it pays no attention to tags
}

func (a *annotationsAPI) serve(f *fake) {
	f.mux.HandleFunc("POST /api/annotations", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.last++
		body := map[string]any{}
		if raw, _ := io.ReadAll(r.Body); r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(raw, &body) != nil {
			reply(400, `{"message":"bad request data"}`)(w)
			return
		}
		body["id"] = a.last
		a.all[a.last] = body
		reply(200, fmt.Sprintf(`{"message":"Annotation added","id":%d}`, a.last))(w)
	})
	f.mux.HandleFunc("PATCH /api/annotations/{id}", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		var id int64
		fmt.Sscan(r.PathValue("id"), &id)
		one := a.all[id]
		if one == nil || json.NewDecoder(r.Body).Decode(&one) != nil {
			reply(404, `{"message":"Annotation not found"}`)(w)
			return
		}
		reply(200, `{"message":"Annotation patched"}`)(w)
	})
	f.mux.HandleFunc("DELETE /api/annotations/{id}", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		var id int64
		fmt.Sscan(r.PathValue("id"), &id)
		delete(a.all, id)
		reply(200, `{"message":"Annotation deleted"}`)(w)
	})
	f.mux.HandleFunc("GET /api/annotations", func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		found := []map[string]any{}
		for _, one := range a.all {
			tags := fmt.Sprint(one["tags"])
			has := true
			for _, tag := range r.URL.Query()["tags"] {
				has = has && strings.Contains(tags, tag)
			}
			if has || a.mode == "deaf" {
				found = append(found, one)
			}
		}
		raw, _ := json.Marshal(found)
		reply(200, string(raw))(w)
	})
}

// An annotation is a moment, then a region; those of a run are removed, and nobody else's.
func TestAnnotations(t *testing.T) {
	f, address := newFake(t, known())
	api := &annotationsAPI{all: map[int64]map[string]any{}}
	api.serve(f)
	a, err := NewAnnotations(*at(address))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	from := time.UnixMilli(1507037197339)
	id, err := a.Add(t.Context(), "LLM latency", []string{"squall", "run-1", "fault"}, from, time.Time{})
	if err != nil || id != 1 {
		t.Fatalf("%d, %v", id, err)
	}
	if err := a.End(t.Context(), id, time.UnixMilli(1507180805056)); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(api.all[1]), "map[id:1 tags:[squall run-1 fault] text:LLM latency time:1.507037197339e+12 timeEnd:1.507180805056e+12]"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
	for _, tags := range [][]string{{"squall", "run-2", "fault"}, {"run-1"}, {"squall", "run-1", "session"}} {
		if _, err := a.Add(t.Context(), "other", tags, from, from); err != nil {
			t.Fatal(err)
		}
	}
	api.mode = "deaf"
	if n, err := a.RemoveTagged(t.Context(), "squall", "run-1"); n != 2 || err != nil || len(api.all) != 2 || api.all[2] == nil || api.all[3] == nil {
		t.Errorf("%d are removed (%v), left are %v", n, err, api.all)
	}
	if n, err := a.RemoveTagged(t.Context(), "squall", "run-1"); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestWrongAnswersToAnnotations(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		cause  evidence.Cause
	}{
		"no right": {reply(403, `{"message":"You'll need additional permissions"}`), evidence.Unauthorized},
		"500":      {reply(500, `{"message":"boom"}`), evidence.ServerError},
		"no id":    {reply(200, `{"message":"Annotation added"}`), evidence.Malformed},
		"a page":   {reply(200, `<html><title>Sign in</title></html>`), evidence.NotAPI},
		"nothing":  {reply(200, ``), evidence.Empty},
		"elsewhere": {func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example/")
			w.WriteHeader(302)
		}, evidence.Redirected},
	} {
		t.Run(name, func(t *testing.T) {
			f, address := newFake(t, known())
			f.set("/api/annotations", c.answer)
			a, err := NewAnnotations(*at(address))
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if id, err := a.Add(t.Context(), "x", []string{"squall"}, time.Unix(1, 0), time.Time{}); id != 0 || !errors.Is(err, &evidence.Problem{Cause: c.cause}) {
				t.Errorf("%d, %v", id, err)
			}
			if n, err := a.RemoveTagged(t.Context(), "squall"); n != 0 || err == nil {
				t.Errorf("%d are removed, %v", n, err)
			}
		})
	}
}
