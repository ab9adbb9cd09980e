package receiver

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/evidencetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// alertmanagers is a payload as Alertmanager 0.25 sends it.
const alertmanagers = `{"receiver":"squall","status":"%[1]s","alerts":[{"status":"%[1]s","labels":{"alertname":"HighLatencyLLM","severity":"drill"},
"annotations":{"summary":"slow"},"startsAt":"2026-11-27T10:00:00.5Z","endsAt":"%[2]s","generatorURL":"http://x/graph","fingerprint":"8d2b"}],
"groupLabels":{"alertname":"HighLatencyLLM"},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://x","version":"4","groupKey":"{}","truncatedAlerts":0}`

// grafanas is a payload as Grafana 11 sends it.
const grafanas = `{"receiver":"squall","status":"firing","orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"Grafana's","grafana_folder":"xin"},
"annotations":{},"startsAt":"2026-11-27T11:00:00+01:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"1","silenceURL":"","dashboardURL":"","panelURL":"",
"values":{"A":1},"valueString":"[ var='A' ]"}],"groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"","version":"1","groupKey":"{}","truncatedAlerts":0,
"title":"[FIRING:1]","state":"alerting","message":"**Firing**"}`

func start(t *testing.T, c Config) (*Source, *evidencetest.Sink) {
	t.Helper()
	s, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	sink := &evidencetest.Sink{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, sink) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return s, sink
}

func post(t *testing.T, s *Source, contentType, token, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, s.URL(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(said)
}

const asJSON = "application/json"

func TestAlertsAreTaken(t *testing.T) {
	s, sink := start(t, Config{})
	for _, body := range []string{
		fmt.Sprintf(alertmanagers, "firing", "0001-01-01T00:00:00Z"), fmt.Sprintf(alertmanagers, "firing", "0001-01-01T00:00:00Z"),
		fmt.Sprintf(alertmanagers, "resolved", "2026-11-27T10:05:00Z"), grafanas,
	} {
		if status, said := post(t, s, asJSON, "", body); status != http.StatusOK {
			t.Errorf("%d %s", status, said)
		}
	}
	got := sink.Alerts("HighLatencyLLM")
	if len(got) != 2 || got[0].State != evidence.Firing || got[1].State != evidence.Resolved || !got[1].FiredExact || !got[1].ResolvedExact ||
		got[1].FiredAt.UTC().Format(time.RFC3339Nano) != "2026-11-27T10:00:00.5Z" || got[1].ResolvedAt.UTC().Format(time.RFC3339) != "2026-11-27T10:05:00Z" {
		t.Errorf("%+v", got)
	}
	if got := sink.Alerts("Grafana's"); len(got) != 1 || got[0].FiredAt.UTC().Hour() != 10 {
		t.Errorf("%+v", got)
	}
	dir := t.TempDir()
	day := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	files, err := s.Export(t.Context(), day, time.Now().Add(time.Hour), dir)
	if err != nil || len(files) != 3 || files[0].Rows != 2 || files[2].Rows != 4 {
		t.Fatalf("%+v, %v", files, err)
	}
	raw, err := os.Open(filepath.Join(dir, files[2].Name))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for lines := bufio.NewScanner(raw); lines.Scan(); {
		var line struct{ Payload payload }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || len(line.Payload.Alerts) != 1 {
			t.Errorf("%s: %v", lines.Text(), err)
		}
	}
}

// What comes too fast is refused so that an Alertmanager sends it again, and named until it has stopped.
func TestAFlood(t *testing.T) {
	s, sink := start(t, Config{})
	evidencetest.Eventually(t, "the receiver", time.Minute, func() bool {
		status, _ := post(t, s, "text/plain", "", "")
		return status == http.StatusUnsupportedMediaType
	})
	s.pace.SetLimit(0) // so that the test does not depend on how fast it is
	taken, refused := 0, 0
	for range burst + 5 {
		switch status, _ := post(t, s, asJSON, "", grafanas); status {
		case http.StatusOK:
			taken++
		case http.StatusServiceUnavailable:
			refused++
		}
	}
	if taken != burst || refused != 5 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
	const text = "more was sent than is taken: at most 20 payloads a second, the others are refused"
	if gaps := sink.Gaps(alertsPanel); len(gaps) != 1 || gaps[0].Error() != text || !gaps[0].Partial() {
		t.Errorf("gaps %+v", gaps)
	}
	files, err := s.Export(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour), t.TempDir())
	if err != nil || len(files[0].Gaps) != 1 || files[0].Gaps[0].Detail != "5 payloads of the run were refused" {
		t.Errorf("%+v, %v", files, err)
	}
	s.settle(time.Now().Add(calm / 2))
	if gaps := sink.Gaps(alertsPanel); len(gaps) != 1 {
		t.Errorf("gaps %+v", gaps)
	}
	s.settle(time.Now().Add(calm))
	if gaps := sink.Gaps(alertsPanel); len(gaps) != 2 || gaps[1].Until.IsZero() {
		t.Errorf("gaps %+v", gaps)
	}
}

func TestWhatIsRefused(t *testing.T) {
	s, sink := start(t, Config{})
	for name, c := range map[string]struct {
		contentType, body string
		status            int
		says              string
	}{
		"no JSON":          {asJSON, "hello", 400, "read the payload: invalid character"},
		"another version":  {asJSON, `{"version":"5","alerts":[{}]}`, 400, `version "5" is not known here; 4 is`},
		"no alerts":        {asJSON, `{"version":"4"}`, 400, "it has no alerts"},
		"no name":          {asJSON, `{"version":"4","alerts":[{"status":"firing","labels":{}}]}`, 400, "alert 1 has no label alertname"},
		"no beginning":     {asJSON, `{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A"}}]}`, 400, "alert 1 has no startsAt"},
		"another state":    {asJSON, strings.ReplaceAll(fmt.Sprintf(alertmanagers, "odd\\u001b[2J", "2026-11-27T10:05:00Z"), "x", "y"), 400, "firing and resolved are known"},
		"no end":           {asJSON, fmt.Sprintf(alertmanagers, "resolved", "0001-01-01T00:00:00Z"), 400, "is resolved and has no endsAt"},
		"a form of a page": {"text/plain", fmt.Sprintf(alertmanagers, "firing", "0001-01-01T00:00:00Z"), 415, "application/json"},
		"too much":         {asJSON, `{"x":"` + strings.Repeat("x", maxBody) + `"}`, 413, "cannot be read"},
		"too many":         {asJSON, `{"version":"4","alerts":[` + strings.Repeat("{},", maxAlerts) + `{}]}`, 400, "it has 1001 alerts"},
	} {
		if status, said := post(t, s, c.contentType, "", c.body); status != c.status || !strings.Contains(said, c.says) || strings.Contains(said, "\x1b") {
			t.Errorf("%s: %d %q, want %d %q", name, status, said, c.status, c.says)
		}
	}
	resp, err := http.Get(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || len(sink.Alerts("A"))+len(sink.Alerts("HighLatencyLLM")) > 0 {
		t.Errorf("GET is %d; alerts were taken", resp.StatusCode)
	}
}

func TestAToken(t *testing.T) {
	var hidden string
	s, _ := start(t, Config{Token: "token-1", Hide: func(secret string) { hidden = secret }})
	for token, want := range map[string]int{"": 401, "token-2": 401, "token-1": 200} {
		if status, _ := post(t, s, asJSON, token, grafanas); status != want {
			t.Errorf("%q: %d, want %d", token, status, want)
		}
	}
	if hidden != "token-1" {
		t.Error("the token is not hidden")
	}
}

func TestAddresses(t *testing.T) {
	for addr, loopback := range map[string]bool{"": true, ":0": true, "localhost:0": true, "0.0.0.0:0": false} {
		s, err := Listen(Config{Addr: addr})
		if err != nil {
			t.Fatal(err)
		}
		if findings := s.Check(t.Context(), evidence.Wanted{}); (len(findings) == 1) != loopback {
			t.Errorf("%q: %+v", addr, findings)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, addr := range []string{"9099", "256.0.0.1:1", "127.0.0.1:x"} {
		if _, err := Listen(Config{Addr: addr}); err == nil {
			t.Errorf("%q is accepted", addr)
		}
	}
}

// Senders that hang, or connect and say nothing, hold up neither others nor the end.
func TestSlowSenders(t *testing.T) {
	var open []net.Conn
	t.Cleanup(func() { // after the end of the receiver
		for _, conn := range open {
			conn.Close()
		}
	})
	s, sink := start(t, Config{})
	for range maxConnections / 2 {
		conn, err := net.Dial("tcp", s.listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
		open = append(open, conn)
	}
	if status, said := post(t, s, asJSON, "", grafanas); status != http.StatusOK || len(sink.Alerts("Grafana's")) != 1 {
		t.Errorf("%d %s", status, said)
	}
}

// What is kept is bounded, and what is not is said.
func TestHistoryIsBounded(t *testing.T) {
	s, err := Listen(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	body := []byte(`"` + strings.Repeat("x", 1<<20) + `"`)
	for range keptBytes>>20 + 5 {
		s.keep(time.Now(), body, nil)
	}
	for i := range keptAlerts + 1 {
		s.keep(time.Now(), []byte("{}"), []evidence.Alert{{Name: fmt.Sprint(i), FiredAt: time.Unix(int64(i), 0)}})
	}
	if s.bytes > keptBytes || len(s.alerts) != keptAlerts {
		t.Errorf("%d bytes and %d alerts are kept", s.bytes, len(s.alerts))
	}
	files, err := s.Export(t.Context(), time.Unix(0, 0), time.Now(), t.TempDir())
	if err != nil || len(files[0].Gaps) != 1 || files[0].Gaps[0].Cause != evidence.Dropped {
		t.Errorf("%+v, %v", files, err)
	}
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(alertmanagers, "resolved", "2026-11-27T10:05:00Z")))
	f.Add([]byte(grafanas))
	f.Fuzz(func(t *testing.T, body []byte) {
		alerts, err := parse(body)
		if (err == nil) != (len(alerts) > 0) {
			t.Fatalf("%d alerts and %v", len(alerts), err)
		}
		for _, a := range alerts {
			if a.Name == "" || a.FiredAt.IsZero() || a.State == evidence.Resolved == a.ResolvedAt.IsZero() {
				t.Errorf("%+v", a)
			}
			if _, err := json.Marshal(a); err != nil {
				t.Errorf("%+v cannot be written: %v", a, err)
			}
		}
	})
}
