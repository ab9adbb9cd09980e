package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/kubeclient"
)

// heard writes down what a feed says.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) say(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf(format, args...))
}

func (h *heard) so() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.all, "; ")
}

func (h *heard) listed(objects []any, _ time.Time) { h.say("listed %d", len(objects)) }
func (h *heard) changed(object any, _ time.Time)   { h.say("changed %s", object.(*corev1.Pod).Name) }
func (h *heard) gone(object any, _ time.Time)      { h.say("gone %s", object.(*corev1.Pod).Name) }
func (h *heard) back(time.Time)                    { h.say("back") }

func (h *heard) lost(since, at time.Time, why *evidence.Problem) {
	order := "in order"
	if since.After(at) || since.IsZero() {
		order = fmt.Sprintf("since %v at %v", since, at)
	}
	h.say("lost %s, %s", why.Cause, order)
}

// podServer is an API server for pods whose watches and lists follow a script: each list and each watch takes its next answer.
func podServer(t *testing.T, lists []int, watches []string) *kubeclient.Client {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		mu.Lock()
		defer mu.Unlock()
		status := func(code int) {
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: int32(code)})
		}
		if r.URL.Query().Get("watch") == "" {
			code := http.StatusOK
			if len(lists) > 0 {
				code, lists = lists[0], lists[1:]
			}
			if code != http.StatusOK {
				status(code)
				return
			}
			fmt.Fprint(w, `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}`)
			return
		}
		if r.URL.Query().Get("allowWatchBookmarks") != "true" || r.URL.Query().Get("resourceVersion") == "" {
			t.Errorf("watch %s", r.URL)
		}
		answer := "stay"
		if len(watches) > 0 {
			answer, watches = watches[0], watches[1:]
		}
		event := func(kind, object string) {
			fmt.Fprintf(w, `{"type":%q,"object":%s}`+"\n", kind, object)
			w.(http.Flusher).Flush()
		}
		switch answer {
		case "refuse":
			status(http.StatusTooManyRequests)
		case "gone":
			event("ERROR", `{"kind":"Status","apiVersion":"v1","status":"Failure","code":410,"reason":"Expired","message":"too old resource version"}`)
		case "one": // and then the server ends the watch in good order
			event("ADDED", `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"b","resourceVersion":"8"}}`)
		default:
			event("BOOKMARK", `{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"9"}}`)
			mu.Unlock()
			<-r.Context().Done()
			mu.Lock()
		}
	}))
	t.Cleanup(server.Close)
	client, err := kubeclient.NewClient(&rest.Config{Host: server.URL, QPS: 100, Burst: 100})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// A gap begins where something may have been missed, and ends with a list.
func TestFeedSaysWhatItMissed(t *testing.T) {
	for name, c := range map[string]struct {
		lists   []int
		watches []string
		want    []string
	}{
		"a watch that ends in good order is resumed": {nil, []string{"one", "stay"}, []string{"listed 1", "changed b"}},
		"the server has forgotten (410)":             {nil, []string{"gone"}, []string{"listed 1", "lost missed, in order", "listed 1", "back"}},
		"no right":                                   {[]int{403, 403}, nil, []string{"lost forbidden, in order", "listed 1", "back"}},
		"another cause":                              {[]int{403, 500}, nil, []string{"lost forbidden, in order", "lost server_error, in order", "listed 1", "back"}},
		"too busy to watch":                          {nil, []string{"refuse"}, []string{"listed 1", "lost rate_limited, in order", "listed 1", "back"}},
		"410 and then no right":                      {[]int{200, 403}, []string{"gone"}, []string{"listed 1", "lost forbidden, in order", "listed 1", "back"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := podServer(t, slices.Clone(c.lists), slices.Clone(c.watches))
			told := &heard{}
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() {
				newFeed(&kubeclient.Cluster{}, client.Core, client.Core, "pods", "staging", &corev1.Pod{}, told).run(ctx)
			})
			want := strings.Join(c.want, "; ")
			evidencetest.Eventually(t, want, patience, func() bool { return told.so() == want || len(told.so()) > len(want) })
			cancel()
			running.Wait()
			if got := told.so(); got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		})
	}
}
