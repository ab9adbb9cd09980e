package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/internal/publish"
)

const token = "ghp_canary0123456789"

// hub is a GitHub Enterprise Server with one repository, team/app: as much of its REST API as is used.
type hub struct {
	mu      sync.Mutex
	issues  []map[string]any // oldest first
	calls   []string
	tokens  []string
	answers map[string]http.HandlerFunc // "POST 2": what the second POST gets in place of the usual
	counts  map[string]int
	perPage int // most issues of a page
	cursors bool
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, r.Method+" "+r.URL.String())
	h.tokens = append(h.tokens, r.Header.Get("Authorization"))
	if h.counts == nil {
		h.counts = map[string]int{}
	}
	h.counts[r.Method]++
	if answer := h.answers[r.Method+" "+strconv.Itoa(h.counts[r.Method])]; answer != nil {
		answer(w, r)
		return
	}
	switch {
	case r.Header.Get("Authorization") != "Bearer "+token:
		refuse(http.StatusUnauthorized, "Bad credentials")(w, r)
	case r.URL.Path != "/api/v3/repos/team/app/issues":
		refuse(http.StatusNotFound, "Not Found")(w, r)
	case r.Method == http.MethodGet:
		h.list(w, r)
	default:
		h.create(w, r)
	}
}

// list answers as GET /repos/{owner}/{repo}/issues is documented: newest first, paged by the Link header, pull requests
// among the issues.
func (h *hub) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, page := min(number(q, "per_page", 30), cmpOr(h.perPage, 100)), number(q, "page", 1)
	if after := number(q, "after", 0); after > 0 {
		page = after
	}
	matching := slices.DeleteFunc(slices.Clone(h.issues), func(i map[string]any) bool {
		return q.Get("state") != "all" && i["state"] != "open"
	})
	slices.Reverse(matching)
	from := min(len(matching), (page-1)*size)
	to := min(len(matching), from+size)
	if to < len(matching) {
		next := url.Values{"per_page": q["per_page"], "state": q["state"], "page": {strconv.Itoa(page + 1)}}
		if h.cursors {
			next = url.Values{"after": {strconv.Itoa(page + 1)}}
		}
		w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v3/repositories/1/issues?%s>; rel="next"`, r.Host, next.Encode()))
	}
	write(w, http.StatusOK, matching[from:to])
}

func (h *hub) create(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Title, Body string
		Labels      []string
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Title == "" {
		write(w, http.StatusUnprocessableEntity, map[string]any{"message": "Validation Failed", "errors": []map[string]string{{"resource": "Issue", "field": "title", "code": "missing_field"}}})
		return
	}
	write(w, http.StatusCreated, h.add(asked.Title, asked.Body, "open"))
}

// add files an issue; the caller holds the lock.
func (h *hub) add(title, body, state string) map[string]any {
	n := len(h.issues) + 1
	issue := map[string]any{"number": n, "title": title, "body": body, "state": state, "html_url": "https://ghe.example.org/team/app/issues/" + strconv.Itoa(n)}
	h.issues = append(h.issues, issue)
	return issue
}

func number(q url.Values, name string, standard int) int {
	if n, err := strconv.Atoi(q.Get(name)); err == nil {
		return n
	}
	return standard
}

func cmpOr(a, b int) int {
	if a == 0 {
		return b
	}
	return a
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(status int, message string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		documentation := ""
		for i := 0; i+1 < len(headers); i += 2 {
			if headers[i] == "documentation_url" {
				documentation = headers[i+1]
				continue
			}
			w.Header().Set(headers[i], headers[i+1])
		}
		write(w, status, map[string]any{"message": message, "documentation_url": documentation, "status": strconv.Itoa(status)})
	}
}

// serve starts the server and a tracker for it.
func (h *hub) serve(t *testing.T) *Tracker {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return tracker(t, server.URL, token)
}

func tracker(t *testing.T, address, token string) *Tracker {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(Config{API: u, Owner: "team", Name: "app", Token: token, UserAgent: "squall/test", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func filing(items ...string) publish.Filing {
	f := publish.Filing{Run: "e1a88b6a", Started: time.Date(2026, 7, 30, 9, 0, 0, 0, time.UTC), Labels: []string{"resilience"}}
	for _, i := range items {
		f.Items = append(f.Items, publish.Item{Key: publish.Key(i), Title: i, Body: "About " + i + ".\n"})
	}
	return f
}

func outcomes(filed []publish.Filed) (all []string) {
	for _, f := range filed {
		all = append(all, fmt.Sprintf("%s #%d new=%v", f.Title, f.Number, f.New))
	}
	return all
}

// What is filed is found again, on whatever page, open or closed, and not filed twice.
func TestFilesOnce(t *testing.T) {
	for _, cursors := range []bool{false, true} {
		h := &hub{perPage: 2, cursors: cursors}
		tr := h.serve(t)
		filed, err := publish.File(t.Context(), tr, filing("p95", "recovery"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := outcomes(filed), []string{"p95 #1 new=true", "recovery #2 new=true"}; !slices.Equal(got, want) {
			t.Errorf("filed %q, want %q", got, want)
		}
		if filed[0].URL != "https://ghe.example.org/team/app/issues/1" {
			t.Errorf("address %s", filed[0].URL)
		}
		for i := range 5 {
			h.add(fmt.Sprint("other ", i), "", "open")
		}
		h.add("a pull request", h.issues[0]["body"].(string), "open")["pull_request"] = map[string]any{"url": "x"}
		h.issues[1]["state"], h.issues[1]["closed_at"] = "closed", "2026-07-29T00:00:00Z" // this run's, so it counts
		h.calls = nil
		filed, err = publish.File(t.Context(), tr, filing("p95", "recovery"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := outcomes(filed), []string{"p95 #1 new=false", "recovery #2 new=false"}; !slices.Equal(got, want) {
			t.Errorf("filed %q, want %q", got, want)
		}
		if len(h.calls) != 4 || strings.Contains(strings.Join(h.calls, " "), "POST") {
			t.Errorf("calls %q", h.calls)
		}
	}
}

// A finding that is there again after its issue was closed gets a new one, which names the old.
func TestFilesAgainWhatWasClosedBefore(t *testing.T) {
	h := &hub{}
	tr := h.serve(t)
	earlier := filing("p95")
	earlier.Run = "00000000"
	if _, err := publish.File(t.Context(), tr, earlier); err != nil {
		t.Fatal(err)
	}
	h.issues[0]["state"], h.issues[0]["closed_at"] = "closed", "2026-07-30T10:00:00Z" // after the run
	filed, err := publish.File(t.Context(), tr, filing("p95"))
	if err != nil || !slices.Equal(outcomes(filed), []string{"p95 #1 new=false"}) {
		t.Errorf("filed %q, %v", outcomes(filed), err)
	}
	h.issues[0]["closed_at"] = "2026-07-20T10:00:00Z" // before it
	filed, err = publish.File(t.Context(), tr, filing("p95"))
	if err != nil || !slices.Equal(outcomes(filed), []string{"p95 #2 new=true"}) {
		t.Errorf("filed %q, %v", outcomes(filed), err)
	}
	if body := h.issues[1]["body"].(string); !strings.Contains(body, "About p95.\n\nIt was seen before: #1, closed on 2026-07-20.\n") {
		t.Errorf("body %q", body)
	}
	filed, err = publish.File(t.Context(), tr, filing("p95"))
	if err != nil || !slices.Equal(outcomes(filed), []string{"p95 #2 new=false"}) {
		t.Errorf("filed %q, %v", outcomes(filed), err)
	}
}

// What fails in the middle is said, and the next time only the rest is filed.
func TestPartialSuccess(t *testing.T) {
	h := &hub{answers: map[string]http.HandlerFunc{"POST 2": refuse(http.StatusBadGateway, "upstream")}}
	tr := h.serve(t)
	filed, err := publish.File(t.Context(), tr, filing("a", "b", "c"))
	if got := outcomes(filed); !slices.Equal(got, []string{"a #1 new=true"}) {
		t.Errorf("filed %q", got)
	}
	want := "file \"b\": create an issue of team/app: GitHub answers 502 (upstream): try again later; an issue that was filed all the same is found then\n1 more not tried: the same command files what is left"
	if err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
	filed, err = publish.File(t.Context(), tr, filing("a", "b", "c"))
	if got := outcomes(filed); err != nil || !slices.Equal(got, []string{"a #1 new=false", "b #2 new=true", "c #3 new=true"}) {
		t.Errorf("filed %q, %v", got, err)
	}
}

// One issue that is not taken does not hold up the others.
func TestInvalidIssuesAreSkipped(t *testing.T) {
	h := &hub{answers: map[string]http.HandlerFunc{"POST 1": refuse(http.StatusUnprocessableEntity, "Validation Failed")}}
	filed, err := publish.File(t.Context(), h.serve(t), filing("a", "b"))
	if got := outcomes(filed); !slices.Equal(got, []string{"b #1 new=true"}) {
		t.Errorf("filed %q", got)
	}
	if err == nil || err.Error() != `file "a": create an issue of team/app: GitHub answers 422 (Validation Failed)` {
		t.Errorf("error %v", err)
	}
}

// Every refusal says what to do, and none of them the token.
func TestRefusals(t *testing.T) {
	reset := time.Date(2026, 7, 30, 10, 11, 12, 0, time.UTC)
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"401":             {refuse(401, "Bad credentials "+token), "list the issues of team/app: GitHub answers 401 (Bad credentials ***): it does not take the token: set GITHUB_TOKEN to one that is valid"},
		"403":             {refuse(403, "Resource not accessible by integration"), "list the issues of team/app: GitHub answers 403 (Resource not accessible by integration): the token must have the right to write issues of team/app"},
		"404":             {refuse(404, "Not Found"), "list the issues of team/app: GitHub answers 404 (Not Found): there is no such repository, or the token must not see it"},
		"410":             {refuse(410, "Issues are disabled for this repo"), "list the issues of team/app: GitHub answers 410 (Issues are disabled for this repo): the repository has its issues switched off"},
		"rate limit":      {refuse(403, "API rate limit exceeded", "X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10)), "list the issues of team/app: GitHub's rate limit is used up: try again after 10:11:12 UTC"},
		"secondary limit": {refuse(429, "You have exceeded a secondary rate limit", "documentation_url", "https://docs.github.com/rest#secondary-rate-limits", "Retry-After", "60"), "list the issues of team/app: GitHub wants fewer calls: try again in 1m0s"},
		"429":             {refuse(429, "slow down"), "list the issues of team/app: GitHub answers 429 (slow down): try again in a few minutes"},
		"500":             {refuse(500, ""), "list the issues of team/app: GitHub answers 500: try again later; an issue that was filed all the same is found then"},
		"a page of HTML":  {html, "list the issues of team/app: the answer is not one of GitHub's API: is this its address? ("},
		"no issue": {func(w http.ResponseWriter, _ *http.Request) {
			write(w, 200, []map[string]any{{"number": 1, "html_url": "javascript:x"}})
		}, "list the issues of team/app: the answer is no issue: is this the address of GitHub's API?"},
		"cut off": {cutOff, "list the issues of team/app: the answer is not one of GitHub's API: is this its address? ("},
	} {
		t.Run(name, func(t *testing.T) {
			h := &hub{answers: map[string]http.HandlerFunc{"GET 1": test.answer}}
			filed, err := publish.File(t.Context(), h.serve(t), filing("a"))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.HasSuffix(test.want, "(") == (err.Error() == test.want) {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
			if len(filed) > 0 || len(h.issues) > 0 {
				t.Errorf("filed %v", filed)
			}
			if err != nil && strings.Contains(err.Error(), token) {
				t.Errorf("the token is in %v", err)
			}
		})
	}
}

func html(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "<html>Log in</html>")
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `[{"number":`)
}

// A list that never ends is noticed.
func TestEndlessLists(t *testing.T) {
	h := &hub{answers: map[string]http.HandlerFunc{}}
	same := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", fmt.Sprintf(`<http://%s/api/v3/x?page=2>; rel="next"`, r.Host))
		write(w, 200, []map[string]any{})
	}
	for n := range 10 {
		h.answers["GET "+strconv.Itoa(n)] = same
	}
	_, err := publish.File(t.Context(), h.serve(t), filing("a"))
	if err == nil || !strings.Contains(err.Error(), "the next page is the same again") || len(h.calls) != 2 {
		t.Errorf("%v after %q", err, h.calls)
	}
}

// The token goes to no other host: neither by a redirect nor by a link to the next page.
func TestTokenGoesNowhereElse(t *testing.T) {
	var mu sync.Mutex
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		elsewhere = append(elsewhere, fmt.Sprint(r.URL, r.Header))
		write(w, 200, []map[string]any{})
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"GET", "POST"} {
			h := &hub{answers: map[string]http.HandlerFunc{method + " 1": func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL+r.URL.Path, status)
			}}}
			_, err := publish.File(t.Context(), h.serve(t), filing("a"))
			if err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(other.URL, "http://")+", which gets no token from it") {
				t.Errorf("%d to %s: %v", status, method, err)
			}
		}
	}
	h := &hub{answers: map[string]http.HandlerFunc{"GET 1": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", fmt.Sprintf(`<%s/api/v3/x?page=2>; rel="next"`, other.URL))
		write(w, 200, []map[string]any{})
	}}}
	if _, err := publish.File(t.Context(), h.serve(t), filing("a")); err != nil {
		t.Error(err)
	}
	if len(elsewhere) > 0 {
		t.Errorf("the other host got %q", elsewhere)
	}
}

// A repository with a new name is read at its new address, but an issue is not filed by a GET.
func TestMovedRepositories(t *testing.T) {
	moved := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/api/v3/repos/team/app/issues?"+r.URL.RawQuery, http.StatusMovedPermanently)
	}
	h := &hub{answers: map[string]http.HandlerFunc{"GET 1": moved, "POST 1": moved}}
	_, err := publish.File(t.Context(), h.serve(t), filing("a"))
	if err == nil || !strings.Contains(err.Error(), "the repository has another name now: give that with --issues") {
		t.Errorf("error %v", err)
	}
	if got := h.calls; len(got) != 3 || !strings.HasPrefix(got[2], "POST") {
		t.Errorf("calls %q", got)
	}
	for _, sent := range h.tokens {
		if sent != "Bearer "+token {
			t.Errorf("authorization %q", sent)
		}
	}
}

// A server that does not answer is given up on, and a cancelled call at once.
func TestSilentServers(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := publish.File(ctx, tracker(t, silent.URL, token), filing("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	tr := tracker(t, "http://127.0.0.1:1", token)
	if _, err := publish.File(t.Context(), tr, filing("a")); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("nobody there: %v", err)
	}
}

// Without items nothing is asked.
func TestNothingToFile(t *testing.T) {
	h := &hub{}
	if filed, err := publish.File(t.Context(), h.serve(t), filing()); err != nil || len(filed) > 0 || len(h.calls) > 0 {
		t.Errorf("%v, %v, %q", filed, err, h.calls)
	}
}
