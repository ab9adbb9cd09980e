package stack_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	toxics "github.com/Shopify/toxiproxy/v2/client"
	"github.com/google/uuid"

	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/alertmanager"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/evidencetest"
	"xinbot.ir/squall/internal/evidence/grafana"
	"xinbot.ir/squall/internal/evidence/prom"
	"xinbot.ir/squall/internal/evidence/receiver"
	"xinbot.ir/squall/internal/evidence/scrape"
	"xinbot.ir/squall/internal/evidence/stack"
)

// quick shortens what rules wait for, so that a test need not.
func quick(rules []byte) []byte {
	for long, short := range map[string]string{`for: \S+`: "for: 1s", `interval: \S+`: "interval: 1s", `\[1m\]`: "[5s]", `\[30s\]`: "[5s]", `\[20s\]`: "[5s]"} {
		rules = regexp.MustCompile(long).ReplaceAll(rules, []byte(short))
	}
	return rules
}

// platform is the embedded platform, with somebody who sends it messages.
func platform(t *testing.T) *demo.Platform {
	t.Helper()
	p, err := demo.Start(t.Context(), demo.Config{Seed: 1, Delays: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	for range 6 {
		go send(t.Context(), p)
	}
	return p
}

func send(ctx context.Context, p *demo.Platform) {
	for ctx.Err() == nil {
		body := fmt.Sprintf(`{"event_id":%q,"tenant_id":%q,"brand_id":"22222222-2222-2222-2222-222222222222","channel_id":"33333333-3333-3333-3333-333333333333",`+
			`"sender_id":"user","message":"When does my order arrive?","occurred_at":"2026-01-02T03:04:05+00:00"}`, uuid.NewString(), p.Tenants()[0].ID)
		mac := hmac.New(sha256.New, []byte(p.Secrets()["webchat"]))
		mac.Write([]byte(body))
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.GatewayURL(), strings.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("X-Webchat-Signature", hex.EncodeToString(mac.Sum(nil)))
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	}
}

func host(address string) string {
	return strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/webchat/webhook")
}

// services are what is scraped; labels of each target's.
func services(p *demo.Platform, labels func(service string) map[string]string) []stack.Target {
	return []stack.Target{
		{Job: "channel-gateway", Addr: host(p.GatewayURL()), Labels: labels("channel-gateway")},
		{Job: "orchestrator", Addr: host(p.OrchestratorURL()), Labels: labels("orchestrator")},
		{Job: "ingestion", Addr: host(p.IngestionURL()), Labels: labels("ingestion")},
		{Job: "automation", Addr: host(p.AutomationURL()), Labels: labels("automation")},
	}
}

func scraped(p *demo.Platform) (all []scrape.Target) {
	for _, t := range services(p, func(string) map[string]string { return nil }) {
		all = append(all, scrape.Target{Name: t.Job, Server: client.Config{URL: "http://" + t.Addr + "/metrics"}})
	}
	return all
}

// panels are the four, a metric, and two with windows that a test can wait for.
func panels() []evidence.Panel {
	all := append(evidence.Panels(), evidence.MetricPanel("llm_fallbacks_total"))
	for i, name := range []string{"p95_10s", "rate_10s"} {
		p := all[i]
		p.Name, p.Derive.Window = name, 10*time.Second
		p.Query = strings.NewReplacer("[5m]", "[10s]", "[1m]", "[10s]").Replace(p.Query)
		all = append(all, p)
	}
	return all
}

func run(t *testing.T, s evidence.Source) *evidencetest.Sink {
	t.Helper()
	sink := &evidencetest.Sink{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, sink) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", s.Name(), err)
		}
	})
	return sink
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// states are the states through which an alert went.
func states(changes []evidence.Alert) (all []evidence.AlertState) {
	for _, a := range changes {
		all = append(all, a.State)
	}
	return all
}

// LLM latency in the platform fires HighLatencyLLM, seen by all who look, and resolves it when it is gone.
func TestAnAlertFiresAndResolves(t *testing.T) {
	found := evidencetest.Programs(t)
	p := platform(t)
	hook := must[*receiver.Source](t)(receiver.Listen(receiver.Config{}))
	received := run(t, hook)
	s := must[*stack.Stack](t)(stack.Start(t.Context(), found, stack.Config{
		// As on the platform: targets have a label service, too.
		Targets:      services(p, func(name string) map[string]string { return map[string]string{"service": "xin-" + name} }),
		Rules:        map[string][]byte{stack.DrillRules: quick(stack.Rules(stack.DrillRules)), stack.SLORules: stack.Rules(stack.SLORules)},
		Alertmanager: stack.Alertmanager(hook.URL()),
	}))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	begin := time.Now()

	prometheus := must[*prom.Source](t)(prom.New(prom.Config{Server: client.Config{URL: s.PrometheusURL}, Panels: panels(), Interval: time.Second}))
	manager := must[*alertmanager.Source](t)(alertmanager.New(alertmanager.Config{Server: client.Config{URL: s.AlertmanagerURL}, Interval: time.Second}))
	metrics := must[*scrape.Source](t)(scrape.New(scrape.Config{Targets: scraped(p), Panels: panels(), Interval: time.Second}))
	asked, managed, read := run(t, prometheus), run(t, manager), run(t, metrics)

	t.Run("panels", func(t *testing.T) {
		for _, panel := range evidence.Panels() {
			for name, sink := range map[string]*evidencetest.Sink{"prometheus": asked, "metrics": read} {
				evidencetest.Eventually(t, panel.Name+" from "+name, 20*time.Second, func() bool { return len(sink.Samples(panel.Name)) > 0 })
			}
		}
	})
	t.Run("the two agree", func(t *testing.T) {
		// A value of one is compared with one that the other had at about that time: their windows are not the same to the
		// second, and neither is the load.
		for _, panel := range []string{"p95_10s", "rate_10s"} {
			evidencetest.Eventually(t, "alike values of "+panel, 40*time.Second, func() bool {
				a, b := asked.Samples(panel), read.Samples(panel)
				if len(a) < 12 || len(b) < 12 {
					return false
				}
				x, y := a[len(a)-1].Value, b[len(b)-1].Value
				return x > 0.8*y && y > 0.8*x
			})
		}
	})
	t.Run("check", func(t *testing.T) { checkFindings(t, prometheus, metrics, manager, hook) })

	proxy := must[*toxics.Proxy](t)(toxics.NewClient(p.ToxiproxyURL()).Proxy("llm-upstream"))
	fallbacks := map[*evidencetest.Sink]*evidence.Growth{asked: {}, read: {}}
	const alert = "HighLatencyLLM"
	// On a busy machine the model may be slow by itself for a moment.
	evidencetest.Eventually(t, "a calm platform", time.Minute, func() bool {
		all := asked.Alerts(alert)
		return len(all) == 0 || !all[len(all)-1].State.Fires()
	})
	injected := time.Now()
	if _, err := proxy.AddToxic("llm-latency", "latency", "downstream", 1, toxics.Attributes{"latency": 3000}); err != nil {
		t.Fatal(err)
	}
	// ours are the changes of the alert that the injection made fire.
	ours := func(sink *evidencetest.Sink) []evidence.Alert {
		return slices.DeleteFunc(sink.Alerts(alert), func(a evidence.Alert) bool { return a.FiredAt.Before(injected) })
	}
	fires := func(sink *evidencetest.Sink) func() bool {
		return func() bool { return slices.Contains(states(ours(sink)), evidence.Firing) }
	}
	evidencetest.Eventually(t, "a firing alert in Prometheus", time.Minute, fires(asked))
	evidencetest.Eventually(t, "a firing alert in Alertmanager", 20*time.Second, fires(managed))
	evidencetest.Eventually(t, "a firing alert at the receiver", 20*time.Second, fires(received))
	if err := proxy.RemoveToxic("llm-latency"); err != nil {
		t.Fatal(err)
	}
	removed := time.Now()
	resolved := func(sink *evidencetest.Sink) func() bool {
		return func() bool { return slices.Contains(states(ours(sink)), evidence.Resolved) }
	}
	evidencetest.Eventually(t, "a resolved alert in Prometheus", time.Minute, resolved(asked))
	evidencetest.Eventually(t, "a resolved alert in Alertmanager", 20*time.Second, resolved(managed))
	evidencetest.Eventually(t, "a resolved alert at the receiver", 20*time.Second, resolved(received))
	end := time.Now()

	first := func(sink *evidencetest.Sink) evidence.Alert {
		all := ours(sink)
		return all[slices.IndexFunc(all, func(a evidence.Alert) bool { return a.State == evidence.Resolved })]
	}
	exact := first(received) // the payload has the times of the evaluations
	for name, sink := range map[string]*evidencetest.Sink{"prometheus": asked, "alertmanager": managed, "receiver": received} {
		a := first(sink)
		t.Logf("%s: fired %s after the injection, resolved %s after the revert (exact: %v)", name, a.FiredAt.Sub(injected).Round(time.Millisecond), a.ResolvedAt.Sub(removed).Round(time.Millisecond), a.ResolvedExact)
		if !a.FiredExact || a.FiredAt.Sub(exact.FiredAt).Abs() > 10*time.Millisecond {
			t.Errorf("%s: fired at %s, by the payload at %s", name, a.FiredAt, exact.FiredAt)
		}
		if a.FiredAt.Before(injected) || a.ResolvedAt.Before(removed) {
			t.Errorf("%s: fired at %s before %s, or resolved at %s before %s", name, a.FiredAt, injected, a.ResolvedAt, removed)
		}
		// To the evaluation, unless Prometheus misses one on a busy machine; or up to a reading late.
		if a.ResolvedAt.Sub(exact.ResolvedAt).Abs() > 5*time.Second {
			t.Errorf("%s: resolved at %s, by the payload at %s", name, a.ResolvedAt, exact.ResolvedAt)
		}
	}
	if got := states(ours(asked)); !slices.Equal(got[:2], []evidence.AlertState{evidence.Firing, evidence.Resolved}) || asked.Alerts(alert)[0].State != evidence.Pending {
		t.Errorf("prometheus: the alert was %v", got)
	}
	for sink, growth := range fallbacks {
		for _, s := range sink.Samples("llm_fallbacks_total") {
			growth.Add(s)
		}
		if growth.Total() < 5 {
			t.Errorf("fallbacks grew by %v", growth.Total())
		}
	}

	t.Run("export", func(t *testing.T) {
		dir := t.TempDir()
		for _, source := range []evidence.Source{prometheus, manager, hook} {
			files, err := source.Export(t.Context(), begin, end, dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				t.Logf("%s: %s, %d rows, %d gaps", source.Name(), f.Name, f.Rows, len(f.Gaps))
			}
			if strings.HasPrefix(files[len(files)-1].Name, "alert") {
				checkAlertFile(t, dir, source.Name(), exact)
			}
		}
		checkPanelFile(t, filepath.Join(dir, "panel-api_latency_p95.csv"), begin, end)
		again := t.TempDir()
		if _, err := metrics.Export(t.Context(), begin, end, again); err != nil {
			t.Fatal(err)
		}
		checkPanelFile(t, filepath.Join(again, "panel-api_latency_p95.csv"), begin, end)
	})
}

// checkFindings looks at what the sources say before a drill.
func checkFindings(t *testing.T, prometheus, metrics, manager, hook evidence.Source) {
	want := evidence.Wanted{
		Alerts: []evidence.WantedAlert{
			{Name: "HighLatencyLLM", Within: time.Minute},
			{Name: "ApiLatencyP95Breached", Within: 5 * time.Minute},
			{Name: "ApiErrorBudgetBurn", Within: 5*time.Minute + 10*time.Second},
			{Name: "LampOut", Within: time.Minute},
		},
		Metrics: []string{"llm_fallbacks_total", "no_such_metric"},
	}
	var texts []string
	for _, s := range []evidence.Source{prometheus, metrics, manager, hook} {
		for _, f := range s.Check(t.Context(), want) {
			texts = append(texts, s.Name()+": "+f.Text())
			if f.Level() != evidence.OK && f.Remedy() == "" {
				t.Errorf("%q has no remedy", f.Text())
			}
		}
	}
	t.Log(strings.Join(texts, "\n"))
	for _, text := range []string{
		"prometheus: API latency p95 has data, under label exported_service",
		"prometheus: Gateway request rate has data, under label exported_service",
		"prometheus: Ingestion lag, jobs has data",
		"prometheus: metric llm_fallbacks_total has data",
		"prometheus: metric no_such_metric has no series",
		"prometheus: alert HighLatencyLLM is defined: it fires after 1 s, looked at every 1 s",
		"prometheus: alert ApiLatencyP95Breached cannot fire in time: its condition has to hold for 10 min, and it is given 5 min",
		"prometheus: alert ApiErrorBudgetBurn may fire too late: its condition has to hold for 5 min, it is looked at every 30 s, and it is given 5 min 10 s",
		"prometheus: alert LampOut is not defined: it can never fire",
		"metrics: metrics answers (orchestrator)",
		"metrics: API latency p95 has data",
		"metrics: metric no_such_metric has no series",
	} {
		if !slices.Contains(texts, text) {
			t.Errorf("no source says %q", text)
		}
	}
	for _, begin := range []string{"prometheus: prometheus answers (version ", "alertmanager: alertmanager answers (version ", "receiver: receiver answers (listens on 127.0.0.1:"} {
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.HasPrefix(text, begin) }) {
			t.Errorf("no source says %q", begin)
		}
	}
}

func checkAlertFile(t *testing.T, dir, source string, want evidence.Alert) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "alerts-"+source+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var alerts []evidence.Alert
	if err := json.Unmarshal(raw, &alerts); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(alerts, func(a evidence.Alert) bool {
		return a.Name == want.Name && a.FiredAt.Sub(want.FiredAt).Abs() <= 10*time.Millisecond
	})
	if i < 0 {
		t.Fatalf("%s has no %s", source, want.Name)
	}
	a := alerts[i]
	if a.State != evidence.Resolved || a.ResolvedAt.Sub(want.ResolvedAt).Abs() > 5*time.Second {
		t.Errorf("%s exports %+v", source, a)
	}
}

func checkPanelFile(t *testing.T, path string, from, to time.Time) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil || len(rows) < 5 {
		t.Fatalf("%s has %d rows: %v", path, len(rows), err)
	}
	for _, row := range rows[1:] {
		at, err := time.Parse(evidence.TimeFormat, row[0])
		if err != nil || at.Before(from.Add(-time.Second)) || at.After(to) {
			t.Errorf("%s has a row of %s, which is not between %s and %s", path, row[0], from, to)
		}
	}
}

// Each drill of the plan has an alert that a drill can see: the rules look at what the platform really shows.
func TestTheAlertsOfTheDrills(t *testing.T) {
	found := evidencetest.Programs(t)
	p := platform(t)
	go upload(t.Context(), p)
	s := must[*stack.Stack](t)(stack.Start(t.Context(), found, stack.Config{
		Targets:      services(p, func(string) map[string]string { return nil }),
		Rules:        map[string][]byte{stack.DrillRules: quick(stack.Rules(stack.DrillRules))},
		Alertmanager: stack.Alertmanager("http://127.0.0.1:1/"),
	}))
	t.Cleanup(func() { s.Close() })
	source := must[*prom.Source](t)(prom.New(prom.Config{Server: client.Config{URL: s.PrometheusURL}, Interval: time.Second}))
	sink := run(t, source)
	fired := func(name string) func() bool {
		return func() bool { return slices.Contains(states(sink.Alerts(name)), evidence.Firing) }
	}
	resolved := func(name string) func() bool {
		return func() bool { return slices.Contains(states(sink.Alerts(name)), evidence.Resolved) }
	}
	evidencetest.Eventually(t, "rules that are evaluated", 20*time.Second, func() bool {
		samples, err := source.Instant(t.Context(), `http_requests_total{route="/health"} and on() (ingestion_jobs_inflight >= 0)`)
		return err == nil && len(samples) >= 2
	})
	for name := range map[string]bool{"GatewayHealthCheckFailed": true, "AutomationBacklog": true} {
		if fired(name)() {
			t.Errorf("%s fires without a fault", name)
		}
	}
	proxies := toxics.NewClient(p.ToxiproxyURL())

	redis := must[*toxics.Proxy](t)(proxies.Proxy("redis"))
	if err := redis.Disable(); err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "GatewayHealthCheckFailed firing", time.Minute, fired("GatewayHealthCheckFailed"))
	if err := redis.Enable(); err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "GatewayHealthCheckFailed resolved", time.Minute, resolved("GatewayHealthCheckFailed"))

	qdrant := must[*toxics.Proxy](t)(proxies.Proxy("qdrant"))
	if _, err := qdrant.AddToxic("slow", "latency", "downstream", 1, toxics.Attributes{"latency": 800}); err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "IngestionLagHigh firing", time.Minute, fired("IngestionLagHigh"))
	if err := qdrant.RemoveToxic("slow"); err != nil {
		t.Fatal(err)
	}
}

// upload sends a document every other second.
func upload(ctx context.Context, p *demo.Platform) {
	for ctx.Err() == nil {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("tenant_id", p.Tenants()[0].ID)
		_ = form.WriteField("brand_id", p.Tenants()[0].Brands[0])
		if file, err := form.CreateFormFile("file", "note.md"); err == nil {
			fmt.Fprintln(file, "a document like no other:", uuid.NewString())
		}
		form.Close()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.OrchestratorURL()+"/admin/knowledge_assets/upload", &body)
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", form.FormDataContentType())
		req.Header.Set("Authorization", "Bearer "+p.AdminToken())
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
	}
}

// A server that dies in the middle is a gap that ends when it is back.
func TestAPrometheusThatGoesAway(t *testing.T) {
	found := evidencetest.Programs(t)
	p := platform(t)
	start := func() *stack.Stack {
		return must[*stack.Stack](t)(stack.Start(t.Context(), found, stack.Config{
			Targets: services(p, func(string) map[string]string { return nil }), Alertmanager: stack.Alertmanager("http://127.0.0.1:1/"),
		}))
	}
	s := start()
	source := must[*prom.Source](t)(prom.New(prom.Config{Server: client.Config{URL: s.PrometheusURL}, Panels: evidence.Panels(), Interval: time.Second}))
	sink := run(t, source)
	const panel = "automation_queue_depth"
	evidencetest.Eventually(t, "a sample", 20*time.Second, func() bool { return len(sink.Samples(panel)) > 0 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	evidencetest.Eventually(t, "a gap", 20*time.Second, func() bool {
		gaps := sink.Gaps("")
		return len(gaps) > 0 && gaps[0].Cause == evidence.Unreachable && gaps[0].Until.IsZero()
	})
}

// A Prometheus that was dead and is back answers for that time with what it knew before: that is in no file.
func TestAPrometheusThatWasDead(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	found := evidencetest.Programs(t)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "depth 7\ncalls_total %d\n", time.Now().Unix())
	}))
	defer service.Close()
	listener := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	addr := listener.Addr().String()
	listener.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, []byte("global: {scrape_interval: 1s}\nscrape_configs: [{job_name: x, static_configs: [{targets: ['"+strings.TrimPrefix(service.URL, "http://")+"']}]}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() *exec.Cmd {
		c := exec.Command(found.Prometheus, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address="+addr, "--log.level=error")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() }) // it may have been killed before
		return c
	}
	window := evidence.Panel{Name: "window", Query: "rate(calls_total[1m])"}
	source := must[*prom.Source](t)(prom.New(prom.Config{Server: client.Config{URL: "http://" + addr}, Panels: []evidence.Panel{evidence.MetricPanel("depth"), window}, Interval: time.Second}))
	dashboards := must[*grafana.Source](t)(grafana.New(grafana.Config{
		Prometheus: &client.Config{URL: "http://" + addr}, Step: time.Second,
		Files: []grafana.File{{Name: "d", JSON: []byte(`{"uid":"d","title":"D","panels":[{"id":1,"type":"timeseries","title":"Depth","targets":[{"refId":"A","expr":"depth"}]}]}`)}},
	}))
	p := start()
	sink := run(t, source)
	read := func(n int) func() bool { return func() bool { return len(sink.Samples("depth")) >= n } }
	evidencetest.Eventually(t, "readings", time.Minute, read(5))
	from := time.Now()
	evidencetest.Eventually(t, "more readings", time.Minute, read(10))
	_ = p.Process.Kill()
	_ = p.Wait()
	dead := time.Now()
	time.Sleep(8 * time.Second) // while it is dead
	alive := time.Now()
	start()
	n := len(sink.Samples("depth"))
	evidencetest.Eventually(t, "readings again", time.Minute, read(n+5))
	out := t.TempDir()
	files := must[[]evidence.File](t)(source.Export(t.Context(), from, time.Now(), out))
	files = append(files, must[[]evidence.File](t)(dashboards.Export(t.Context(), from, time.Now(), out))...)
	for _, f := range files {
		if f.Panel == "" {
			continue
		}
		rows := must[[][]string](t)(csv.NewReader(bytes.NewReader(must[[]byte](t)(os.ReadFile(filepath.Join(out, f.Name))))).ReadAll())
		values, lost := 0, 0
		for _, row := range rows[1:] {
			at := must[time.Time](t)(time.Parse(time.RFC3339, row[0]))
			switch dies := at.After(dead.Add(2*time.Second)) && at.Before(alive); {
			case row[2] != "" && dies:
				t.Errorf("%s has the value %s at %s", f.Name, row[2], row[0])
			case row[2] == "":
				lost++
			default:
				values++
			}
		}
		if values < 5 || lost < 5 || !slices.ContainsFunc(f.Gaps, func(g evidence.Gap) bool {
			return g.Cause == evidence.NotRecorded && g.From.Before(dead.Add(2*time.Second)) && g.Until.After(alive)
		}) {
			t.Errorf("%s has %d values and %d that are empty, and lacks %+v", f.Name, values, lost, f.Gaps)
		}
	}
}

// The files that are shipped are the ones that are tested, and the programs' own checkers accept them.
func TestShippedFiles(t *testing.T) {
	const shipped = "../../../examples/observability"
	for name, content := range map[string][]byte{
		stack.SLORules: stack.Rules(stack.SLORules), stack.DrillRules: stack.Rules(stack.DrillRules),
		"alertmanager.yml": stack.Alertmanager("http://127.0.0.1:9099/"),
	} {
		raw, err := os.ReadFile(filepath.Join(shipped, name))
		if err != nil || !bytes.Equal(raw, content) {
			t.Errorf("examples/observability/%s is not internal/evidence/stack/files/%s: %v", name, name, err)
		}
	}
	evidencetest.Programs(t)
	for _, command := range [][]string{
		{"promtool", "check", "rules", filepath.Join(shipped, stack.SLORules), filepath.Join(shipped, stack.DrillRules)},
		{"amtool", "check-config", filepath.Join(shipped, "alertmanager.yml")},
	} {
		out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
}
