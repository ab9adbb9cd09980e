package app

import (
	"net/url"
	"strings"
	"testing"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/load"
)

// A condition on the platform's own metrics is read as a panel, and refused where nothing would ever read it.
func TestConditionsAreRead(t *testing.T) {
	server := &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	prometheus := config.Monitoring{Prometheus: server}
	scraped := config.Monitoring{Scrape: []config.ScrapeTarget{{Name: "gateway", URL: server}}}
	lag := evidence.Panels()[2]
	for name, c := range map[string]struct {
		monitoring config.Monitoring
		query      string
		panel      string // that has its values
		err        string
	}{
		"any, by Prometheus":          {prometheus, "max(redis_memory)", "condition_1", ""},
		"metric, by Prometheus":       {prometheus, "redis_memory", "redis_memory", ""},
		"that of a panel":             {prometheus, lag.Query, lag.Name, ""},
		"metric, by scraping":         {scraped, "redis_memory", "redis_memory", ""},
		"that of a panel, scraping":   {scraped, lag.Query, lag.Name, ""},
		"any, by scraping":            {scraped, "max(redis_memory)", "", `"prometheus: max(redis_memory) > 1 for 10s": nothing reads this query: --scrape reads a metric by its name alone, each of its series: write redis_memory without anything around it, or add --prometheus URL`},
		"of two metrics, by scraping": {scraped, "a / b", "", `"prometheus: a / b > 1 for 10s": nothing reads this query: add --prometheus URL`},
		"metric, nothing to read it":  {config.Monitoring{}, "redis_memory", "", "nothing reads this query"},
	} {
		t.Run(name, func(t *testing.T) {
			rule, err := slo.ParseStopRule(load.Registry(), "prometheus: "+c.query+" > 1 for 10s")
			if err != nil {
				t.Fatal(err)
			}
			steady, err := slo.ParseSteadyCondition("prometheus: " + c.query + " < 5")
			if err != nil {
				t.Fatal(err)
			}
			for what, r := range map[string]config.Resolved{
				"stop rule":    {Monitoring: c.monitoring, StopRules: []slo.StopRule{rule}},
				"steady state": {Monitoring: c.monitoring, Faults: config.Faults{Steady: []slo.SteadyCondition{steady}}},
				"both":         {Monitoring: c.monitoring, StopRules: []slo.StopRule{rule}, Faults: config.Faults{Steady: []slo.SteadyCondition{steady}}},
			} {
				r.Options.Keys = new(load.Keyring)
				m, err := openMonitoring(r, nil)
				if c.err != "" {
					if err == nil || what != "steady state" && !strings.Contains(err.Error(), c.err) {
						t.Errorf("%s: %v, want %q", what, err, c.err)
					}
					continue
				}
				if p, ok := m.PanelOf(c.query); err != nil || !ok || p.Name != c.panel {
					t.Errorf("%s: panel %+v (%v), want %s", what, p, err, c.panel)
				}
				if n := len(m.Panels) - len(evidence.Panels()); n > 1 {
					t.Errorf("%s: the query is read %d times", what, n)
				}
			}
		})
	}
}
