package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// Every setting of a target can be written in squall.yaml below the keys that its name has, as the table of
// docs/configuration.md shows it.
func TestEverySettingHasItsPlaceInTheFile(t *testing.T) {
	for _, row := range Table() {
		if !row.InFile || !row.has(ForRuns) {
			continue
		}
		t.Run(row.Name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			value := "'no such value'"
			if row.List && !row.Single {
				value = "[" + value + "]"
			}
			yaml := value
			path := strings.Split(row.Name, ".")
			for i := len(path) - 1; i >= 0; i-- {
				yaml = "{" + path[i] + ": " + yaml + "}"
			}
			writeFile(t, filepath.Join(dir, "squall.yaml"), "default_target: x\ntargets:\n  x: "+yaml+"\n")
			_, err := parse(t, map[string]string{})
			if err != nil && (strings.Contains(err.Error(), "unknown key") || strings.Contains(err.Error(), "must be a mapping")) {
				t.Errorf("%s is not read: %v", yaml, err)
			}
		})
	}
}

// A section within a section reads what it holds, and a key that it does not have is named with its place.
func TestSectionsWithinSections(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	const file = `
default_target: x
targets:
  x:
    gateway: {url: 'http://127.0.0.1:1/webchat/webhook'}
    monitoring:
      interval: 2s
      prometheus: {url: 'http://127.0.0.1:2', headers: [X-Scope-OrgID=team-a]}
      receiver: {listen: '127.0.0.1:9099'}
`
	writeFile(t, filepath.Join(dir, "squall.yaml"), file)
	m := mustParse(t, map[string]string{"WEBHOOK_SECRET": "a-secret"}).Monitoring
	if m.Prometheus == nil || m.Prometheus.Host != "127.0.0.1:2" || m.PrometheusHeaders["X-Scope-OrgID"] != "team-a" || m.Receiver != "127.0.0.1:9099" || m.Interval.Seconds() != 2 {
		t.Errorf("monitoring is %+v", m)
	}
	writeFile(t, filepath.Join(dir, "squall.yaml"), strings.Replace(file, "headers", "header", 1))
	_, err := parse(t, map[string]string{"WEBHOOK_SECRET": "a-secret"})
	if want := "squall.yaml:8: targets.x.monitoring.prometheus.header: unknown key"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

// Dashboards are those of the platform unless others are named, and a file needs something that runs its queries.
func TestDashboards(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	const file = `
default_target: x
targets:
  x:
    gateway: {url: 'http://127.0.0.1:1/webchat/webhook'}
    monitoring:
      grafana: {url: 'http://127.0.0.1:2', token: '${GRAFANA_SECRET}', files: [dashboards/api.json]}
`
	env := map[string]string{"WEBHOOK_SECRET": "a-secret", "GRAFANA_SECRET": "glsa_secret"}
	writeFile(t, filepath.Join(dir, "squall.yaml"), file)
	r := mustParse(t, env)
	m := r.Monitoring
	if m.Grafana.Host != "127.0.0.1:2" || m.GrafanaToken.Reveal() != "glsa_secret" || strings.Join(m.Dashboards, " ") != "xin-api xin-ingestion xin-automation xin-widget" || m.DashboardFiles[0] != "dashboards/api.json" {
		t.Errorf("monitoring is %+v", m)
	}
	if m := mustParse(t, env, "--grafana-dashboard", "other").Monitoring; strings.Join(m.Dashboards, " ") != "other" {
		t.Errorf("dashboards are %v", m.Dashboards)
	}
	for flag, want := range map[string]string{"../x": "must be the uid of a dashboard", "twice": "--grafana-dashboard twice given twice"} {
		if _, err := parse(t, env, "--grafana-dashboard", flag, "--grafana-dashboard", flag); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	writeFile(t, filepath.Join(dir, "squall.yaml"), strings.Replace(file, "url: 'http://127.0.0.1:2', token: '${GRAFANA_SECRET}', ", "", 1))
	if _, err := parse(t, env); err == nil || !strings.Contains(err.Error(), "nothing runs its queries: add --grafana URL or --prometheus URL") {
		t.Error(err)
	}
}
