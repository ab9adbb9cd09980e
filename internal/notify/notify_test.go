package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRun is a run whose events are known.
type fakeRun struct {
	events []event.Event

	mu       sync.Mutex
	recorded []any
}

func (r *fakeRun) Subscribe(ctx context.Context) iter.Seq[event.Event] {
	return func(yield func(event.Event) bool) {
		for _, e := range r.events {
			if !yield(e) {
				return
			}
		}
		<-ctx.Done()
	}
}

func (r *fakeRun) Record(data any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recorded = append(r.recorded, data)
}

func happened(data ...any) *fakeRun {
	r := &fakeRun{}
	for _, d := range data {
		r.events = append(r.events, event.Make(time.Unix(0, 0), 0, event.By(event.RoleSquall), d))
	}
	return r
}

func hide(text string) string { return strings.ReplaceAll(text, "hunter2", "(secret)") }

func failedVerdict() (slo.Verdict, error) {
	return slo.Verdict{Answer: slo.Failed, Exit: 99, Reasons: []slo.Reason{{Kind: slo.ObjectiveFailed, About: "gateway_latency: p(95)<1500"}, {About: "x", Detail: "hunter2"}}}, nil
}

var llm = event.Injection{Fault: "llm_latency", Title: "LLM latency", Run: 1}

// People are told of what matters, in order, with the verdict and what is left behind last; of what they are told nobody is told.
func TestWhatIsTold(t *testing.T) {
	var sent []string
	n := New(Config{
		To: "Slack", Target: "staging", Verdict: failedVerdict, Redact: hide,
		Send: func(_ context.Context, text string) error {
			sent = append(sent, text)
			if strings.Contains(text, "active") {
				return errors.New("no hunter2")
			}
			return nil
		},
	})
	r := happened(
		event.RunStarted{Target: "staging", Duration: 60, VUs: 10}, event.VUsSet{From: 1, To: 2}, event.FaultStarted{Injection: llm}, event.FaultActive{Injection: llm, Scope: "proxy"},
		event.Notified{To: "Slack"}, event.Halted{}, event.FaultReverted{Injection: llm},
		event.EffectJudged{Injection: llm, Effect: event.EffectSeen, Observed: []string{"an alert"}}, event.EffectJudged{Injection: llm, Effect: event.NoEffect, Tolerance: 0.05},
		event.PlatformRecovered{Injection: llm, Unbroken: true, NoEffect: true},
		event.RunEnded{Cause: event.EndAsked, NotReverted: []string{"deployment x: scale it"}},
	)
	n.Run(t.Context(), r)
	want := []string{
		"▶ staging: Started on staging: 10 VUs", "▲ staging: LLM latency is active on proxy", "■ staging: HALT: ", "▼ staging: LLM latency is reverted",
		"! staging: LLM latency: no effect seen: ",
		"■ staging: Ended: on request, 1 not reverted", "✗ staging: left behind: deployment x: scale it",
		"✗ staging: verdict: failed (exit code 99)\ngateway_latency: p(95)<1500\nx: (secret)",
	}
	if len(sent) != len(want) {
		t.Fatalf("%d messages, want %d: %q", len(sent), len(want), sent)
	}
	for i := range want {
		if !strings.HasPrefix(sent[i], want[i]) {
			t.Errorf("message %d is %q, want %q", i, sent[i], want[i])
		}
		told, is := r.recorded[i].(event.Notified)
		if !is || told.Message != sent[i] || (told.Failed != "") != (i == 1) {
			t.Errorf("recorded %+v for %q", r.recorded[i], sent[i])
		}
	}
	if told := r.recorded[1].(event.Notified); told.Failed != "no (secret)" || told.About != "fault_active" {
		t.Errorf("recorded %+v", told)
	}
}

// Every kind that people are told of is one that there is.
func TestSignsAreOfKindsThatThereAre(t *testing.T) {
	known := map[event.Kind]bool{}
	for _, data := range []any{
		event.RunStarted{},
		event.FaultActive{},
		event.FaultRefused{},
		event.FaultReverted{},
		event.EffectJudged{},
		event.PlatformRecovered{},
		event.FaultNotReverted{},
		event.ChangeNotReverted{},
		event.Halted{},
		event.HaltReleased{},
		event.StopRuleMet{},
		event.SquallFailed{},
		event.RunEnded{},
	} {
		known[event.Make(time.Time{}, 0, event.Actor{}, data).Kind()] = true
	}
	for kind := range signs {
		if !known[kind] {
			t.Errorf("there is no kind %s", kind)
		}
	}
}

func TestVerdictThatIsNotKnown(t *testing.T) {
	n := New(Config{Target: "x", Redact: hide, Verdict: func() (slo.Verdict, error) { return slo.Verdict{}, errors.New("no hunter2") }})
	if got := n.verdict(); got != "? x: the verdict is not known: no (secret)" {
		t.Error(got)
	}
}

// A webhook that hangs holds up nothing: events are read on, the run's end waits for five seconds, and what was dropped is said.
func TestNothingWaitsForAWebhookThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(Config{To: "Slack", Target: "x", Verdict: failedVerdict, Redact: hide, Send: func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		var all []any
		for range 100 {
			all = append(all, event.Halted{})
		}
		r := happened(append(all, event.RunEnded{Cause: event.EndAsked})...)
		began := time.Now()
		n.Run(t.Context(), r)
		if took := time.Since(began); took != flushTimeout {
			t.Errorf("the end took %s", took)
		}
		failed, dropped := 0, 0
		for _, data := range r.recorded {
			switch d := data.(type) {
			case event.Notified:
				failed++
			case event.NotificationsDropped:
				dropped += d.Count
				if len(d.First) == 0 || d.First[0].About != "halted" {
					t.Errorf("it is not said what was dropped: %+v", d)
				}
			}
		}
		if failed != 1 || failed+dropped != 102 { // 100, the end, and the verdict
			t.Errorf("%d failed and %d dropped", failed, dropped)
		}
	})
}

// A run that is over without a last event, because its disk is full, does not keep anybody.
func TestRunWithoutAnEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := New(Config{Send: func(context.Context, string) error { return nil }, Redact: hide})
	cancel()
	n.Run(ctx, happened(event.Halted{}))
}

const webhook = "/services/T0/B0/hunter2hunter2"

// slackServer speaks what Slack documents of incoming webhooks.
func slackServer(t *testing.T, answer func(n int, w http.ResponseWriter, req *http.Request)) (s *Slack, bodies func() []string) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		mu.Lock()
		got = append(got, string(body))
		n := len(got)
		mu.Unlock()
		if req.Method != http.MethodPost || req.URL.Path != webhook || req.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s as %s", req.Method, req.URL, req.Header.Get("Content-Type"))
		}
		answer(n, w, req)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return NewSlack(server.URL+webhook, transport), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
}

func says(status int, text string, headers ...string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}
}

func TestAnswersOfSlack(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(int, http.ResponseWriter, *http.Request)
		err    string // "" for none
		posts  int
		waited time.Duration
	}{
		"ok":                {says(200, "ok"), "", 1, 0},
		"invalid payload":   {says(400, "invalid_payload"), "400 Bad Request: invalid_payload", 1, 0},
		"forbidden":         {says(403, "action_prohibited"), "403 Forbidden: action_prohibited: the webhook is gone", 1, 0},
		"no service":        {says(404, "no_service"), "404 Not Found: no_service: the webhook is gone", 1, 0},
		"archived":          {says(410, "channel_is_archived"), "410 Gone: channel_is_archived", 1, 0},
		"a web page":        {says(200, "<html>Sign in</html>"), "answered 200 and not ok", 1, 0},
		"a page that fails": {says(502, "<html>"+strings.Repeat("x", 1<<20)), "502 Bad Gateway", 2, retryDelay},
		"a redirect":        {says(302, "", "Location", "https://example.org/"), "no redirect is followed with a secret", 1, 0},
		"rate limited for ever": {
			says(429, "rate_limited", "Retry-After", "7"), "rate limit exceeded", 2, 7 * time.Second,
		},
		"rate limited once": {func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				says(429, "rate_limited", "Retry-After", "3")(n, w, r)
				return
			}
			says(200, "ok")(n, w, r)
		}, "", 2, 3 * time.Second},
		"rate limited for long":         {says(429, "", "Retry-After", "3600"), "it asks to wait for 1h0m0s, which is too long", 1, 0},
		"rate limited without a time":   {says(429, "rate_limited"), "429 Too Many Requests", 2, retryDelay},
		"rate limited without a number": {says(429, "", "Retry-After", "soon"), "soon", 1, 0},
		"cut off":                       {func(int, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "closed before the answer was complete", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, bodies := slackServer(t, c.answer)
			waited := time.Duration(0)
			s.wait = func(_ context.Context, d time.Duration) error { waited += d; return nil }
			err := s.Send(t.Context(), "text")
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("the error is %v, want %q", err, c.err)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "/services")) {
				t.Errorf("the error has the webhook: %v", err)
			}
			if n := len(bodies()); n != c.posts || waited != c.waited {
				t.Errorf("%d posts, waited %s", n, waited)
			}
		})
	}
}

// No answer is waited for beyond the time of an attempt, nor beyond what the caller allows.
func TestSlackThatHangs(t *testing.T) {
	hang := func(_ int, _ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }
	s, bodies := slackServer(t, hang)
	s.client.Timeout = 50 * time.Millisecond
	if err := s.Send(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "no answer within") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Send(ctx, "x"); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
	if n := len(bodies()); n != 1 {
		t.Errorf("%d posts", n)
	}
	if err := wait(ctx, time.Hour); err == nil {
		t.Error("the wait did not end with the run")
	}
	nowhere := NewSlack("http://127.0.0.1:1"+webhook, &http.Transport{})
	if err := nowhere.Send(t.Context(), "x"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// Whatever a text has in it, Slack shows it and calls nobody.
func TestTextCallsNobody(t *testing.T) {
	s, bodies := slackServer(t, says(200, "ok"))
	if err := s.Send(t.Context(), "<!channel> <@U1> a & b "+strings.Repeat("é", 5000)); err != nil {
		t.Fatal(err)
	}
	var sent struct{ Text, Parse string }
	if err := json.Unmarshal([]byte(bodies()[0]), &sent); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(sent.Text, "&lt;!channel&gt; &lt;@U1&gt; a &amp; b é") || sent.Parse != "none" || len([]rune(sent.Text)) > longestText+50 {
		t.Errorf("sent %.80q, parse %q", sent.Text, sent.Parse)
	}
}
