package grafana

import (
	"strings"
	"testing"
	"time"
)

func TestFill(t *testing.T) {
	env := environment{values: times(time.UnixMilli(1_600_000_000_000), time.UnixMilli(1_600_000_900_000), 5*time.Second, 15*time.Second), missing: map[string]string{"gone": "it has no value"}}
	env = env.with(map[string]value{
		"one":    {texts: []string{"a.b"}},
		"path":   {texts: []string{`C:\x'`}},
		"multi":  {texts: []string{"a.b", "c"}, multi: true},
		"single": {texts: []string{"a.b"}, multi: true},
		"all":    {texts: []string{".+"}, literal: true},
	})
	for text, want := range map[string]string{
		`x{t="$one"}`:                             `x{t="a.b"}`,
		`x{t="[[one]]"}`:                          `x{t="a.b"}`,
		`x{t="$path"}`:                            `x{t="C:\\x\'"}`,
		`x{t=~"$multi"}`:                          `x{t=~"(a\\.b|c)"}`,
		`x{t=~"$single"}`:                         `x{t=~"a\\.b"}`,
		`x{t=~"$all"}`:                            `x{t=~".+"}`,
		`x{t=~"${all:regex}"}`:                    `x{t=~".+"}`,
		`${multi:regex} [[multi:pipe]]`:           `(a\.b|c) a.b|c`,
		`${multi:csv} ${multi:raw}`:               `a.b,c a.b,c`,
		`${multi:glob} ${single:glob}`:            `{a.b,c} a.b`,
		`${multi:json} ${multi:doublequote}`:      `["a.b","c"] "a.b","c"`,
		`${multi:singlequote} ${multi:text}`:      `'a.b','c' a.b + c`,
		`${one.text}`:                             `a.b`,
		`rate(x[$__interval])`:                    `rate(x[5s])`,
		`rate(x[${__rate_interval}])`:             `rate(x[60s])`,
		`rate(x[$__auto_interval_i])`:             `rate(x[5s])`,
		`x[$__range] $__range_s $__range_ms`:      `x[900s] 900 900000`,
		`$__interval_ms $__from`:                  `5000 1600000000000`,
		`${__to:date:seconds}`:                    `1600000900`,
		`label_replace(x, "a", "$1", "b", "(.)")`: `label_replace(x, "a", "$1", "b", "(.)")`,
		`no variable at all`:                      `no variable at all`,
	} {
		if got, err := env.fill(text, true); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`x{t="$other"}`:   "variable other is not defined",
		`x{t="$gone"}`:    "variable gone: it has no value",
		`${one:lucene}`:   "variable one: its format lucene is not known",
		`${__to:date}`:    "variable __to: its format date is not known",
		`${__user.login}`: "variable __user is not defined",
		`${one.field}`:    "variable one: its field field is not known",
	} {
		if got, err := env.fill(text, true); err == nil || err.Error() != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}

// Grafana's own examples: four times the scrape interval, or one step and one scrape, whichever is longer.
func TestRateInterval(t *testing.T) {
	for _, c := range []struct {
		step, scrape time.Duration
		want         string
	}{{5 * time.Second, 15 * time.Second, "60s"}, {time.Minute, 15 * time.Second, "75s"}, {500 * time.Millisecond, 250 * time.Millisecond, "1s"}, {1500 * time.Millisecond, 0, "1500ms"}} {
		if got := times(time.Unix(0, 0), time.Unix(60, 0), c.step, c.scrape)["__rate_interval"].texts[0]; got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.step, c.scrape, got, c.want)
		}
	}
}

func TestNamesOfSeries(t *testing.T) {
	n := newNames()
	type one struct {
		query, legend string
		several       bool
		labels        map[string]string
		written, want string
	}
	for _, c := range []one{
		{"A", "", false, nil, "", ""},
		{"A", "", false, map[string]string{"a": "b"}, `{a="b"}`, `{a="b"}`},
		{"B", autoLegend, true, map[string]string{"a": "b"}, `{a="b"}`, `B {a="b"}`},
		{"C", "{{a}} of {{ other }}", true, map[string]string{"a": "b"}, `{a="b"}`, "b of "},
		{"D", "p95", true, map[string]string{"a": "1"}, `{a="1"}`, "p95"},
		{"D", "p95", true, map[string]string{"a": "2"}, `{a="2"}`, `p95 D {a="2"}`},
		{"D", "p95", true, map[string]string{"a": "1"}, `{a="1"}`, "p95"},
	} {
		if got := n.name(c.query, c.legend, c.several, c.labels, c.written); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestPicked(t *testing.T) {
	values := []string{"web-1", "web-2", "db-1"}
	for expression, want := range map[string]string{"": "web-1 web-2 db-1", "/web.*/": "web-1 web-2", `/(\w+)-\d/`: "web db", "nothing": "", `/(?<value>db).*/i`: "db"} {
		if got, err := picked(values, expression); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s picks %v (%v), want %s", expression, got, err, want)
		}
	}
	if _, err := picked(values, "/(?!x)/"); err == nil {
		t.Error("an expression of JavaScript alone is understood")
	}
}
