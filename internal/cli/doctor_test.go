package cli

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// token is an admin token that ends after a while.
func token(t *testing.T, role string, life time.Duration) string {
	t.Helper()
	claims := jwt.MapClaims{"role": role, "exp": time.Now().Add(life).Unix()}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDoctor(t *testing.T) {
	t.Chdir(t.TempDir())
	var asked []string
	answer := func(date func() time.Time, status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
			w.Header().Set("Date", date().UTC().Format(http.TimeFormat))
			w.WriteHeader(status)
			if r.URL.Path == "/admin/tenants" {
				fmt.Fprint(w, `[{"id":"11111111-1111-1111-1111-111111111111"},{"id":"44444444-4444-4444-4444-444444444444"},{"id":"5"}]`)
			}
		})
	}
	refusing := func(status int) *httptest.Server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/admin/tenants" {
				w.WriteHeader(status)
				fmt.Fprint(w, `{"detail":"it says why"}`)
			}
		}))
		t.Cleanup(s.Close)
		return s
	}
	hourAhead := func() time.Time { return time.Now().Add(time.Hour) }
	plain := httptest.NewServer(answer(time.Now, 200))
	defer plain.Close()
	fast := httptest.NewServer(answer(hourAhead, 404))
	defer fast.Close()
	ill := httptest.NewServer(answer(time.Now, 503))
	defer ill.Close()
	cookies := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "a="+strings.Repeat("x", 2<<20))
	}))
	defer cookies.Close()
	secure := httptest.NewTLSServer(answer(time.Now, 200))
	defer secure.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}

	good := token(t, "platform_admin", time.Hour)
	for name, c := range map[string]struct {
		gateway, api, token string
		args                []string
		code                int
		says                []string
	}{
		"all is well":       {plain.URL, plain.URL, good, nil, 0, []string{"✓ ok    gateway          GET /health answers 200", "clocks agree", "✓ ok    admin token      role platform_admin, expires in", "✓ ok    admin token      accepted by the admin API", "✓ ok    workload         its tenants exist: 2 of the 3 of the platform; the list does not tell of the channels of alpha, beta, gamma, which were not checked"}},
		"unknown tenant":    {plain.URL, plain.URL, good, []string{"--tenant", "11111111-1111-1111-1111-111111111112"}, 1, []string{"✗ fail  workload         the platform has no tenant 11111111-1111-1111-1111-111111111112: every message"}},
		"refused token":     {plain.URL, refusing(401).URL, good, nil, 1, []string{"✗ fail  admin token      not accepted: GET /admin/tenants answers 401 (it says why)"}},
		"refused role":      {plain.URL, refusing(403).URL, good, nil, 1, []string{"✗ fail  admin token      not allowed to do this: GET /admin/tenants answers 403 (it says why)"}},
		"no such call":      {plain.URL, refusing(404).URL, good, nil, 0, []string{"! warn  workload         not checked: GET /admin/tenants answers 404 (it says why)"}},
		"short-lived token": {plain.URL, plain.URL, good, []string{"--duration", "90m"}, 0, []string{"! warn  admin token      role platform_admin, expires in", "and the run goes on for 1 h 30 min: rules cannot be put back"}},
		"no admin":          {plain.URL, "", "", nil, 0, []string{"! warn  admin API", "set ORCHESTRATOR_URL", "! warn  admin token"}},
		"clock, no route":   {fast.URL, plain.URL, good, nil, 0, []string{"! warn  gateway          GET /health answers 404", "ahead of ours: times in reports will not match"}},
		"ill":               {plain.URL, ill.URL, good, nil, 1, []string{"✗ fail  admin API        GET /health answers 503"}},
		"away":              {"http://127.0.0.1:1", plain.URL, good, nil, 1, []string{"✗ fail  gateway          connect to 127.0.0.1:1"}},
		"unknown authority": {secure.URL, plain.URL, good, nil, 1, []string{"✗ fail  gateway          TLS handshake"}},
		"own authority":     {secure.URL, plain.URL, good, []string{"--ca", ca}, 0, []string{"TLS 1.3, certificate valid until", "✓ ok    gateway          GET /health answers 200"}},
		"unchecked":         {secure.URL, plain.URL, good, []string{"--insecure-skip-verify"}, 0, []string{"! warn  configuration    server certificates are not checked"}},
		"long headers":      {cookies.URL, plain.URL, good, nil, 1, []string{"✗ fail  gateway          GET /health: this machine, not the platform: the answer's header is longer than 1 MiB"}},
		"expired":           {plain.URL, plain.URL, token(t, "platform_admin", -time.Hour), nil, 1, []string{"✗ fail  admin token      admin token expired 1 h"}},
		"wrong role":        {plain.URL, plain.URL, token(t, "viewer", time.Hour), nil, 1, []string{"admin token has no role platform_admin"}},
		"not a token":       {plain.URL, plain.URL, "hello", nil, 1, []string{"admin token is no JWT"}},
	} {
		t.Run(name, func(t *testing.T) {
			asked = nil
			environ := map[string]string{"WEBHOOK_SECRET": "s3cret", "GATEWAY_URL": c.gateway, "ORCHESTRATOR_URL": c.api, "ADMIN_TOKEN": c.token}
			code, out, errs := try(t, environ, append([]string{"doctor"}, c.args...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("says\n%s%s\nwant %q", out, errs, want)
				}
			}
			if c.token != "" && strings.Contains(out+errs, c.token) || strings.Contains(out+errs, "s3cret") {
				t.Errorf("a secret is on the screen:\n%s", out)
			}
			for _, request := range asked {
				if request != "GET /health " && request != "GET /admin/tenants Bearer "+c.token {
					t.Errorf("asked %q, want GET /health and no token, or the tenants", request)
				}
			}
		})
	}
}

// What the platform says of itself is looked at, too: what is read, what has no series, and which source is away.
func TestDoctorLooksAtMonitoring(t *testing.T) {
	t.Chdir(t.TempDir())
	registry := prometheus.NewRegistry()
	depth := prometheus.NewGauge(prometheus.GaugeOpts{Name: "automation_queue_depth"})
	depth.Set(3)
	registry.MustRegister(depth)
	service := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer service.Close()
	platform := httptest.NewServer(http.NotFoundHandler())
	defer platform.Close()
	environ := map[string]string{"WEBHOOK_SECRET": "s3cret", "GATEWAY_URL": platform.URL}
	for name, c := range map[string]struct {
		args []string
		code int
		says []string
	}{
		"nothing to read": {nil, 0, []string{"! warn  monitoring       none: what the platform says of itself is not read; set --prometheus or --scrape"}},
		"metrics": {[]string{"--scrape", "worker=" + service.URL}, 0, []string{
			"✓ ok    metrics          Automation queue depth has data",
			"! warn  metrics          metric http_requests_total has no series: is its service read by the monitoring, and has it run?",
		}},
		"Prometheus is away": {[]string{"--prometheus", "http://127.0.0.1:1", "--alertmanager", platform.URL}, 1, []string{
			"✗ fail  prometheus       prometheus cannot be read: ", "✗ fail  alertmanager     alertmanager cannot be read: ",
		}},
		"nothing reads a rule": {[]string{"--scrape", "worker=" + service.URL, "--stop-rule", "prometheus: max(up) < 1 for 10s"}, 1, []string{
			`✗ fail  monitoring       stop rule "prometheus: max(up) < 1 for 10s": nothing reads this query: --scrape reads a metric by its name alone, each of its series: write up without anything around it, or add --prometheus URL`,
		}},
		"nothing reads PromQL of two metrics": {[]string{"--scrape", "worker=" + service.URL, "--stop-rule", "prometheus: up / down < 1 for 10s"}, 1, []string{
			`✗ fail  monitoring       stop rule "prometheus: up / down < 1 for 10s": nothing reads this query: add --prometheus URL`,
		}},
		"what needs a metric": {[]string{"--scrape", "worker=" + service.URL, "--stop-rule", "prometheus: up < 1 for 10s", "--steady-state", "prometheus: down < 1"}, 0, []string{
			`metric up has no series (needed by stop rule "prometheus: up < 1 for 10s"): `,
			`metric down has no series (needed by steady state "prometheus: down < 1"): `,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := try(t, environ, append([]string{"doctor"}, c.args...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.says {
				if !strings.Contains(out, want) {
					t.Errorf("says\n%s%s\nwant %q", out, errs, want)
				}
			}
		})
	}
}

// TestClocks never names a difference of no seconds.
func TestClocks(t *testing.T) {
	sent := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for later, want := range map[time.Duration]string{ // of our request, after the time of their answer
		700 * time.Millisecond:  "✓ ok    gateway          clocks agree to the second",
		1300 * time.Millisecond: "✓ ok    gateway          clocks agree to the second",
		2 * time.Second:         "✓ ok    gateway          its clock is 1 s behind ours",
		-3 * time.Second:        "✓ ok    gateway          its clock is 3 s ahead of ours",
		-time.Minute:            "! warn  gateway          its clock is 1 min ahead of ours: times in reports will not match",
	} {
		var out strings.Builder
		c := checkup{commands: &commands{IO: IO{Out: &out}}}
		at := sent.Add(later)
		c.checkClockSkew("gateway", sent.Format(http.TimeFormat), at, at)
		if got := strings.TrimSpace(out.String()); got != want {
			t.Errorf("%s later: %q, want %q", later, got, want)
		}
	}
}
