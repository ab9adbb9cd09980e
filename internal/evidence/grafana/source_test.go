package grafana

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "glsa_a-token"

// fake speaks as much of Grafana's API as its documentation says, with the documentation's answers.
type fake struct {
	mux     *http.ServeMux
	mu      sync.Mutex
	asked   []string
	answers map[string]func(w http.ResponseWriter) // by path, instead of its own
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	answer := f.answers[r.URL.Path]
	f.mu.Unlock()
	switch {
	case answer != nil:
		answer(w)
	case r.URL.Path != "/api/health" && r.Header.Get("Authorization") != "Bearer "+token:
		reply(http.StatusUnauthorized, `{"message":"Unauthorized"}`)(w)
	default:
		f.mux.ServeHTTP(w, r)
	}
}

func (f *fake) set(path string, answer func(http.ResponseWriter)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answer
}

func reply(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// newFake is a Grafana with the dashboard of testdata, whose data source Prometheus is served by a handler.
func newFake(t *testing.T, prometheus http.Handler) (*fake, string) {
	t.Helper()
	f := &fake{mux: http.NewServeMux(), answers: map[string]func(http.ResponseWriter){}}
	serve := func(pattern string, status int, body string) {
		f.mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { reply(status, body)(w) })
	}
	serve("GET /api/health", 200, `{"commit":"087143285","database":"ok","version":"11.1.3"}`)
	serve("GET /api/dashboards/uid/{uid}", 404, `{"message":"Dashboard not found","traceID":""}`)
	serve("GET /api/dashboards/uid/xin-api", 200, string(envelope(t)))
	serve("GET /api/library-elements/V--OrYHnz", 200, `{"result":{"id":28,"orgId":1,"folderId":1,"folderUid":"uuu","uid":"V--OrYHnz","name":"API docs Example","kind":1,"type":"text","description":"",
		"model":{"datasource":{"type":"prometheus","uid":"Prometheus"},"description":"","id":1,"type":"timeseries","title":"Queue depth","targets":[{"refId":"A","expr":"automation_queue_depth"},{"refId":"B","expr":"automation_active_rules","legendFormat":"rules"}]},"version":1}}`)
	serve("GET /api/datasources", 200, `[{"id":1,"orgId":1,"uid":"Prometheus","name":"Prometheus","type":"prometheus","access":"proxy","url":"http://prometheus:9090","isDefault":true,"jsonData":{"timeInterval":"30s"},"readOnly":false},
		{"id":2,"orgId":1,"uid":"Loki","name":"Loki","type":"loki","access":"proxy","url":"http://loki:3100","isDefault":false,"jsonData":{},"readOnly":false}]`)
	f.mux.Handle("/api/datasources/proxy/uid/Prometheus/", http.StripPrefix("/api/datasources/proxy/uid/Prometheus", prometheus))
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server.URL
}

// prometheus answers queries of a range with what a test knows of them, and remembers them.
type prometheus struct {
	mu     sync.Mutex
	series map[string]string // by query: the matrix
	asked  []string
}

func (p *prometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if strings.HasPrefix(r.URL.Path, "/api/v1/label/") {
		p.asked = append(p.asked, r.URL.Path+" "+r.FormValue("match[]"))
		io.WriteString(w, `{"status":"success","data":["a.b","c"]}`)
		return
	}
	query := r.FormValue("query")
	p.asked = append(p.asked, query+" "+r.FormValue("start")+" "+r.FormValue("end")+" "+r.FormValue("step"))
	matrix, known := p.series[query]
	if status, body, is := strings.Cut(matrix, " "); is && len(status) == 3 {
		var code int
		fmt.Sscan(status, &code)
		w.WriteHeader(code)
		io.WriteString(w, body)
		return
	}
	if !known {
		matrix = "[]"
	}
	io.WriteString(w, `{"status":"success","data":{"resultType":"matrix","result":`+matrix+`}}`)
}

func (p *prometheus) queries() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.asked, "\n")
}

const p95 = `histogram_quantile(0.95, sum(rate(http_request_latency_seconds_bucket[120s])) by (le))`

// known is what the platform's Prometheus knows at the first minute of 1970.
func known() *prometheus {
	return &prometheus{series: map[string]string{
		p95: `[{"metric":{},"values":[[0,"0.25"],[5,"NaN"],[10,"1.5"]]}]`,
		`sum(rate(http_requests_total{status_code=~"5.."}[1m])) by (service)`: `[{"metric":{"service":"gateway"},"values":[[0,"2"]]},{"metric":{"service":"orchestrator"},"values":[[0,"3"]]}]`,
		`automation_queue_depth`:                          `[{"metric":{"__name__":"automation_queue_depth","tenant_id":"t"},"values":[[0,"7"]]}]`,
		`automation_active_rules`:                         `[{"metric":{"__name__":"automation_active_rules"},"values":[[0,"4"]]}]`,
		`ingestion_jobs_inflight{tenant_id=~"(a\\.b|c)"}`: `[{"metric":{"tenant_id":"c"},"values":[[0,"1"]]}]`,
	}}
}

func open(t *testing.T, c Config) *Source {
	t.Helper()
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.closeIdle)
	return s
}

func at(address string) *client.Config {
	return &client.Config{URL: address, Bearer: token, Timeout: time.Minute}
}

func said(findings []evidence.Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Text())
	}
	return strings.Join(all, "\n")
}

func TestCheck(t *testing.T) {
	_, address := newFake(t, known())
	s := open(t, Config{Server: at(address), UIDs: []string{"xin-api", "xin-widget"}})
	want := `grafana answers (version 11.1.3)
dashboard xin-api ("API", 4 of its 5 panels can be read)
panel "Logs" of dashboard xin-api: its queries cannot be run: their data source is of the kind loki, and only queries of Prometheus are run
dashboard xin-api is shown otherwise by Grafana: transformations of 1 panels are not carried out
grafana has no dashboard xin-widget`
	if got := said(s.Check(t.Context(), evidence.Wanted{})); got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Panels are exported through the data-source proxy, with their variables filled in and the names that they give series.
func TestExport(t *testing.T) {
	p := known()
	_, address := newFake(t, p)
	s := open(t, Config{Server: at(address), UIDs: []string{"xin-api"}})
	dir := t.TempDir()
	files, err := s.Export(t.Context(), time.Unix(0, 0), time.Unix(60, 0), dir)
	if err == nil || err.Error() != `panel "Logs" of dashboard xin-api: its queries cannot be run: their data source is of the kind loki, and only queries of Prometheus are run` {
		t.Errorf("%v", err)
	}
	var got []string
	for _, f := range files {
		got = append(got, fmt.Sprintf("%s %q %d", f.Name, f.Title, f.Rows))
		if len(f.Gaps) > 0 {
			t.Errorf("%s lacks %+v", f.Name, f.Gaps)
		}
	}
	if got, want := strings.Join(got, "\n"), "grafana-xin-api-1.csv \"API: Latency p0.95\" 2\ngrafana-xin-api-2.csv \"API: Errors\" 2\ngrafana-xin-api-5.csv \"API: Queue depth\" 2\ngrafana-xin-api-6.csv \"API: Of a tenant\" 1"; got != want {
		t.Errorf("wrote\n%s\nwant\n%s", got, want)
	}
	const epoch = "1970-01-01T00:00:00.000Z,"
	for name, want := range map[string]string{
		"grafana-xin-api-1.csv": epoch + "p95,0.25\n1970-01-01T00:00:10.000Z,p95,1.5\n",
		"grafana-xin-api-2.csv": epoch + "gateway,2\n" + epoch + "orchestrator,3\n",
		"grafana-xin-api-5.csv": epoch + "\"A {tenant_id=\"\"t\"\"}\",7\n" + epoch + "rules,4\n",
		"grafana-xin-api-6.csv": epoch + "\"{tenant_id=\"\"c\"\"}\",1\n",
	} {
		if got := read(t, dir, name); got != "time,series,value\n"+want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	if files[0].Query != p95 || files[2].Query != "automation_queue_depth\nautomation_active_rules" {
		t.Errorf("queries are %q and %q", files[0].Query, files[2].Query)
	}
	for _, want := range []string{p95 + " 0 60 5", "/api/v1/label/tenant_id/values ingestion_jobs_inflight"} {
		if !strings.Contains(p.queries(), want) {
			t.Errorf("nobody asked for %s:\n%s", want, p.queries())
		}
	}
}

// The time in which a data source recorded nothing is empty in the files of all its panels, and asked for once.
func TestExportOfATimeThatWasNotRecorded(t *testing.T) {
	const recorded = "max(timestamp(up))"
	p := known()
	p.series[recorded] = `[{"metric":{},"values":[[0,"0"],[1,"1"],[2,"2"],[3,"3"],[4,"4"],[12,"12"],[13,"13"],[14,"14"],[15,"15"]]}]`
	_, address := newFake(t, p)
	s := open(t, Config{Server: at(address), UIDs: []string{"xin-api"}})
	dir := t.TempDir()
	files, err := s.Export(t.Context(), time.Unix(0, 0), time.Unix(15, 0), dir)
	if len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if len(f.Gaps) != 1 || f.Gaps[0].Cause != evidence.NotRecorded || f.Gaps[0].From.Unix() != 5 || f.Gaps[0].Until.Unix() != 12 || f.Gaps[0].Panel != f.Panel {
			t.Errorf("%s lacks %+v", f.Name, f.Gaps)
		}
	}
	const epoch = "1970-01-01T00:00:00.000Z,"
	if got, want := read(t, dir, "grafana-xin-api-1.csv"), "time,series,value\n"+epoch+"p95,0.25\n1970-01-01T00:00:10.000Z,p95,\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := strings.Count(p.queries(), recorded); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A dashboard that is a file is run straight at Prometheus.
func TestAFileWithoutGrafana(t *testing.T) {
	p := known()
	p.series[strings.Replace(p95, "120s", "60s", 1)] = p.series[p95]
	server := httptest.NewServer(p)
	defer server.Close()
	s := open(t, Config{Prometheus: &client.Config{URL: server.URL}, UIDs: []string{"xin-api", "xin-widget"}, Files: []File{{"api.json", envelope(t)}}})
	const want = `dashboard xin-api ("API", 3 of its 5 panels can be read)
panel "Logs" of dashboard xin-api: its queries cannot be run: their data source is of the kind loki, and only queries of Prometheus are run
panel "Queue depth" of dashboard xin-api: its queries cannot be run: the library panel "V--OrYHnz" did not come with the dashboard
dashboard xin-api is shown otherwise by Grafana: transformations of 1 panels are not carried out`
	if got := said(s.Check(t.Context(), evidence.Wanted{})); got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
	dir := t.TempDir()
	if files, err := s.Export(t.Context(), time.Unix(0, 0), time.Unix(60, 0), dir); len(files) != 3 || err == nil {
		t.Errorf("%+v, %v", files, err)
	}
	if got := read(t, dir, "grafana-xin-api-1.csv"); strings.Count(got, "\n") != 3 {
		t.Error(got)
	}
}

// A data source is found by uid, by name, by a variable, as the default one or as that of its kind.
func TestDataSources(t *testing.T) {
	list := `[{"uid":"P1","name":"Prom","type":"prometheus"},{"uid":"L1","name":"Loki","type":"loki","isDefault":true}]`
	env := environment{values: map[string]value{"ds": {texts: []string{"P1"}, kind: "prometheus"}, "any": {kind: "prometheus"}}}
	for name, c := range map[string]struct {
		list   string // of data sources; "" for a token that may not read it
		source string // JSON
		want   string // uid, or what is said
	}{
		"uid":                        {list, `{"type":"prometheus","uid":"P1"}`, "P1"},
		"name":                       {list, `"Prom"`, "P1"},
		"default is Loki":            {list, `null`, "of the kind loki"},
		"default of a kind":          {list, `{"type":"prometheus"}`, "P1"},
		"kind that there is not":     {list, `{"type":"tempo"}`, "there is no data source of the kind tempo"},
		"variable":                   {list, `{"uid":"${ds}"}`, "P1"},
		"old variable":               {list, `"[[ds]]"`, "P1"},
		"variable without a choice":  {list, `"$any"`, "P1"},
		"variable that there is not": {list, `"$other"`, "their data source: variable other is not defined"},
		"uid that there is not":      {list, `{"uid":"P2","type":"prometheus"}`, "there is no data source P2"},
		"mixed":                      {list, `"-- Mixed --"`, "of the kind loki"},
		"of another panel":           {list, `{"type":"datasource","uid":"-- Dashboard --"}`, "it shows the data of another panel"},
		"expression":                 {list, `{"type":"__expr__","uid":"__expr__"}`, "expressions"},
		"no list, uid":               {"", `{"type":"prometheus","uid":"P2"}`, "P2"},
		"no list, name":              {"", `"Prometheus"`, "Prometheus"},
		"no list, default":           {"", `null`, "datasources:read"},
		"no list, a path":            {"", `{"type":"prometheus","uid":"../../admin"}`, "the uid of their data source is not known"},
		"from the page's settings":   {`{"P":{"uid":"P3","type":"prometheus","isDefault":true}}`, `null`, "P3"},
	} {
		t.Run(name, func(t *testing.T) {
			g, address := newFake(t, known())
			g.set("/api/datasources", reply(http.StatusForbidden, `{"accessErrorId":"ACE","message":"You'll need additional permissions to perform this action. Permissions needed: datasources:read","title":"Access denied"}`))
			switch {
			case strings.HasPrefix(c.list, "["):
				g.set("/api/datasources", reply(200, c.list))
			case c.list != "":
				g.set("/api/frontend/settings", reply(200, `{"datasources":`+c.list+`}`))
			}
			s := open(t, Config{Server: at(address)})
			var r reference
			if err := json.Unmarshal([]byte(c.source), &r); err != nil {
				t.Fatal(err)
			}
			found, problem := s.grafana.catalog(t.Context()).find(r, env)
			got := found.uid
			if problem != nil {
				got = problem.Error()
			}
			if !strings.Contains(got, c.want) || got == "" {
				t.Errorf("%s is %q, want %s", c.source, got, c.want)
			}
		})
	}
}

// Each kind of variable has the value with which the dashboard was saved.
func TestVariables(t *testing.T) {
	_, address := newFake(t, known())
	s := open(t, Config{Server: at(address)})
	r := s.newReading(t.Context(), time.Unix(0, 0), time.Unix(900, 0))
	for json, want := range map[string]string{
		`{"name":"v","type":"constant","query":"xin"}`:                                                                                "xin",
		`{"name":"v","type":"textbox","query":"typed","current":{"value":"other"}}`:                                                   "other",
		`{"name":"v","type":"interval","query":"1m,5m","current":{"value":"5m"}}`:                                                     "5m",
		`{"name":"v","type":"interval","query":"1m,5m"}`:                                                                              "1m",
		`{"name":"v","type":"interval","auto":true,"query":"1m","current":{"value":"$__auto_interval_v"}}`:                            "5s",
		`{"name":"v","type":"custom","query":"first : a, second : b"}`:                                                                "a",
		`{"name":"v","type":"custom","query":"a,b","current":{"value":"$__all"},"includeAll":true}`:                                   "(a|b)",
		`{"name":"v","type":"custom","query":"a\\,b,c","current":{"value":["$__all"]},"includeAll":true}`:                             "(a,b|c)",
		`{"name":"v","type":"custom","current":{"value":["b"]},"options":[{"value":"a"},{"value":"b","selected":true}],"multi":true}`: "b",
		`{"name":"v","type":"custom","options":[{"value":"a"},{"value":"b","selected":true}]}`:                                        "b",
		`{"name":"v","type":"query","allValue":".*","current":{"value":"$__all"},"includeAll":true,"query":"label_values(x)"}`:        ".*",
		`{"name":"v","type":"query","current":{},"includeAll":true,"query":"label_values(up, job)","datasource":"Prometheus"}`:        `(a\\.b|c)`,
		`{"name":"v","type":"query","current":{},"query":"label_values(job)","regex":"/c/"}`:                                          "c",
		`{"name":"v","type":"query","current":{"value":12}}`:                                                                          "12",
		`{"name":"v","type":"query","query":"query_result(up)"}`:                                                                      "variable v: its values come of query_result(up), and only label_values(..) is asked",
		`{"name":"v","type":"query","query":"label_values(up, job)","datasource":"Loki"}`:                                             "variable v: its queries cannot be run: their data source is of the kind loki, and only queries of Prometheus are run",
		`{"name":"v","type":"custom"}`:               "variable v: it has no value",
		`{"name":"v","type":7,"options":"none"}`:     "variable v: it cannot be read",
		`{"name":"w","type":"constant","query":"x"}`: "variable v is not defined",
	} {
		d, err := Parse([]byte(`{"title":"X","panels":[],"templating":{"list":[` + json + `]}}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.environment(t.Context(), d).fill("$v", true)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\nis %s, want %s", json, got, want)
		}
	}
}

// What is no answer of Grafana's is said with its cause, and nothing is written for it.
func TestWrongAnswers(t *testing.T) {
	page := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><title>Sign in</title></html>")
	}
	away := func(w http.ResponseWriter) {
		w.Header().Set("Location", "https://elsewhere.example/login?token=x")
		w.WriteHeader(http.StatusFound)
	}
	huge := func(w http.ResponseWriter) { io.WriteString(w, strings.Repeat(" ", 3<<20)) }
	const board = "/api/dashboards/uid/xin-api"
	for name, c := range map[string]struct {
		path   string
		answer func(http.ResponseWriter)
		cause  evidence.Cause
	}{
		"a page":       {board, page, evidence.NotAPI},
		"401":          {board, reply(401, `{"message":"Invalid API key"}`), evidence.Unauthorized},
		"403":          {board, reply(403, `{"message":"Access denied"}`), evidence.Unauthorized},
		"404":          {board, reply(404, `{"message":"Dashboard not found"}`), evidence.NotFound},
		"500":          {board, reply(500, `{"message":"boom"}`), evidence.ServerError},
		"nothing":      {board, reply(200, ``), evidence.Empty},
		"no JSON":      {board, reply(200, `well`), evidence.Malformed},
		"no dashboard": {board, reply(200, `{"message":"hello"}`), evidence.Malformed},
		"huge":         {board, huge, evidence.TooLarge},
		"elsewhere":    {board, away, evidence.Redirected},
	} {
		t.Run(name, func(t *testing.T) {
			f, address := newFake(t, known())
			f.set(c.path, c.answer)
			server := at(address)
			server.MaxBody = 1 << 20
			s := open(t, Config{Server: server, UIDs: []string{"xin-api"}})
			dir := t.TempDir()
			files, err := s.Export(t.Context(), time.Unix(0, 0), time.Unix(60, 0), dir)
			if !errors.Is(err, &evidence.Problem{Cause: c.cause}) || len(files) != 0 || strings.Contains(err.Error(), "token=x") {
				t.Errorf("%v and %d files, want %s", err, len(files), c.cause)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			bad := 0
			for _, f := range s.Check(t.Context(), evidence.Wanted{}) {
				if f.Level() != evidence.OK {
					bad++
				}
			}
			if bad != 1 {
				t.Errorf("%d findings are bad", bad)
			}
		})
	}
}

// What a data source answers wrongly is a gap in the panel's file, and is said.
func TestWrongAnswersOfADataSource(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		cause  evidence.Cause
		rows   int
		fails  bool
	}{
		"no series":    {`[]`, evidence.NoSeries, 0, false},
		"no number":    {`[{"metric":{},"values":[[0,"NaN"],[5,"+Inf"]]}]`, evidence.NotANumber, 0, false},
		"refused":      {`400 {"status":"error","errorType":"bad_data","error":"parse error"}`, evidence.Refused, 0, true},
		"bad gateway":  {`502 bad gateway`, evidence.ServerError, 0, true},
		"no access":    {`403 {"message":"no"}`, evidence.Unauthorized, 0, true},
		"not a matrix": {`7`, evidence.Malformed, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := known()
			p.series[p95] = c.answer
			_, address := newFake(t, p)
			s := open(t, Config{Server: at(address), UIDs: []string{"xin-api"}})
			files, err := s.Export(t.Context(), time.Unix(0, 0), time.Unix(60, 0), t.TempDir())
			if len(files) != 4 || files[0].Rows != c.rows || len(files[0].Gaps) != 1 || files[0].Gaps[0].Cause != c.cause || files[0].Gaps[0].Panel != files[0].Panel {
				t.Errorf("%+v", files)
			}
			if got := errors.Is(err, &evidence.Problem{Cause: c.cause}); got != c.fails {
				t.Errorf("said: %v", err)
			}
		})
	}
}

func TestTooManySeries(t *testing.T) {
	p := known()
	var many []string
	for i := range evidence.MaxSeries + 3 {
		many = append(many, fmt.Sprintf(`{"metric":{"service":"%d"},"values":[[0,"1"]]}`, i))
	}
	p.series[`sum(rate(http_requests_total{status_code=~"5.."}[1m])) by (service)`] = "[" + strings.Join(many, ",") + "]"
	_, address := newFake(t, p)
	s := open(t, Config{Server: at(address), UIDs: []string{"xin-api"}})
	files, _ := s.Export(t.Context(), time.Unix(0, 0), time.Unix(60, 0), t.TempDir())
	if len(files) != 4 || files[1].Rows != evidence.MaxSeries || len(files[1].Gaps) != 1 || files[1].Gaps[0].Detail != "203, and 200 are written" {
		t.Errorf("%+v", files)
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"nothing to ask": {Config{}, "there is neither a Grafana nor a Prometheus"},
		"a path as uid":  {Config{Server: at("http://127.0.0.1:1"), UIDs: []string{"../x"}}, "a uid has letters"},
		"no dashboard":   {Config{Server: at("http://127.0.0.1:1"), Files: []File{{"a.json", []byte("{}")}}}, "a.json: read the dashboard's JSON: it has neither"},
		"one dashboard twice": {
			Config{Server: at("http://127.0.0.1:1"), Files: []File{{"a.json", envelope(t)}, {"b.json", envelope(t)}}},
			"b.json: another file is of the dashboard xin-api, too",
		},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// Where Grafana has a renderer its picture of each panel is saved, too; where it has none nothing is asked or said.
func TestPicturesOfARenderer(t *testing.T) {
	const picture = "\x89PNG\r\n\x1a\nrest"
	for name, c := range map[string]struct {
		settings string
		answer   func(http.ResponseWriter)
		files    int
		says     string
	}{
		"a renderer":      {`{"rendererAvailable":true}`, func(w http.ResponseWriter) { w.Header().Set("Content-Type", "image/png"); io.WriteString(w, picture) }, 5, ""},
		"none":            {`{"rendererAvailable":false}`, nil, 0, ""},
		"it does not say": {`{}`, nil, 0, ""},
		"a page":          {`{"rendererAvailable":true}`, func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); io.WriteString(w, "<html>") }, 0, "5 of 5 pictures of Grafana's own renderer are missing: a web page answers in its place"},
		"no picture":      {`{"rendererAvailable":true}`, reply(200, `{}`), 0, "it is no PNG"},
		"500":             {`{"rendererAvailable":true}`, reply(500, `{"message":"Rendering failed"}`), 0, "Rendering failed"},
	} {
		t.Run(name, func(t *testing.T) {
			f, address := newFake(t, known())
			f.set("/api/frontend/settings", reply(200, c.settings))
			if c.answer != nil {
				f.set("/render/d-solo/xin-api/_", c.answer)
			}
			s := open(t, Config{Server: at(address), UIDs: []string{"xin-api"}})
			dir := t.TempDir()
			files, err := s.Export(t.Context(), time.Unix(0, 0), time.Unix(60, 0), dir)
			n := 0
			for _, file := range files {
				if strings.HasSuffix(file.Name, "-rendered.png") {
					if n++; read(t, dir, file.Name) != picture {
						t.Errorf("%s is not what was sent", file.Name)
					}
				}
			}
			if n != c.files || !strings.Contains(fmt.Sprint(err), c.says) || c.says == "" && strings.Contains(fmt.Sprint(err), "renderer") {
				t.Errorf("%d pictures, %v", n, err)
			}
			if asked := strings.Contains(strings.Join(f.asked, "\n"), "/render/"); asked != (c.answer != nil) {
				t.Errorf("asked for pictures: %v", asked)
			}
		})
	}
}
