package alertmanager

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/evidencetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// one is an alert as Alertmanager 0.25 shows it.
func one(name, state, silenced, inhibited string) string {
	return fmt.Sprintf(`{"annotations":{"summary":"s"},"endsAt":"2026-11-27T10:09:00Z","fingerprint":"1","receivers":[{"name":"squall"}],"startsAt":"2026-11-27T10:00:00.250Z",
"status":{"inhibitedBy":[%s],"silencedBy":[%s],"state":%q},"updatedAt":"2026-11-27T10:05:00Z","generatorURL":"http://x","labels":{"alertname":%q}}`, inhibited, silenced, state, name)
}

func newFake(t *testing.T) (*Source, func(answer string)) {
	t.Helper()
	var answer atomic.Value
	answer.Store("[]")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := answer.Load().(string)
		switch {
		case strings.HasPrefix(said, "<"):
			w.Header().Set("Content-Type", "text/html")
		case said == "500":
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path != "/am/api/v2/alerts":
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Header().Set("Content-Type", "application/json")
		}
		io.WriteString(w, said)
	}))
	t.Cleanup(server.Close)
	s, err := New(Config{Server: client.Config{URL: server.URL + "/am/"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.CloseIdle)
	return s, func(said string) { answer.Store(said) }
}

func TestStates(t *testing.T) {
	s, say := newFake(t)
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	begin := time.Date(2026, 11, 27, 10, 1, 0, 0, time.UTC)
	at := begin
	for _, said := range []string{
		"[" + one("A", "active", "", "") + "," + one("B", "suppressed", "", `"x"`) + "]",
		"[" + one("A", "suppressed", `"s1"`, "") + "," + one("B", "suppressed", "", `"x"`) + "]",
		"500",
		"<html><title>Sign in</title></html>",
		`[{"labels":{}}]`,
		"[",
		"[]",
	} {
		say(said)
		r.once(t.Context(), at)
		at = at.Add(time.Second)
	}
	var lines []string
	for _, a := range sink.Alerts("A") {
		lines = append(lines, string(a.State))
	}
	if got := strings.Join(lines, " "); got != "firing silenced resolved" {
		t.Errorf("A was %s", got)
	}
	if got := sink.Alerts("B"); len(got) != 2 || got[0].State != evidence.Inhibited {
		t.Errorf("B was %+v", got)
	}
	last := sink.Alerts("A")[2]
	if !last.FiredExact || last.FiredAt.UTC().Format(time.RFC3339Nano) != "2026-11-27T10:00:00.25Z" || last.ResolvedExact || last.ResolvedAt != begin.Add(6*time.Second) {
		t.Errorf("%+v", last)
	}
	lines = nil
	for _, g := range sink.Gaps("") {
		if g.Until.IsZero() {
			lines = append(lines, string(g.Cause))
		}
	}
	if got := strings.Join(lines, " "); got != "server_error not_api malformed" {
		t.Errorf("gaps were %s", got)
	}
	if gaps := sink.Gaps(""); gaps[len(gaps)-1].Until != begin.Add(6*time.Second) {
		t.Errorf("the last gap is %+v", gaps[len(gaps)-1])
	}
	files, err := s.Export(t.Context(), begin, at, t.TempDir())
	if err != nil || len(files) != 2 || files[0].Rows != 2 {
		t.Errorf("%+v, %v", files, err)
	}
}

func TestTooManyAlerts(t *testing.T) {
	s, say := newFake(t)
	say("[" + strings.Repeat(one("A", "active", "", "")+",", maxAlerts) + one("A", "active", "", "") + "]")
	sink := &evidencetest.Sink{}
	s.newReading(sink).once(t.Context(), time.Unix(1, 0))
	if gaps := sink.Gaps(""); len(gaps) != 1 || gaps[0].Cause != evidence.TooManySeries || len(sink.Alerts("A")) != 0 {
		t.Errorf("%+v", gaps)
	}
}

func TestCheckOfAnAlertmanagerThatIsNone(t *testing.T) {
	s, _ := newFake(t)
	if got := s.Check(t.Context(), evidence.Wanted{}); len(got) != 1 || got[0].Level() != evidence.Failing || !strings.HasPrefix(got[0].Text(), "alertmanager cannot be read: it has no such path: HTTP 404") {
		t.Errorf("%+v", got)
	}
}

// An export of what never answered is not the export of a quiet one: it says what is missing in it.
func TestExportSaysWhatIsMissing(t *testing.T) {
	s, say := newFake(t)
	begin := time.Date(2026, 11, 27, 10, 1, 0, 0, time.UTC)
	r := s.newReading(&evidencetest.Sink{})
	for i, said := range []string{"500", "<html></html>", "[]", "500"} {
		say(said)
		r.once(t.Context(), begin.Add(time.Duration(i)*time.Second))
	}
	files, err := s.Export(t.Context(), begin, begin.Add(10*time.Second), t.TempDir())
	if err != nil || len(files) == 0 {
		t.Fatalf("%+v, %v", files, err)
	}
	for _, f := range files {
		var got []string
		for _, g := range f.Gaps {
			got = append(got, fmt.Sprintf("%s %v-%v", g.Cause, g.From.Sub(begin).Seconds(), g.Until.Sub(begin).Seconds()))
		}
		if want := []string{"server_error 0-1", "not_api 1-2", "server_error 3-10"}; !slices.Equal(got, want) {
			t.Errorf("gaps of %s are %q, want %q", f.Name, got, want)
		}
	}
}
