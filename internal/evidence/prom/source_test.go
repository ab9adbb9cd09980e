package prom

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/evidencetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake speaks as much of Prometheus's API as a test tells it.
type fake struct {
	mu      sync.Mutex
	answers map[string]string // by query or path: the data, or a status and a body
	asked   []string
	down    func(w http.ResponseWriter) // instead of everything else
}

func (f *fake) set(key, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[key] = answer
}

func (f *fake) fail(with func(w http.ResponseWriter)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = with
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		f.down(w)
		return
	}
	key := r.FormValue("query")
	if strings.HasSuffix(r.URL.Path, "query_range") {
		key = "range " + key
	}
	if key == "" {
		key = r.URL.Path
	}
	f.asked = append(f.asked, key+" "+r.FormValue("start")+" "+r.FormValue("end")+" "+r.FormValue("step"))
	answer, known := f.answers[key]
	if !known {
		answer = vector()
		if strings.HasPrefix(key, "range ") || strings.HasPrefix(key, "ALERTS") {
			answer = `{"resultType":"matrix","result":[]}`
		}
		if key == "time()" {
			answer = fmt.Sprintf(`{"resultType":"scalar","result":[1,"%d"]}`, time.Now().Unix())
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if code, body, is := strings.Cut(answer, " "); is && len(code) == 3 {
		status, _ := strconv.Atoi(code)
		w.WriteHeader(status)
		io.WriteString(w, body)
		return
	}
	io.WriteString(w, `{"status":"success","data":`+answer+`}`)
}

// vector is the answer to an instant query: pairs of labels and value.
func vector(pairs ...string) string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, fmt.Sprintf(`{"metric":%s,"value":[1000,%q]}`, pairs[i], pairs[i+1]))
	}
	return `{"resultType":"vector","result":[` + strings.Join(all, ",") + `]}`
}

func newFake(t *testing.T, panels ...evidence.Panel) (*fake, *Source) {
	t.Helper()
	f := &fake{answers: map[string]string{"/api/v1/alerts": `{"alerts":[]}`, "/api/v1/rules": `{"groups":[]}`, "/api/v1/status/buildinfo": `{"version":"1.2.3"}`}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	s, err := New(Config{Server: client.Config{URL: server.URL, Timeout: time.Minute}, Panels: panels, Step: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.CloseIdle)
	return f, s
}

func TestInstant(t *testing.T) {
	f, s := newFake(t)
	f.set("scalar", `{"resultType":"scalar","result":[1000,"2.5"]}`)
	f.set("two", vector(`{"__name__":"x","a":"2"}`, "3", `{"a":"1"}`, "NaN", `{"a":"0"}`, "7"))
	f.set("nan", vector(`{}`, "NaN", `{"a":"1"}`, "NaN"))
	f.set("infinite", vector(`{"a":"1"}`, "7", `{"a":"2"}`, "+Inf"))
	f.set("words", `{"resultType":"string","result":[1000,"hello"]}`)
	f.set("range", `{"resultType":"matrix","result":[]}`)
	f.set("bad", `400 {"status":"error","errorType":"bad_data","error":"parse error at char 4\u001b[2J"}`)
	f.set("busy", `503 {"status":"error","errorType":"timeout","error":"query timed out"}`)
	f.set("broken", `500 {"status":"error","errorType":"internal","error":"boom"}`)
	f.set("odd", `200 {"status":"success","data":{"resultType":"vector","result":"?"}}`)
	if got, err := s.Instant(t.Context(), "scalar"); err != nil || len(got) != 1 || got[0].Value != 2.5 || len(got[0].Labels) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	got, err := s.Instant(t.Context(), "two")
	if err != nil || len(got) != 2 || got[0].Labels.String() != `{a="0"}` || got[1].Labels.String() != `{a="2"}` || got[1].Value != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	for query, want := range map[string]evidence.Problem{
		"nothing":  {Cause: evidence.NoSeries},
		"nan":      {Cause: evidence.NotANumber},
		"infinite": {Cause: evidence.Infinite, Detail: `{a="2"}`},
		"words":    {Cause: evidence.Malformed},
		"range":    {Cause: evidence.Refused, Detail: "the query gives matrix, not numbers of one moment"},
		"bad":      {Cause: evidence.Refused, Detail: `parse error at char 4\x1b[2J`},
		"busy":     {Cause: evidence.TimedOut, Detail: "query timed out"},
		"broken":   {Cause: evidence.ServerError, Detail: "boom"},
		"odd":      {Cause: evidence.Malformed},
	} {
		if got, err := s.Instant(t.Context(), query); !errors.Is(err, &want) {
			t.Errorf("%s: %v, %v; want %v", query, got, err, &want)
		}
	}
}

var ratePanel = evidence.Panel{Name: "rate", Title: "Rate", Query: `rate(x{service="a"}[1m])`}

// A panel that finds nothing under the label service is read under exported_service from then on.
func TestTheOtherLabelIsTried(t *testing.T) {
	f, s := newFake(t, ratePanel)
	f.set(`rate(x{exported_service="a"}[1m])`, vector(`{}`, "4"))
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	r.once(t.Context(), time.Unix(1, 0))
	r.once(t.Context(), time.Unix(2, 0))
	if got := sink.Samples("rate"); len(got) != 2 || got[1].Value != 4 || got[1].At != time.Unix(2, 0) || len(sink.Gaps("rate")) != 0 {
		t.Errorf("samples %+v, gaps %+v", got, sink.Gaps("rate"))
	}
	if n := strings.Count(strings.Join(f.asked, "\n"), `{service=`); n != 1 {
		t.Errorf("the first query was asked %d times", n)
	}
	if got := s.Check(t.Context(), evidence.Wanted{})[1]; got.Text() != "Rate has data, under label exported_service" {
		t.Error(got.Text())
	}
	if got := s.api.Found(t.Context(), s.query(ratePanel.Name), v1.Range{Start: time.Unix(0, 0), End: time.Unix(60, 0), Step: time.Second}); !strings.Contains(got, "exported_service") {
		t.Error(got)
	}
}

// Whatever happens to the server is a gap with its cause, which ends.
func TestGaps(t *testing.T) {
	other := evidence.Panel{Name: "other", Title: "Other", Query: "other"}
	f, s := newFake(t, ratePanel, other)
	f.set(ratePanel.Query, vector(`{}`, "1"))
	f.set(other.Query, vector(`{}`, "1"))
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	at := 0
	once := func() { at++; r.once(t.Context(), time.Unix(int64(at), 0)) }
	once()
	f.fail(func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) })
	once()
	once()
	f.fail(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<title>Login</title>")
	})
	once()
	f.fail(nil)
	f.set(ratePanel.Query, vector(`{}`, "NaN"))
	once()
	f.set(ratePanel.Query, vector(`{}`, "2"))
	once()
	f.set(other.Query, `422 {"status":"error","errorType":"execution","error":"many-to-many"}`)
	once()
	f.set("/api/v1/alerts", `500 {"status":"error"}`)
	once()

	line := func(gaps []evidence.Gap) string {
		var all []string
		for _, g := range gaps {
			until := int64(0)
			if !g.Until.IsZero() {
				until = g.Until.Unix()
			}
			all = append(all, fmt.Sprintf("%s %d-%d", g.Cause, g.From.Unix(), until))
		}
		return strings.Join(all, ", ")
	}
	for panel, want := range map[string]string{
		"":       "unauthorized 2-0, not_api 4-0, not_api 4-5",
		"rate":   "not_a_number 5-0, not_a_number 5-6",
		"other":  "refused 7-0",
		"alerts": "server_error 8-0",
	} {
		if got := line(sink.Gaps(panel)); got != want {
			t.Errorf("gaps of %q: %s, want %s", panel, got, want)
		}
	}
	if got := sink.Samples("rate"); len(got) != 4 {
		t.Errorf("%d samples", len(got))
	}
	if got := sink.Samples("other"); len(got) != 3 {
		t.Errorf("%d samples of the other", len(got))
	}
}

// A panel that has no series yet is no gap for a while; then, or when the run ends before, it is one from the start.
func TestSeriesThatComeLate(t *testing.T) {
	late, never := ratePanel, evidence.Panel{Name: "never", Title: "Never", Query: "never"}
	f, s := newFake(t, late, never)
	f.set(late.Query, vector())
	f.set(never.Query, vector())
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	once := func(at int64) { r.once(t.Context(), time.Unix(at, 0)) }
	once(10)
	once(20)
	if a, b := sink.Gaps("rate"), sink.Gaps("never"); a != nil || b != nil {
		t.Errorf("gaps after 10 s: %+v, %+v", a, b)
	}
	early := *r
	early.awaited = maps.Clone(r.awaited)
	f.set(late.Query, vector(`{}`, "1"))
	once(30)
	if gaps := sink.Gaps("rate"); gaps != nil {
		t.Errorf("gaps of a panel whose series came late: %+v", gaps)
	}
	if gaps := sink.Gaps("never"); len(gaps) != 1 || gaps[0].From.Unix() != 10 || gaps[0].Cause != evidence.NoSeries {
		t.Errorf("gaps of a panel without series: %+v", gaps)
	}
	f.set(late.Query, vector())
	once(40)
	if gaps := sink.Gaps("rate"); len(gaps) != 1 || gaps[0].From.Unix() != 40 {
		t.Errorf("gaps of series that went away: %+v", gaps)
	}
	ended := &evidencetest.Sink{}
	early.gaps = evidence.NewGapLog(Name, ended)
	early.tellAwaited(time.Unix(22, 0))
	if gaps := ended.Gaps("never"); len(gaps) != 1 || gaps[0].From.Unix() != 10 {
		t.Errorf("gaps of a run that ended before: %+v", gaps)
	}
}

func TestTooManySeries(t *testing.T) {
	f, s := newFake(t, ratePanel)
	var many []string
	for i := range evidence.MaxSeries + 5 {
		many = append(many, fmt.Sprintf(`{"a":"%03d"}`, i), "1")
	}
	f.set(ratePanel.Query, vector(many...))
	sink := &evidencetest.Sink{}
	s.newReading(sink).once(t.Context(), time.Unix(1, 0))
	if gaps := sink.Gaps("rate"); len(sink.Samples("rate")) != evidence.MaxSeries || len(gaps) != 1 || gaps[0].Cause != evidence.TooManySeries || gaps[0].Detail != "205, and 200 are shown" {
		t.Errorf("%d samples, gaps %+v", len(sink.Samples("rate")), sink.Gaps("rate"))
	}
}

// An hour of samples a second comes in parts that Prometheus accepts, one of which is missing.
func TestExportInParts(t *testing.T) {
	f, s := newFake(t, ratePanel)
	from, to := time.Unix(1_000_000, 0), time.Unix(1_000_000+25_000, 0)
	f.set("range "+ratePanel.Query, `{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1000000,"1.5"],[1000001,"NaN"],[1000002,"+Inf"],[1000003,"2"]]}]}`)
	dir := t.TempDir()
	files, err := s.Export(t.Context(), from, to, dir)
	if err != nil {
		t.Fatal(err)
	}
	var ranges []string
	for _, asked := range f.asked {
		if rest, is := strings.CutPrefix(asked, "range "+ratePanel.Query+" "); is {
			ranges = append(ranges, rest)
		}
	}
	// The first is the look at whether the query finds anything.
	if got, want := strings.Join(ranges[1:], "; "), "1000000 1009999 1; 1010000 1019999 1; 1020000 1025000 1"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "panel-rate.csv"))
	if err != nil {
		t.Fatal(err)
	}
	part := "1970-01-12T13:46:40.000Z,\"{a=\"\"b\"\"}\",1.5\n1970-01-12T13:46:43.000Z,\"{a=\"\"b\"\"}\",2\n"
	if want := "time,series,value\n" + strings.Repeat(part, 3); string(raw) != want || files[0].Rows != 6 || files[0].Query != ratePanel.Query {
		t.Errorf("%+v\n%s", files[0], raw)
	}
	f.set("range "+ratePanel.Query, `503 {"status":"error","errorType":"timeout","error":"too slow"}`)
	files, err = s.Export(t.Context(), from, to, dir)
	if !errors.Is(err, &evidence.Problem{Cause: evidence.TimedOut}) || files[0].Name != "panel-rate.csv" || files[0].Rows != 0 || len(files[0].Gaps) != 3 || files[0].Gaps[2].Until != to {
		t.Errorf("%v, %+v", err, files[0])
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Prometheus fills a time in which it was dead, and so does the file not: neither that time nor one in which squall could
// not read it has values.
func TestExportOfATimeThatIsNotKnown(t *testing.T) {
	f, s := newFake(t, ratePanel)
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	s.gaps = r.gaps
	f.fail(func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) })
	r.once(t.Context(), time.Unix(1002, 0))
	f.fail(nil)
	f.set(ratePanel.Query, vector(`{}`, "1"))
	r.once(t.Context(), time.Unix(1003, 0))
	f.set(ratePanel.Query, vector(`{"__name__":"x","a":"1"}`, "1", `{"__name__":"x","a":"2"}`, "NaN"))
	r.once(t.Context(), time.Unix(1014, 0))
	f.set("range "+ratePanel.Query, `{"resultType":"matrix","result":[{"metric":{},"values":[[1000,"1"],[1002,"2"],[1004,"3"],[1006,"4"],[1010,"5"],[1014,"6"]]}]}`)
	f.set("range max(timestamp(up))", `{"resultType":"matrix","result":[{"metric":{},"values":[[1000,"1000"],[1001,"1001"],[1002,"1002"],[1003,"1003"],[1004,"1004"],[1005,"1004"],[1009,"1009"],[1010,"1010"],[1011,"1011"],[1012,"1012"],[1013,"1013"],[1014,"1014"]]}]}`)
	dir := t.TempDir()
	files, err := s.Export(t.Context(), time.Unix(1000, 0), time.Unix(1015, 0), dir)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "panel-rate.csv"))
	if err != nil {
		t.Fatal(err)
	}
	want := "time,series,value\n1970-01-01T00:16:40.000Z,,1\n1970-01-01T00:16:42.000Z,,\n1970-01-01T00:16:44.000Z,,3\n" +
		"1970-01-01T00:16:46.000Z,,\n1970-01-01T00:16:50.000Z,,5\n1970-01-01T00:16:54.000Z,,6\n"
	if string(raw) != want {
		t.Errorf("%s, want %s", raw, want)
	}
	var gaps []string
	for _, g := range files[0].Gaps {
		gaps = append(gaps, fmt.Sprintf("%s %s %s %d-%d %s", g.Source, g.Panel, g.Cause, g.From.Unix(), g.Until.Unix(), g.Detail))
	}
	if got, want := strings.Join(gaps, "; "), `prometheus rate unauthorized 1002-1003 HTTP 401; prometheus rate not_recorded 1005-1009 ; prometheus rate partly_not_a_number 1014-1015 {a="2"}`; got != want {
		t.Errorf("gaps are %s, want %s", got, want)
	}
	f.set("range max(timestamp(up))", `422 {"status":"error","errorType":"execution","error":"too many samples"}`)
	if _, err := s.Export(t.Context(), time.Unix(1000, 0), time.Unix(1015, 0), dir); err == nil || err.Error() != "ask when anything was recorded: it refuses the query: too many samples" {
		t.Errorf("%v", err)
	}
}

// A series that is not a number beside others is named, unless it was worked out: the quantile of nothing is none.
func TestSeriesThatIsNotANumber(t *testing.T) {
	f, s := newFake(t, ratePanel)
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	for i, series := range []string{`{"a":"2"}`, `{"__name__":"x","quantile":"0.9"}`, `{"__name__":"x","a":"2"}`} {
		f.set(ratePanel.Query, vector(`{"__name__":"x","a":"1"}`, "1", series, "NaN"))
		r.once(t.Context(), time.Unix(int64(i), 0))
	}
	f.set(ratePanel.Query, vector(`{"a":"1"}`, "1"))
	r.once(t.Context(), time.Unix(3, 0))
	if gaps := sink.Gaps("rate"); len(gaps) != 2 || gaps[0].From.Unix() != 2 || gaps[0].Error() != `a series of it is not a number: {a="2"}` || gaps[1].Until.Unix() != 3 {
		t.Errorf("gaps %+v", gaps)
	}
	if got := sink.Samples("rate"); len(got) != 4 {
		t.Errorf("%d samples", len(got))
	}
}

func times(at ...int) (all []time.Time) {
	for _, a := range at {
		all = append(all, time.Unix(int64(a), 0))
	}
	return all
}

func TestHistoryOfAnAlert(t *testing.T) {
	const every = 30 * time.Second
	named := evidence.Labels{"alertname": "A"}
	pending, firing := spansOf(times(0, 30, 60, 300, 330), every), spansOf(times(120, 90, 150, 600, 630), every)
	got, err := json.Marshal(alertsOf(named, pending, firing, every, time.Unix(640, 0)))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	var alerts []evidence.Alert
	if err := json.Unmarshal(got, &alerts); err != nil {
		t.Fatal(err)
	}
	unix := func(at time.Time) int64 {
		if at.IsZero() {
			return -1
		}
		return at.Unix()
	}
	for _, a := range alerts {
		lines = append(lines, fmt.Sprintf("%s %d %d %d", a.State, unix(a.ActiveAt), unix(a.FiredAt), unix(a.ResolvedAt)))
	}
	if got, want := strings.Join(lines, ", "), "resolved 0 90 180, firing 600 600 -1, inactive 300 -1 -1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestCheckAlert(t *testing.T) {
	ruleOf := func(holds, every time.Duration) rule {
		return rule{v1.AlertingRule{Name: "A", Duration: holds.Seconds(), Health: "ok"}, every}
	}
	broken := ruleOf(0, time.Second)
	broken.Health, broken.LastError = "err", "many-to-many"
	for name, c := range map[string]struct {
		within time.Duration
		rules  []rule
		want   evidence.FindingKind
	}{
		"not defined":      {time.Minute, nil, evidence.AlertUndefined},
		"in time":          {time.Minute, []rule{ruleOf(15*time.Second, 5*time.Second)}, evidence.AlertDefined},
		"just in time":     {time.Minute, []rule{ruleOf(30*time.Second, 30*time.Second)}, evidence.AlertDefined},
		"perhaps":          {time.Minute, []rule{ruleOf(31*time.Second, 30*time.Second)}, evidence.AlertMayBeLate},
		"never":            {time.Minute, []rule{ruleOf(10*time.Minute, 30*time.Second)}, evidence.AlertTooSlow},
		"another is quick": {time.Minute, []rule{ruleOf(10*time.Minute, 30*time.Second), ruleOf(15*time.Second, 5*time.Second)}, evidence.AlertDefined},
		"no time is given": {0, []rule{ruleOf(10*time.Minute, 30*time.Second)}, evidence.AlertDefined},
		"broken":           {time.Minute, []rule{broken}, evidence.AlertBroken},
	} {
		if got := checkAlert(evidence.WantedAlert{Name: "A", Within: c.within}, c.rules); got.Kind != c.want {
			t.Errorf("%s: %s", name, got.Text())
		}
	}
}

func TestCheckOfWhatIsMissing(t *testing.T) {
	f, s := newFake(t, ratePanel, evidence.Panel{Name: "labels", Title: "Labels", Query: `y{job="z"}`})
	f.set(`count({__name__="y"})`, vector(`{}`, "2"))
	f.set("/api/v1/label/service/values", `["orchestrator"]`)
	var texts []string
	for _, finding := range s.Check(t.Context(), evidence.Wanted{}) {
		texts = append(texts, finding.Text())
	}
	want := "prometheus answers (version 1.2.3)\nmetric x has no series\nLabels: its query finds nothing, although its metrics have series (service is orchestrator)"
	if got := strings.Join(texts, "\n"); got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
	f.set("time()", `{"resultType":"scalar","result":[1,"1000"]}`)
	if got := s.Check(t.Context(), evidence.Wanted{})[1]; got.Kind != evidence.ClockDiffers || !strings.Contains(got.Text(), "behind") {
		t.Error(got.Text())
	}
	f.fail(func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) })
	if got := s.Check(t.Context(), evidence.Wanted{}); len(got) != 1 || got[0].Level() != evidence.Failing {
		t.Errorf("%+v", got)
	}
}

// A server that wants queries as GET gets them so.
func TestAServerThatTakesNoPost(t *testing.T) {
	f, _ := newFake(t)
	f.set("x", vector(`{}`, "1"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		f.ServeHTTP(w, r)
	}))
	defer server.Close()
	s, err := New(Config{Server: client.Config{URL: server.URL}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.client.CloseIdle()
	if got, err := s.Instant(t.Context(), "x"); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// Times of alerts are those of the evaluations; of one that fires for longer than is looked at, only a bound is known.
func TestTimesOfAlerts(t *testing.T) {
	f, s := newFake(t)
	now := time.Unix(1_000_000, 0)
	alert := func(name string) string {
		return fmt.Sprintf(`{"labels":{"alertname":%q},"annotations":{},"state":"firing","activeAt":"1970-01-10T00:00:00Z","value":"1"}`, name)
	}
	series := func(name string, from, to int64) string {
		var values []string
		for at := from; at <= to; at += 30 {
			values = append(values, fmt.Sprintf(`[%d,"1"]`, at))
		}
		return fmt.Sprintf(`{"metric":{"__name__":"ALERTS","alertname":%q,"alertstate":"firing"},"values":[%s]}`, name, strings.Join(values, ","))
	}
	const query = `ALERTS{alertstate="firing"}[3600000ms]`
	f.set("/api/v1/rules", `{"groups":[{"name":"g","interval":30,"rules":[{"type":"alerting","name":"New","duration":60,"health":"ok"},{"type":"alerting","name":"Old","duration":60,"health":"ok"}]}]}`)
	f.set("/api/v1/alerts", `{"alerts":[`+alert("New")+`,`+alert("Old")+`]}`)
	f.set(query, `{"resultType":"matrix","result":[`+series("New", 999_910, 999_970)+`,`+series("Old", 996_410, 999_980)+`]}`)
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	r.once(t.Context(), now)
	f.set("/api/v1/alerts", `{"alerts":[]}`)
	r.once(t.Context(), now.Add(50*time.Second))
	for name, want := range map[string]string{"New": "firing 999910 true -62135596800 false, resolved 999910 true 1000000 true", "Old": "firing 996410 false -62135596800 false, resolved 996410 false 1000010 true"} {
		var got []string
		for _, a := range sink.Alerts(name) {
			got = append(got, fmt.Sprint(a.State, " ", a.FiredAt.Unix(), " ", a.FiredExact, " ", a.ResolvedAt.Unix(), " ", a.ResolvedExact))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %s, want %s", name, strings.Join(got, ", "), want)
		}
	}
	if n := strings.Count(strings.Join(f.asked, "\n"), query); n != 2 {
		t.Errorf("the history was asked for %d times", n)
	}
}

// A Prometheus that answers late says how things are when it answers: an alert cannot have fired before it was evaluated, a value
// is of when it was looked up, and a gap ends with the answer.
func TestLateAnswers(t *testing.T) {
	f, s := newFake(t, ratePanel)
	begin := time.Unix(1_000_000, 0)
	f.set(ratePanel.Query, vector(`{}`, "1"))
	f.set("/api/v1/alerts", `{"alerts":[{"labels":{"alertname":"New"},"annotations":{},"state":"firing","activeAt":"1970-01-12T13:46:40Z","value":"1"}]}`)
	f.set("/api/v1/rules", `{"groups":[{"name":"g","interval":1,"rules":[{"type":"alerting","name":"New","duration":5,"health":"ok"}]}]}`)
	sink := &evidencetest.Sink{}
	r := s.newReading(sink)
	r.gaps.Open("", begin.Add(-10*time.Second), &evidence.Problem{Cause: evidence.TimedOut})
	r.since = func(time.Time) time.Duration { return 9 * time.Second }
	f.set(`ALERTS{alertstate="firing"}[3600000ms]`, `{"resultType":"matrix","result":[{"metric":{"__name__":"ALERTS","alertname":"New","alertstate":"firing"},"values":[[1000006,"1"],[1000007,"1"]]}]}`)
	r.once(t.Context(), begin)
	answer := begin.Add(9 * time.Second)
	if got := sink.Samples("rate"); len(got) != 1 || !got[0].At.Equal(answer) {
		t.Errorf("samples %+v, want one of %v", got, answer)
	}
	if got := sink.Gaps(""); len(got) != 2 || !got[1].Until.Equal(answer) {
		t.Errorf("gaps %+v, want an end at %v", got, answer)
	}
	if got := sink.Alerts("New"); len(got) != 1 || got[0].FiredAt.Unix() != 1_000_006 || !got[0].FiredExact {
		t.Errorf("alerts %+v", got)
	}
	if last := f.asked[len(f.asked)-1]; !strings.Contains(last, "ALERTS") {
		t.Fatalf("asked last: %s", last)
	}

	// Where the evaluations are not there, it is when squall saw it, and not exact.
	f.set(`ALERTS{alertstate="firing"}[3600000ms]`, `{"resultType":"matrix","result":[]}`)
	sink = &evidencetest.Sink{}
	r = s.newReading(sink)
	r.since = func(time.Time) time.Duration { return 9 * time.Second }
	r.once(t.Context(), begin)
	if got := sink.Alerts("New"); len(got) != 1 || !got[0].FiredAt.Equal(answer) || got[0].FiredExact {
		t.Errorf("alerts %+v, want fired at %v, not exact", got, answer)
	}
}
