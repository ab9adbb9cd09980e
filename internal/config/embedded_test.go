package config

import (
	"maps"
	"slices"
	"testing"
)

// whoseOwn are the settings that an embedded platform may take of the environment: none of them leads to another system by itself.
var whoseOwn = []string{
	Workload, Tenant, VUs, usersPerBrand, spawnRate, duration, headless, // of the load
	outputs, summaryExport, machineSummary, csvPrefix, csvHistory, // files
	httpProxy, httpsProxy, noProxy, // on the way; loopback addresses take no proxy
	receiverToken,                                                                                                  // of an own listener, which a flag alone opens
	otlpEndpoint, otlpHeaders, otlpInterval, otlpTimeout, otlpCompression, otlpProtocol, otlpService, otlpResource, // --otlp alone makes them count
}

// The variables of the environment name the team's systems. The demo, which is none of them, neither reads them nor writes
// into them: each setting that can come from there is either its own, or counts only when it is given.
func TestEmbeddedTakesNoOtherSystemFromTheEnvironment(t *testing.T) {
	platform := Platform{Gateway: "http://127.0.0.1:9/webchat/webhook", API: "http://127.0.0.1:8", Toxiproxy: "http://127.0.0.1:7", Token: "token", Secrets: map[string]string{}}
	for _, row := range secretRows() {
		platform.Secrets[row.Name[len(secretsSection):]] = "dev"
	}
	environment := map[string]string{}
	for _, row := range Table() {
		for _, alias := range row.Env {
			environment[alias.Name] = "http://team.example.org"
		}
	}
	in := Input{Fixed: Embedded(platform), FixedBy: "embedded platform", LookupEnv: func(name string) (string, bool) { v, ok := environment[name]; return v, ok }}
	l, err := collect(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range Table() {
		if !row.has(ForRuns) || len(row.Env) == 0 || slices.Contains(whoseOwn, row.Name) {
			continue
		}
		if value := l.values[row.Name]; value.level == fromEnv {
			t.Errorf("%s is taken of the environment (%s): mark it in the table, or fix it", row.Name, value.source)
		}
	}

	in.Flags = map[string][]string{"grafana": {"http://127.0.0.1:3000"}}
	in.Variables = []string{"PROMETHEUS_URL=http://127.0.0.1:9090", "SLACK_WEBHOOK_URL=https://127.0.0.1:1/x"}
	if l, err = collect(in); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range []string{prometheusURL, prometheusToken, alertmanagerURL, alertmanagerToken, grafanaURL, grafanaToken, slackWebhook} {
		got[name] = l.values[name].source
	}
	want := map[string]string{
		prometheusURL: "-e PROMETHEUS_URL", prometheusToken: "env PROMETHEUS_TOKEN", alertmanagerURL: "default", alertmanagerToken: "default",
		grafanaURL: "--grafana", grafanaToken: "env GRAFANA_TOKEN", slackWebhook: "-e SLACK_WEBHOOK_URL",
	}
	if !maps.Equal(got, want) {
		t.Errorf("sources %v, want %v", got, want)
	}

	in.Fixed = nil
	if l, err = collect(in); err != nil || l.values[alertmanagerURL].source != "env ALERTMANAGER_URL" || l.values[alertmanagerToken].source != "env ALERTMANAGER_TOKEN" {
		t.Errorf("another platform takes %q and %q (%v)", l.values[alertmanagerURL].source, l.values[alertmanagerToken].source, err)
	}
}
