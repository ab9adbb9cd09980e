package promapi

import (
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/internal/evidence"
)

func TestMetricsOfAQuery(t *testing.T) {
	for query, want := range map[string]string{
		evidence.Panels()[0].Query: "http_request_latency_seconds_bucket",
		evidence.Panels()[1].Query: "http_requests_total",
		evidence.Panels()[2].Query: "ingestion_jobs_inflight",
		evidence.Panels()[3].Query: "automation_queue_depth",
		`sum by (job, service) (rate(a_total{x="b_total"}[5m])) / ignoring(job) group_left(z) c:rate5m > bool 3`: "a_total c:rate5m",
		`sum (a) by (le)`:                              "a",
		`{__name__="a_total",job=~"x|y"}`:              "a_total",
		`{__name__=~"a.*"}`:                            "",
		`a offset 5m and b unless c or d`:              "a b c d",
		`max_over_time(a[30m:1m] @ end())`:             "a",
		`a # b and c`:                                  "a",
		`"a"`:                                          "",
		`time() - a @ start()`:                         "a",
		`topk(3, a) + 1e3 + Inf`:                       "a",
		`count_values("version", build_info)`:          "build_info",
		`a{b='}'} * on (x) c{d="\"", e=` + "`}`" + `}`: "a c",
		``: "",
	} {
		if got := strings.Join(Metrics(query), " "); got != want {
			t.Errorf("%s has %q, want %q", query, got, want)
		}
	}
}

func TestWindowOfAQuery(t *testing.T) {
	for query, want := range map[string]struct {
		window     time.Duration
		cumulative bool
	}{
		evidence.Panels()[0].Query:                 {5 * time.Minute, false},
		evidence.Panels()[1].Query:                 {time.Minute, false},
		evidence.Panels()[2].Query:                 {30 * time.Minute, false},
		evidence.Panels()[3].Query:                 {0, false},
		`llm_fallbacks_total`:                      {0, true},
		`sum by (x) (a_total)`:                     {0, true},
		`a_bucket{le="[5m]"} # [9m]`:               {0, true},
		`rate(a_total[1h30m]) / rate(b[5m])`:       {90 * time.Minute, false},
		`max_over_time(rate(a_total[5m])[30m:1m])`: {35 * time.Minute, false},
		`max_over_time(a[ 1d : ])`:                 {24 * time.Hour, false},
		`a[`:                                       {}, `a[]`: {}, `a]`: {}, `a[step()]`: {}, ``: {},
	} {
		if w, c := Window(query), Cumulative(query); w != want.window || c != want.cumulative {
			t.Errorf("%s: %s, cumulative %t, want %+v", query, w, c, want)
		}
	}
}

func TestRenameLabel(t *testing.T) {
	for query, want := range map[string]string{
		`a{service="x"}`: `a{exported_service="x"}`,
		`sum by (service, le) (rate(a{service=~"service", b="service"}[5m]))`: `sum by (exported_service, le) (rate(a{exported_service=~"service", b="service"}[5m]))`,
		`service{exported_service="x"}`:                                       `service{exported_service="x"}`,
		`service`:                                                             `service`,
		`"{service=\"x\"}"`:                                                   `"{service=\"x\"}"`,
	} {
		if got, renamed := renameLabel(query, "service", "exported_service"); got != want || renamed != (got != query) {
			t.Errorf("%s became %s (%v), want %s", query, got, renamed, want)
		}
	}
}

func FuzzQueries(f *testing.F) {
	for _, p := range evidence.Panels() {
		f.Add(p.Query)
	}
	f.Add(`sum by (a`)
	f.Add("a{b=`")
	f.Add(`by (`)
	f.Fuzz(func(t *testing.T, query string) {
		var b strings.Builder
		for _, token := range scan(query) {
			if token.text == "" {
				t.Fatal("an empty token")
			}
			b.WriteString(token.text)
		}
		if b.String() != query {
			t.Errorf("%q was cut into %q", query, b.String())
		}
		if names := Metrics(query); slices.Contains(names, "") {
			t.Errorf("%q has a metric without a name", query)
		}
		if other, renamed := renameLabel(query, "service", "exported_service"); !renamed && other != query {
			t.Errorf("%q became %q", query, other)
		}
	})
}
