package grafana

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func envelope(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/envelope.json")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// lines are panels in short.
func lines(d *Dashboard) string {
	var all []string
	for _, p := range d.Panels {
		line := p.ID + " " + p.Title
		for _, q := range p.Queries {
			line += fmt.Sprintf(" %s:%s", q.ID, q.Expr)
		}
		if p.Problem != nil {
			line += " (" + p.Problem.Detail + ")"
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

// A dashboard reads the same within the API's envelope and bare.
func TestTheEnvelopeAndTheBareDashboard(t *testing.T) {
	wrapped, err := Parse(envelope(t))
	if err != nil {
		t.Fatal(err)
	}
	var inner struct{ Dashboard json.RawMessage }
	if err := json.Unmarshal(envelope(t), &inner); err != nil {
		t.Fatal(err)
	}
	bare, err := Parse(inner.Dashboard)
	if err != nil {
		t.Fatal(err)
	}
	const want = `1 Latency p$quantile A:histogram_quantile($quantile, sum(rate(http_request_latency_seconds_bucket[$__rate_interval])) by (le))
2 Errors A:sum(rate(http_requests_total{status_code=~"5.."}[1m])) by (service)
3 Logs A:{app="gateway"}
5 Queue depth (the library panel "V--OrYHnz" did not come with the dashboard)
6 Of a tenant A:ingestion_jobs_inflight{tenant_id=~"$tenant"}`
	if got := lines(wrapped); got != want || lines(bare) != want || wrapped.UID != "xin-api" || wrapped.Title != "API" {
		t.Errorf("%s %s\n%s\nbare\n%s", wrapped.UID, wrapped.Title, got, lines(bare))
	}
	if !wrapped.Panels[1].Transformed || wrapped.Panels[0].Transformed {
		t.Error("transformations are not seen")
	}
}

func TestParse(t *testing.T) {
	panel := func(rest string) string { return `{"uid":"x","title":"X","panels":[` + rest + `]}` }
	many := strings.Repeat(`{"id":1,"title":"t","targets":[{"expr":"up"}]},`, mostPanels+2)
	for name, c := range map[string]struct{ json, want string }{
		"ids that are missing, equal or odd": {
			panel(`{"title":"a","targets":[{"expr":"a"}]},{"id":"1","title":"b","targets":[{"expr":"b"}]},{"id":1,"title":"c","targets":[{"expr":"c"}]},{"id":"../e","title":"d","targets":[{"expr":"d"}]}`),
			"n1 a A:a\n1 b A:b\n1-2 c A:c\n___e d A:d",
		},
		"a panel that is none":    {panel(`7,{"id":2,"title":"b","targets":[{"expr":"b"}]},{"id":3,"title":"c","targets":"none"}`), "n1  (json: cannot unmarshal number into Go value of type grafana.panelDocument)\n2 b A:b\nn3  (json: cannot unmarshal string into Go struct field panelDocument.targets of type []json.RawMessage)"},
		"no query and all hidden": {panel(`{"id":1,"title":"a"},{"id":2,"title":"b","targets":[{"expr":"x","hide":true}]}`), "1 a (it has none)\n2 b (all are hidden)"},
		"rows of Grafana 4":       {`{"title":"X","rows":[{"panels":[{"id":1,"title":"a","targets":[{"expr":"a"}]}]},{"panels":[{"id":2,"title":"b","targets":[{"expr":"b"},{"expr":"c"}]}]}]}`, "1 a A:a\n2 b A:b B:c"},
		"a library panel from __elements": {
			`{"title":"X","__elements":{"L":{"uid":"L","model":{"title":"lib","targets":[{"refId":"A","expr":"lib"}]}}},"panels":[{"id":4,"libraryPanel":{"uid":"L","name":"n"}}]}`,
			"4 lib A:lib",
		},
		"a panel for each value": {
			`{"title":"X","templating":{"list":[{"name":"t","type":"custom","query":"a,b","current":{"value":["$__all"]},"includeAll":true}]},"panels":[{"id":1,"title":"p","repeat":"t","targets":[{"expr":"x"}]}]}`,
			"1 p A:x\n1-2 p A:x",
		},
		"a row for each value": {
			`{"title":"X","templating":{"list":[{"name":"t","type":"custom","query":"a,b","current":{"value":["a","b"]}}]},"panels":[{"type":"row","repeat":"t"},{"id":1,"title":"p","targets":[{"expr":"x"}]},{"type":"row"},{"id":2,"title":"q","targets":[{"expr":"y"}]}]}`,
			"1 p A:x\n1-2 p A:x\n2 q A:y",
		},
		"an empty dashboard": {`{"title":"X","panels":[]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Parse([]byte(c.json))
			if err != nil {
				t.Fatal(err)
			}
			if got := lines(d); got != c.want {
				t.Errorf("read\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	d, err := Parse([]byte(panel(strings.TrimSuffix(many, ","))))
	if err != nil || len(d.Panels) != mostPanels || d.Left != 2 {
		t.Errorf("%v, %d panels and %d left", err, len(d.Panels), d.Left)
	}
	for json, want := range map[string]string{
		``:                        "unexpected end",
		`[]`:                      "cannot unmarshal",
		`{}`:                      "it is no dashboard",
		`{"message":"Not found"}`: "it is no dashboard",
		`{"elements":{},"title":"X","layout":{"kind":"GridLayout"}}`:                   "of a newer model",
		`{"apiVersion":"dashboard.grafana.app/v2","spec":{"elements":{},"title":"X"}}`: "of a newer model",
	} {
		if _, err := Parse([]byte(json)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", json, err, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "1m": time.Minute, "1.5h": 90 * time.Minute, "1d": 24 * time.Hour, "500ms": 500 * time.Millisecond,
		">10s": 10 * time.Second, "": 0, "x": 0, "10": 0, "-1s": 0, "1y": 0, "99999999999d": 0, "NaNs": 0,
	} {
		if got := duration(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// Whatever somebody saves as a dashboard is read within bounds, and its queries are filled in or refused.
func FuzzParse(f *testing.F) {
	f.Add(envelope(f))
	f.Add([]byte(`{"rows":[{"repeat":"a","panels":[{"type":"row","panels":[{}]}]}],"templating":{"list":[{"name":"a","options":[{"value":1},{"value":["$__all"],"selected":true}]}]}}`))
	f.Add([]byte(`{"title":1,"panels":[{"id":{},"datasource":[],"targets":[{"expr":"$a [[b:regex]] ${c.d:e} $1"}]}],"__inputs":[{"name":"DS","type":"datasource"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Parse(raw)
		if err != nil {
			return
		}
		if len(d.Panels) > mostPanels {
			t.Fatalf("%d panels", len(d.Panels))
		}
		names := map[string]bool{}
		r := reading{source: &Source{config: Config{Step: time.Second}}, from: time.Unix(0, 0), to: time.Unix(60, 0)}
		env := environment{values: times(r.from, r.to, time.Second, time.Second)}
		for _, p := range d.Panels {
			if names[p.ID] || fileName(p.ID) != p.ID && !strings.Contains(p.ID, "-") {
				t.Fatalf("panel %q: its name is taken, or none for a file", p.ID)
			}
			names[p.ID] = true
			for _, q := range p.Queries {
				_, _ = env.scoped(p.scope).fill(q.Expr, true)
			}
		}
	})
}

// What a panel says of its values is read where it can be, and thresholds count where Grafana draws them.
func TestLooks(t *testing.T) {
	steps := `"thresholds":{"mode":"absolute","steps":[{"value":null},{"value":1.2},{"value":1.5}]}`
	for json, want := range map[string]string{
		`"fieldConfig":{"defaults":{"unit":"s",` + steps + `,"custom":{"thresholdsStyle":{"mode":"line"}}}}`:          "s [{1.2 threshold} {1.5 threshold}]",
		`"fieldConfig":{"defaults":{"unit":"percentunit",` + steps + `,"custom":{"thresholdsStyle":{"mode":"off"}}}}`: "ratio []",
		`"fieldConfig":{"defaults":{"unit":"reqps",` + steps + `}}`:                                                   "/s []",
		`"yaxes":[{"format":"ms"},{"format":"short"}],"thresholds":[{"value":50,"op":"gt"}]`:                          "ms [{50 threshold}]",
		`"fieldConfig":[],"yaxes":"none","thresholds":""`:                                                             " []",
		`"fieldConfig":{"defaults":{"unit":"furlongs"}}`:                                                              " []",
	} {
		d, err := Parse([]byte(`{"title":"X","panels":[{"id":1,` + json + `,"targets":[{"expr":"x"}]}]}`))
		if err != nil || d.Panels[0].Problem != nil {
			t.Fatalf("%s: %v", json, err)
		}
		if got := fmt.Sprint(d.Panels[0].Unit, " ", d.Panels[0].Lines); got != want {
			t.Errorf("%s: %q, want %q", json, got, want)
		}
	}
}
