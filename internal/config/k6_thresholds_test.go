package config

import (
	"slices"
	"strings"
	"testing"
)

// Objectives may be written as k6 writes thresholds. What aborts a run there is a stop rule here, and is not ignored.
func TestK6Thresholds(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string // objectives
		says string   // refusal
	}{
		{
			`thresholds: {gateway_latency: ["p(95)<1500", {threshold: "p(99)<3000", abortOnFail: false}], http_req_failed: "rate<0.1"}`,
			[]string{"gateway_latency: p(95)<1500", "gateway_latency: p(99)<3000", "http_req_failed: rate<0.1"},
			"",
		},
		{`objectives: {"gateway_latency{channel:telegram}": ["p(95)<1"]}`, []string{"gateway_latency{channel:telegram}: p(95)<1"}, ""},
		{`objectives: {gateway_latency: [{threshold: "p(95)<1", abortOnFail: true}]}`, nil, "abortOnFail: is for a stop rule here"},
		{`objectives: [{threshold: "p(95)<1"}]`, nil, "objectives[0].threshold: belongs under its metric"},
		{`objectives: {gateway_latency: [{treshold: "p(95)<1"}]}`, nil, "treshold: unknown key"},
		{`objectives: {speed: "p(95)<1"}`, nil, "unknown metric"},
		{"objectives: ['checks: rate>0.9']\n    thresholds: {checks: rate>0.8}", nil, "are both there: keep one"},
		{"thresholds: {checks: rate>0.8}\n    objectives: ['checks: rate>0.9']", nil, "are both there: keep one"},
	} {
		t.Chdir(t.TempDir())
		writeFile(t, "squall.yaml", "targets:\n  a:\n    gateway: {url: https://gw/webchat/webhook}\n    secrets: {webchat: x}\n    "+c.text+"\n")
		r, err := parse(t, nil, "--target", "a")
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.text, err, c.says)
		}
		var got []string
		for _, o := range r.Objectives {
			got = append(got, o.String())
		}
		if c.says == "" && !slices.Equal(got, c.want) {
			t.Errorf("%s: objectives %v, want %v", c.text, got, c.want)
		}
	}
}
