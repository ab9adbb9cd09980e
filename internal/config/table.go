package config

import (
	"cmp"
	"fmt"
	"strings"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/load"
)

// pairArgument is how the help writes a setting that is a name with its value.
const pairArgument = "NAME=VALUE"

// Alias is one name under which a setting can be given: a flag or an environment variable.
type Alias struct {
	Name  string
	Short string                    // one-letter flag, or ""
	Read  func(value string) string // rewrites a value that this name writes differently; may be nil
}

// Setting is one row of the table.
type Setting struct {
	Name      string   // in messages and doctor; the key in squall.yaml when InFile, dots make the path
	Flags     []Alias  // the first one that is given counts
	Env       []Alias  // the first one that is not empty counts
	InFile    bool     // may stand in a target of squall.yaml
	AtTop     bool     // may stand at the top of squall.yaml, beside the targets; read by squall publish alone
	For       Commands // that have it; none: those of a run
	Default   string   // "" for none
	Accepts   string   // completes "must be .."
	Choices   []string // the words that are accepted, where they are few
	Argument  string   // of the flag, in help: N, URL
	Help      string   // what it is; one sentence without a stop
	Secret    bool
	Bool      bool   // a flag without a value means true
	List      bool   // may be given several times
	Single    bool   // of a list: squall.yaml may have one value without a list
	Elsewhere bool   // names another system that a run reads or writes to: an embedded platform has none that its user did not give it
	Of        string // the setting of the address that a token is for: where that does not count, nor does the token
	Ranked    bool   // a variable is meant to override those behind it: that they differ is no mistake
}

// Commands is a set of commands of the command line.
type Commands uint8

// The commands that have settings.
const (
	ForRuns    Commands = 1 << iota // squall run, and those that take the same flags
	ForReport                       // squall report
	ForPublish                      // squall publish
	ForMix                          // squall mix
)

// has reports whether one of the commands has the setting.
func (s Setting) has(c Commands) bool { return cmp.Or(s.For, ForRuns)&c != 0 }

// The names of the settings. Exported are those that commands know by name.
const (
	configFile        = "config"
	targetName        = "target"
	confirm           = "confirm"
	protected         = "protected"
	gatewayURL        = "gateway.url"
	gatewayHost       = "gateway.host"
	gatewayPath       = "gateway.path"
	orchestrator      = "orchestrator.url"
	adminToken        = "admin_token"
	adminTokenFile    = "admin_token_file"
	tokenCommand      = "token_command"
	signing           = "signing"
	Workload          = "workload"
	Tenant            = "tenant"
	VUs               = "load.vus"
	usersPerBrand     = "load.users_per_brand"
	rate              = "load.rate"
	think             = "load.think"
	conversation      = "load.conversation_length"
	ramp              = "load.ramp"
	spawnRate         = "load.spawn_rate"
	spikeFactor       = "load.spike_factor"
	duration          = "load.duration"
	knowledge         = "load.knowledge"
	noRules           = "load.no_rules"
	Seed              = "load.seed"
	timeout           = "load.timeout"
	drain             = "load.drain"
	maxConns          = "load.max_conns"
	maxInFlight       = "load.max_in_flight"
	noKeepAlive       = "load.no_keep_alive"
	objectives        = "objectives"
	stopRules         = "stop_rules"
	expectations      = "expectations"
	unknown           = "unknown"
	toxiproxyURL      = "toxiproxy.url"
	kubeconfig        = "kubernetes.kubeconfig"
	kubeContext       = "kubernetes.context"
	kubeNamespace     = "kubernetes.namespace"
	kubeAllow         = "kubernetes.allow"
	steadyState       = "chaos.steady_state"
	injections        = "chaos.inject"
	dryRun            = "chaos.dry_run"
	noFaults          = "chaos.off"
	prometheusURL     = "monitoring.prometheus.url"
	prometheusToken   = "monitoring.prometheus.token"
	prometheusHeaders = "monitoring.prometheus.headers"
	alertmanagerURL   = "monitoring.alertmanager.url"
	alertmanagerToken = "monitoring.alertmanager.token"
	grafanaURL        = "monitoring.grafana.url"
	grafanaToken      = "monitoring.grafana.token"
	grafanaDashboards = "monitoring.grafana.dashboards"
	grafanaFiles      = "monitoring.grafana.files"
	noAnnotations     = "monitoring.grafana.no_annotations"
	alertReceiver     = "monitoring.receiver.listen"
	receiverToken     = "monitoring.receiver.token"
	scrape            = "monitoring.scrape"
	readInterval      = "monitoring.interval"
	panels            = "monitoring.panels"
	metricsAddr       = "telemetry.metrics_addr"
	otlpURL           = "telemetry.otlp.url"
	otlpEndpoint      = "telemetry.otlp.endpoint"
	otlpHeaders       = "telemetry.otlp.headers"
	otlpInterval      = "telemetry.otlp.interval"
	otlpTimeout       = "telemetry.otlp.timeout"
	otlpCompression   = "telemetry.otlp.compression"
	otlpProtocol      = "telemetry.otlp.protocol"
	otlpService       = "telemetry.otlp.service_name"
	otlpResource      = "telemetry.otlp.resource_attributes"
	slackWebhook      = "slack.webhook"
	slackWebhookFile  = "slack.webhook_file"
	tlsCA             = "tls.ca"
	tlsCert           = "tls.cert"
	tlsKey            = "tls.key"
	tlsSkipVerify     = "tls.insecure_skip_verify"
	httpProxy         = "proxy.http"
	httpsProxy        = "proxy.https"
	noProxy           = "proxy.none"
	outDir            = "out"
	HeadlessRun       = "headless"
	outputs           = "outputs"
	summaryExport     = "summary_export"
	evidenceDir       = "publish.evidence"
	zipFile           = "publish.zip"
	publishRepo       = "publish.repo"
	playbookFile      = "publish.playbook"
	roadmapFile       = "publish.roadmap"
	releaseLog        = "publish.release_log"
	releaseName       = "publish.release"
	issuesIn          = "publish.issues"
	issueLabels       = "publish.labels"
	gitHubURL         = "publish.github_url"
	gitHubToken       = "github_token"
	machineSummary    = "machine_summary"
	csvPrefix         = "csv"
	csvHistory        = "csv_full_history"
	secretsSection    = "secrets."
	nextSection       = "rotation.next."
	nextFiles         = "rotation.next_files"
	nextCommands      = "rotation.next_commands"
	nextKubernetes    = "rotation.next_kubernetes"
	gatewaySelector   = "rotation.gateway_selector"
	gatewayPort       = "rotation.gateway_port"
	RotationArmed     = "rotation.armed"
	RotationSigning   = "rotation.sign_with"
	probeRate         = "rotation.probe_rate"
	mostLost          = "rotation.max_lost"
	longestGap        = "rotation.max_gap"
	refusedWithin     = "rotation.refused_within"
	tolerateForged    = "rotation.tolerate_forged"
	replicas          = "rotation.replicas"
)

// secretName is the setting that holds the signing secret of a channel.
func secretName(c load.Channel) string { return secretsSection + c.String() }

func option(name string) []Alias      { return []Alias{{Name: name}} }
func short(name, letter string) Alias { return Alias{Name: name, Short: letter} }
func env(names ...string) (as []Alias) {
	for _, name := range names {
		as = append(as, Alias{Name: name})
	}
	return as
}

// Words that several rows accept.
const (
	acceptsURL      = "an http or https URL such as https://gateway.example.org, without user, query or fragment"
	acceptsDuration = "a duration such as 300s, 20m or 1h30m"
	acceptsBool     = "true or false"
	acceptsFile     = "a file"
	acceptsSpace    = "the name of a namespace such as xin-staging"
	acceptsPrivate  = "a secret; ${NAME} in squall.yaml takes it from the environment"
)

// Table returns every setting, in the order in which doctor and the documentation show them.
func Table() []Setting {
	rows := []Setting{
		{Name: configFile, For: ForRuns | ForPublish | ForMix, Flags: option("config"), Default: "squall.yaml", Argument: "FILE", Accepts: acceptsFile, Help: "file with named targets; the default is read only if it is there"},
		{Name: targetName, For: ForRuns | ForMix, Flags: option("target"), Argument: "NAME", Accepts: "a target of squall.yaml", Help: "target to run against; the default is default_target of squall.yaml"},
		{Name: protected, InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "refuse to run unless --confirm repeats the target's name"},
		{Name: confirm, Flags: option("confirm"), Argument: "NAME", Accepts: "the name of the target", Help: "name of the protected target that you mean to load"},

		{Name: gatewayURL, Flags: option("gateway"), Env: env("GATEWAY_URL"), InFile: true, Argument: "URL", Accepts: acceptsURL, Help: "webchat webhook of the gateway; the other channels' URLs follow from it"},
		{Name: gatewayHost, Flags: []Alias{short("host", "H")}, Env: env("LOCUST_HOST"), Argument: "URL", Accepts: acceptsURL, Help: "gateway as Locust takes it, without the webhook's path"},
		{Name: gatewayPath, Env: env("GATEWAY_WEBHOOK_PATH"), InFile: true, Accepts: "a path such as /webchat/webhook", Help: "path of the webchat webhook, used with --host; the default is the channel's own"},
		{Name: orchestrator, Flags: option("orchestrator"), Env: env("ORCHESTRATOR_URL", "ORCHESTRATOR_HOST"), InFile: true, Argument: "URL", Accepts: acceptsURL, Help: "base URL of the admin API; without it the admin flows are off"},
		{Name: adminToken, Env: env("ADMIN_TOKEN"), InFile: true, Secret: true, Accepts: acceptsPrivate, Help: "bearer token of a platform_admin; without it the admin flows are off"},
		{Name: adminTokenFile, Flags: option("admin-token-file"), InFile: true, Argument: "FILE", Accepts: acceptsFile, Help: "file that holds this token and nothing else; it is read again before the token ends"},
		{Name: tokenCommand, Flags: option("token-command"), InFile: true, Argument: "COMMAND", Accepts: "a command line such as 'vault kv get -field=token secret/xin'", Help: "command that prints this token; it is run again before the token ends"},
	}
	rows = append(rows, secretRows()...)
	rows = append(rows, []Setting{
		{Name: signing, Flags: option("signing"), InFile: true, Default: signShared, Argument: "HOW", Choices: []string{signShared, signPerChannel}, Help: "with webchat's secret alone: shared sends the other channels as webchat, named in metadata.channel, as the k6 script does; per-channel leaves them out"},
		{Name: Workload, For: ForRuns | ForMix, Flags: option("workload"), Env: env("WORKLOAD_FILE", "WORKLOAD_FILE_JSON"), InFile: true, Argument: "FILE", Accepts: acceptsFile, Help: "who talks over which channels, YAML or JSON; the default is built in"},
		{Name: Tenant, Flags: option("tenant"), Env: env("LOCUST_TENANT_ID"), InFile: true, Argument: "UUID", Accepts: "a UUID", Help: "run this tenant of the workload alone; the built-in workload takes the id over"},

		{Name: VUs, Flags: []Alias{short("vus", "u"), {Name: "users"}}, Env: env("K6_VUS", "LOCUST_USERS"), InFile: true, Default: "10", Argument: "N", Accepts: fmt.Sprintf("a whole number from 0 to %d", load.MaxVUs), Help: "virtual users (closed model)"},
		{Name: usersPerBrand, Env: env("TARGET_USERS_PER_BRAND"), Accepts: fmt.Sprintf("a whole number from 0 to %d", load.MaxVUs), Help: "virtual users for each brand of the workload, instead of their total"},
		{Name: rate, Flags: option("rate"), InFile: true, Argument: "RATE", Accepts: fmt.Sprintf("a rate such as 500/s or 30000/m, above 0 and up to %d/s; a number alone is per second", load.MaxRate), Help: "arrivals per second; selects the open model"},
		{Name: think, Flags: option("think"), InFile: true, Default: "0s-1.5s", Argument: "TIME", Accepts: "a duration such as 1s, a range such as 0s-1.5s, or none", Help: "time that a virtual user waits between two iterations, uniform"},
		{Name: conversation, Flags: option("conversation-length"), InFile: true, Default: "1", Argument: "N", Accepts: fmt.Sprintf("a number of messages such as 1 or a range such as 1-8, up to %d", load.MaxConversation), Help: "messages of one conversation, uniform; each reads the history of those before it, so long conversations cost the platform more"},
		{Name: ramp, Flags: option("ramp"), InFile: true, Default: "0s", Argument: "DURATION", Accepts: acceptsDuration, Help: "how long a change of virtual users or rate takes to arrive"},
		{Name: spawnRate, Flags: []Alias{short("spawn-rate", "r")}, Env: env("LOCUST_SPAWN_RATE"), Argument: "N", Accepts: "a number above 0", Help: "virtual users started per second, instead of a ramp time"},
		{Name: spikeFactor, Flags: option("spike-factor"), InFile: true, Default: "5", Argument: "N", Accepts: fmt.Sprintf("a number from 1 to %d", load.MaxSpikeFactor), Help: "what a spike multiplies virtual users or rate by"},
		{Name: duration, Flags: []Alias{short("duration", "d"), {Name: "run-time", Short: "t", Read: bareSeconds}}, Env: []Alias{{Name: "K6_DURATION"}, {Name: "LOCUST_RUN_TIME", Read: bareSeconds}}, InFile: true, Default: "0s", Argument: "DURATION", Accepts: acceptsDuration, Help: "length of the run; 0s runs until stopped"},
		{Name: knowledge, Flags: option("knowledge"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "also drive the older upload, POST /v1/brands/{id}/knowledge"},
		{Name: noRules, Flags: option("no-rules"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "leave automation rules alone"},
		{Name: Seed, Flags: option("seed"), Argument: "N", Accepts: "a whole number of 0 or more", Help: "seed of every random choice; drawn when it is not given"},

		{Name: timeout, Flags: option("timeout"), InFile: true, Default: "10s", Argument: "DURATION", Accepts: acceptsDuration + " above 0", Help: "longest wait for one answer, connecting included"},
		{Name: drain, Flags: option("drain"), InFile: true, Default: "5s", Argument: "DURATION", Accepts: acceptsDuration, Help: "longest wait for requests in flight when the run ends"},
		{Name: maxConns, Flags: option("max-conns"), InFile: true, Default: "0", Argument: "N", Accepts: "a whole number of 0 or more", Help: "connections per host; 0 takes as many as the virtual users need"},
		{Name: maxInFlight, Flags: option("max-in-flight"), InFile: true, Default: "10000", Argument: "N", Accepts: "a whole number of 1 or more", Help: "most requests in flight at once (open model); what is due beyond counts as missed"},
		{Name: noKeepAlive, Flags: option("no-keep-alive"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "a new connection for every request"},

		{Name: objectives, Flags: []Alias{{Name: "objective"}, {Name: "threshold"}}, InFile: true, List: true, Default: "those of the performance plan", Argument: "OBJECTIVE", Accepts: "an objective such as 'gateway_latency: p(95)<1500'", Help: "objective in k6's threshold syntax, perhaps with 'outside faults' or 'during FAULT' at its end; replaces the defaults"},
		{Name: stopRules, Flags: option("stop-rule"), InFile: true, List: true, Default: "none", Argument: "RULE", Accepts: "a stop rule such as 'gateway_latency: p(95)>3000 for 10s' or 'prometheus: max(automation_queue_depth) > 50 for 30s'", Help: "condition over a sliding window, or on the platform's own metrics, that takes everything back to the baseline and blocks new spikes; the run ends when nothing is above the baseline"},

		{Name: expectations, Flags: option("expectations"), InFile: true, Default: "fail", Argument: "WHAT", Choices: expectationRules, Help: "what an expectation of a fault that was not met does: fail makes exit code 99, warn is in the report alone"},
		{Name: unknown, Flags: option("unknown"), InFile: true, Default: "exit code 98 when it was asked for", Argument: "WHAT", Choices: unknownRules, Help: "what an objective or a stop rule that could not be judged counts as: a failure (99), or nothing"},

		{Name: toxiproxyURL, Flags: option("toxiproxy"), Env: env("TOXIPROXY_URL"), InFile: true, Argument: "URL", Accepts: acceptsURL, Help: "API of Toxiproxy, such as http://toxiproxy:8474; without it Toxiproxy faults are off"},
		{Name: kubeconfig, Flags: option("kubeconfig"), Env: env("KUBECONFIG"), InFile: true, Argument: "FILE", Accepts: "a file, or several as kubectl takes them", Help: "how to reach the cluster; the default is kubectl's own, and it switches nothing on by itself"},
		{Name: kubeContext, Flags: option("context"), InFile: true, Argument: "NAME", Accepts: "a context of the kubeconfig", Help: "context of the kubeconfig; the default is its current one"},
		{Name: kubeNamespace, Flags: option("namespace"), Env: env("NAMESPACE"), InFile: true, Argument: "NS", Accepts: acceptsSpace, Help: "namespace of the platform, one of those that faults may touch; without it Kubernetes faults are off"},
		{Name: kubeAllow, Flags: option("allow-namespace"), InFile: true, List: true, Default: "none", Argument: "NS", Accepts: acceptsSpace, Help: "namespace that faults may touch; as a flag, in place of the target's list"},
		{Name: steadyState, Flags: option("steady-state"), InFile: true, List: true, Single: true, Default: SteadyWarn, Argument: "WHAT", Choices: steadyStates, Accepts: "one of " + strings.Join(steadyStates, ", ") + ", or a condition such as 'prometheus: max(automation_queue_depth) < 50'", Help: "what to do when objectives are not green before a fault; a condition on the platform's own metrics, perhaps with 'for 30s' at its end, has to hold, too"},
		{Name: injections, Flags: option("fault"), List: true, Default: "none", Argument: "FAULT", Accepts: "NAME[@START][,param=value...] such as llm_latency@30s,latency=2s,for=1m", Help: "fault to inject by itself, START after the start of the run"},
		{Name: dryRun, Flags: option("dry-run"), Bool: true, Default: "false", Accepts: acceptsBool, Help: "look at what the given faults would do and ask the APIs whether they may; no fault and no load"},

		{Name: noFaults, Flags: option("no-faults"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "the load alone: no fault but the channel spike, and neither Toxiproxy nor the cluster is looked at"},

		{Name: prometheusURL, Elsewhere: true, Flags: option("prometheus"), Env: env("PROMETHEUS_URL"), InFile: true, Argument: "URL", Accepts: acceptsURL, Help: "Prometheus that watches the platform: its panels, its alerts and their rules are read"},
		{Name: prometheusToken, Of: prometheusURL, Env: env("PROMETHEUS_TOKEN"), InFile: true, Secret: true, Accepts: acceptsPrivate, Help: "bearer token for it"},
		{Name: prometheusHeaders, Flags: option("prometheus-header"), InFile: true, List: true, Default: "none", Argument: pairArgument, Accepts: "a header such as X-Scope-OrgID=team-a", Help: "further header for it, such as of a tenant"},
		{Name: alertmanagerURL, Elsewhere: true, Flags: option("alertmanager"), Env: env("ALERTMANAGER_URL"), InFile: true, Argument: "URL", Accepts: acceptsURL, Help: "Alertmanager: which alerts fire, and which are silenced"},
		{Name: alertmanagerToken, Of: alertmanagerURL, Env: env("ALERTMANAGER_TOKEN"), InFile: true, Secret: true, Accepts: acceptsPrivate, Help: "bearer token for it"},
		{Name: grafanaURL, Elsewhere: true, Flags: option("grafana"), Env: env("GRAFANA_URL"), InFile: true, Argument: "URL", Accepts: acceptsURL, Help: "Grafana: the panels of its dashboards are exported at the end of the run"},
		{Name: grafanaToken, Of: grafanaURL, Env: env("GRAFANA_TOKEN"), InFile: true, Secret: true, Accepts: acceptsPrivate, Help: "token of a service account for it"},
		{Name: grafanaDashboards, Flags: option("grafana-dashboard"), InFile: true, List: true, Default: strings.Join(platformDashboards, ", "), Argument: "UID", Accepts: "the uid of a dashboard such as xin-api", Help: "dashboard to read of Grafana, in place of those of the platform"},
		{Name: grafanaFiles, Flags: option("grafana-file"), InFile: true, List: true, Default: "none", Argument: "FILE", Accepts: acceptsFile, Help: "JSON file of a dashboard, whose queries are run through Grafana, or at Prometheus when there is no Grafana"},
		{Name: noAnnotations, Flags: option("no-annotations"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "do not mark the run, its faults and alerts in Grafana"},
		{Name: alertReceiver, Flags: option("alert-receiver"), InFile: true, Argument: "ADDR", Accepts: "HOST:PORT, or :PORT for a loopback port", Help: "listen for what an Alertmanager or a Grafana sends to a webhook"},
		{Name: receiverToken, Env: env("ALERT_RECEIVER_TOKEN"), InFile: true, Secret: true, Accepts: acceptsPrivate, Help: "bearer token that senders have to show there"},
		{Name: scrape, Flags: option("scrape"), Env: env("SCRAPE_TARGETS"), InFile: true, List: true, Default: "none", Argument: "NAME=URL", Accepts: "services such as gateway=http://10.0.0.1:8080,orchestrator=http://10.0.0.2:8000", Help: "service whose /metrics are read, where there is no Prometheus"},
		{Name: readInterval, Flags: option("monitoring-interval"), InFile: true, Default: "5s", Argument: "DURATION", Accepts: acceptsDuration + " of 1s or more", Help: "time between two readings of Prometheus, Alertmanager and /metrics"},
		{Name: panels, Flags: option("panel"), InFile: true, List: true, Default: "those of the performance plan", Argument: "NAME=PROMQL", Accepts: "a panel such as redis_memory=redis_memory_used_bytes", Help: "further panel, read of a Prometheus"},
		{Name: metricsAddr, Flags: option("metrics-addr"), InFile: true, Argument: "ADDR", Accepts: "HOST:PORT, or :PORT for a loopback port; port 0 takes a free one", Help: "show the metrics of this run at http://ADDR/metrics while it goes on, for a Prometheus to scrape"},
		{Name: otlpURL, Flags: option("otlp"), InFile: true, Argument: "URL", Accepts: "an http or https URL such as http://localhost:4318, without user, query or fragment, or " + otlpEnvironment + " for that of the environment", Help: "send metrics of this run there while it goes on, by OTLP; without it nothing is sent, whatever the variables below say"},
		{Name: otlpEndpoint, Env: []Alias{{Name: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"}, {Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Read: withMetricsPath}}, Ranked: true, Default: otlpDefault, Accepts: acceptsURL, Help: "where --otlp " + otlpEnvironment + " sends to; the first is used as it is, " + metricsPath + " is added to the second"},
		{Name: otlpHeaders, Env: env("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"), InFile: true, Secret: true, Ranked: true, Accepts: "headers such as 'Authorization=Bearer%20TOKEN,X-Scope-OrgID=team-a'; ${NAME} in squall.yaml takes them from the environment", Help: "headers of each export, values as in URLs"},
		{Name: otlpInterval, Env: []Alias{{Name: "OTEL_METRIC_EXPORT_INTERVAL", Read: milliseconds}}, InFile: true, Default: "10s", Accepts: acceptsDuration + " of 1s or more; a number alone in the environment is in milliseconds", Help: "time between two exports"},
		{Name: otlpTimeout, Env: []Alias{{Name: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", Read: milliseconds}, {Name: "OTEL_EXPORTER_OTLP_TIMEOUT", Read: milliseconds}}, InFile: true, Ranked: true, Default: "10s", Accepts: acceptsDuration + " above 0; a number alone in the environment is in milliseconds", Help: "longest time for one export, its repetitions included; the last one has at most 5s"},
		{Name: otlpCompression, Env: env("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"), InFile: true, Ranked: true, Default: "none", Choices: []string{"none", gzipCompression}, Help: "compression of exports"},
		{Name: otlpProtocol, Env: env("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"), Ranked: true, Default: httpProtobuf, Accepts: httpProtobuf, Help: "how other programs send; another one than ours is refused with --otlp"},
		{Name: otlpService, Env: env("OTEL_SERVICE_NAME"), Default: "squall", Accepts: "a name", Help: "service.name of what is exported, over that of the attributes"},
		{Name: otlpResource, Env: env("OTEL_RESOURCE_ATTRIBUTES"), Accepts: "attributes such as deployment.environment.name=staging,team=chat, values as in URLs", Help: "further attributes of what is exported"},
		{Name: nextSection + "every_channel", Elsewhere: true, Env: env("WEBHOOK_SECRET_NEXT"), InFile: true, Secret: true, Accepts: acceptsPrivate, Help: "next secret of every channel, while secrets are rotated"},
	}...)
	rows = append(rows, nextRows()...)
	rows = append(rows, []Setting{
		{Name: nextFiles, Flags: option("next-secret-file"), InFile: true, List: true, Default: "none", Argument: "[CHANNEL=]FILE", Accepts: "a file, perhaps with the channel in front of it: webchat=/run/secrets/next", Help: "file that holds the next secret of a channel, or of all, and nothing else; it is read again and again"},
		{Name: nextCommands, Flags: option("next-secret-command"), InFile: true, List: true, Default: "none", Argument: "[CHANNEL=]COMMAND", Accepts: "a command line, perhaps with the channel in front of it: webchat='vault kv get -field=next secret/xin'", Help: "command that prints the next secret of a channel, or of all; it is run once a minute"},
		{Name: nextKubernetes, Flags: option("next-secret-kubernetes"), InFile: true, List: true, Default: "none", Argument: "[CHANNEL=]NS/NAME:KEY", Accepts: "a key of a Secret, perhaps with the channel in front of it: webchat=xin-staging/xin-channel-gateway-secrets:WEBHOOK_SECRET", Help: "key of a Secret of the cluster that holds the secret of a channel, or of all; it is watched, and a change of it is the rotation"},
		{Name: gatewaySelector, Flags: option("gateway-selector"), InFile: true, Default: "app.kubernetes.io/name=channel-gateway", Argument: "LABELS", Accepts: "labels such as app.kubernetes.io/name=channel-gateway", Help: "which pods of the namespace are the gateway's: each is probed by itself, through a port-forward"},
		{Name: gatewayPort, Flags: option("gateway-port"), InFile: true, Default: "8080", Argument: "PORT", Accepts: "a port from 1 to 65535", Help: "port of the gateway in these pods, without TLS"},
		{Name: RotationArmed, Flags: option("rotation"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "follow the rotation of webhook secrets from the start: probe which ones the gateway accepts"},
		{Name: RotationSigning, Flags: option("sign-with"), InFile: true, Default: string(event.SignOld), Argument: "WHAT", Accepts: "old, next, follow, or a share such as 25%", Help: "what the traffic is signed with while secrets are rotated: the old one, the next one, the one that the gateway accepts, or a share of it with the next one"},
		{Name: probeRate, Flags: option("probe-rate"), InFile: true, Default: "2", Argument: "N", Accepts: fmt.Sprintf("a number from 0.1 to %v", rotation.MaxRate), Help: "probes a second for each channel and signature"},
		{Name: mostLost, Flags: option("max-lost"), InFile: true, Default: "0", Argument: "N", Accepts: "a whole number of 0 or more", Help: "messages that a rotation may lose, in each channel"},
		{Name: longestGap, Flags: option("max-gap"), InFile: true, Default: "2s", Argument: "DURATION", Accepts: acceptsDuration, Help: "longest time in which neither secret may be accepted"},
		{Name: refusedWithin, Flags: option("refused-within"), InFile: true, Default: "1m", Argument: "DURATION", Accepts: acceptsDuration, Help: "longest time in which the old secret may still be accepted once the next one is each time"},
		{Name: replicas, Flags: option("replica"), InFile: true, List: true, Default: "none", Argument: "NAME=HOST:PORT", Accepts: "a replica of the gateway such as gateway-1=10.0.0.7:8080", Help: "replica of the gateway that is asked by itself, by plain HTTP, beside the gateway's address"},
		{Name: tolerateForged, Flags: option("tolerate-forged"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "go on when a wrong or missing signature is accepted; the verdict says it all the same"},

		{Name: slackWebhook, Elsewhere: true, Env: env("SLACK_WEBHOOK_URL"), InFile: true, Secret: true, Accepts: "the https URL of an incoming webhook; ${NAME} in squall.yaml takes it from the environment", Help: "Slack webhook that is told of the run: its start, faults, HALT, verdict, and what is left behind"},
		{Name: slackWebhookFile, Flags: option("slack-webhook-file"), InFile: true, Argument: "FILE", Accepts: acceptsFile, Help: "file that holds this URL and nothing else"},

		{Name: tlsCA, For: ForRuns | ForPublish, Flags: option("ca"), InFile: true, Argument: "FILE", Accepts: acceptsFile, Help: "PEM file of certificate authorities to trust beside the system's"},
		{Name: tlsCert, Flags: option("cert"), InFile: true, Argument: "FILE", Accepts: acceptsFile, Help: "PEM file of the client certificate"},
		{Name: tlsKey, Flags: option("key"), InFile: true, Argument: "FILE", Accepts: acceptsFile, Help: "PEM file of the client certificate's key"},
		{Name: tlsSkipVerify, Flags: option("insecure-skip-verify"), InFile: true, Bool: true, Default: "false", Accepts: acceptsBool, Help: "accept any server certificate"},
		{Name: httpProxy, For: ForRuns | ForPublish, Env: env("HTTP_PROXY", "http_proxy"), Accepts: "a proxy URL such as http://proxy:3128", Help: "proxy for http URLs"},
		{Name: httpsProxy, For: ForRuns | ForPublish, Env: env("HTTPS_PROXY", "https_proxy"), Accepts: "a proxy URL such as http://proxy:3128", Help: "proxy for https URLs"},
		{Name: noProxy, For: ForRuns | ForPublish, Env: env("NO_PROXY", "no_proxy"), Accepts: "hosts, separated by commas", Help: "hosts that are reached without a proxy"},

		{Name: outDir, Flags: []Alias{short("out", "o")}, List: true, Default: "runs/<time>-<target>", Argument: "DIR", Accepts: "a directory that is new or empty, or NAME=FILE such as json=FILE", Help: "run directory; NAME=FILE, as with k6, is a further document and may be given several times: json, csv, locust, and others of docs/report.md"},
		{Name: outputs, Env: env("K6_OUT"), Accepts: "NAME=FILE, several with commas between them", Help: "further documents, when --out gives none"},
		{Name: HeadlessRun, Flags: option("headless"), Env: env("LOCUST_HEADLESS"), Bool: true, Default: "false", Accepts: acceptsBool, Help: "no console, a progress line instead; so it is without a terminal"},
		{Name: summaryExport, Flags: option("summary-export"), Env: env("K6_SUMMARY_EXPORT"), Argument: "FILE", Accepts: acceptsFile, Help: "also write perf-summary.json here"},

		{Name: evidenceDir, For: ForRuns | ForReport | ForPublish, Flags: option("evidence"), AtTop: true, Argument: "DIR", Accepts: "a directory", Help: "also copy the documents of the run into a folder of the day below this directory; squall publish does so by itself, into " + DefaultEvidence},
		{Name: zipFile, For: ForRuns | ForReport | ForPublish, Flags: option("zip"), Argument: "FILE", Accepts: acceptsFile, Help: "also put the documents of the run into this zip file"},
		{Name: publishRepo, For: ForPublish, Flags: option("repo"), AtTop: true, Default: ".", Argument: "DIR", Accepts: "a directory", Help: "working copy of the team's repository"},
		{Name: playbookFile, For: ForPublish, Flags: option("playbook"), AtTop: true, Default: "docs/perf/resilience_playbook.md", Argument: "FILE", Accepts: "a file of the repository", Help: "Markdown file that gets an entry for the run"},
		{Name: roadmapFile, For: ForPublish, Flags: option("roadmap"), AtTop: true, Default: "docs/ROADMAP.md", Argument: "FILE", Accepts: "a file of the repository", Help: "Markdown file with the release log, which gets a row"},
		{Name: releaseLog, For: ForPublish, Flags: option("release-log"), AtTop: true, Default: "8. Release Log", Argument: "HEADING", Accepts: "the text of a heading", Help: "heading that the table of the release log stands below; its number does not count"},
		{Name: releaseName, For: ForPublish, Flags: option("release"), AtTop: true, Default: "unreleased", Argument: "NAME", Accepts: "a name in one line without backticks and bars", Help: "release of the row"},
		{Name: issuesIn, For: ForPublish, Flags: option("issues"), AtTop: true, Argument: "OWNER/NAME", Accepts: "a repository of GitHub such as team/app", Help: "file an issue there for each remediation item that has none; without it nothing goes to the network"},
		{Name: issueLabels, For: ForPublish, Flags: option("label"), AtTop: true, List: true, Default: "none", Argument: "LABEL", Accepts: "a label", Help: "label of the issues"},
		{Name: gitHubURL, For: ForPublish, Flags: option("github-url"), Env: env("GITHUB_API_URL"), AtTop: true, Default: "https://api.github.com", Argument: "URL", Accepts: acceptsURL, Help: "GitHub's API; for an Enterprise Server its address alone"},
		{Name: gitHubToken, For: ForPublish, Env: env("GITHUB_TOKEN", "GH_TOKEN"), Secret: true, Accepts: "a token", Help: "token that may read and write issues"},
		{Name: machineSummary, Flags: option("new-machine-readable-summary"), Env: env("K6_NEW_MACHINE_READABLE_SUMMARY"), Bool: true, Default: "false", Accepts: acceptsBool, Help: "--summary-export writes k6's machine-readable summary instead"},
		{Name: csvPrefix, Flags: option("csv"), Env: env("LOCUST_CSV"), Argument: "PREFIX", Accepts: "what the names of the files begin with, directories included", Help: "also write Locust's files, PREFIX_stats.csv and the other three"},
		{Name: csvHistory, Flags: option("csv-full-history"), Env: env("LOCUST_CSV_FULL_HISTORY"), Bool: true, Default: "false", Accepts: acceptsBool, Help: "with --csv: PREFIX_stats_history.csv has a row for each series, not for their sum alone"},
	}...)
	for i, row := range rows {
		if row.Choices != nil && row.Accepts == "" {
			rows[i].Accepts = "one of " + strings.Join(row.Choices, ", ")
		}
	}
	return rows
}

// DefaultEvidence is where squall publish copies documents to, in the repository.
const DefaultEvidence = "docs/demos/perf"

// The words that some settings accept.
var (
	expectationRules = []string{"fail", "warn"}
	unknownRules     = []string{"fail", "pass"}
)

// secretRows has a secret for every channel that signs with one of its own.
func secretRows() (rows []Setting) {
	for channel, spec := range load.Channels() {
		if spec.SecretOf != load.Channel(channel) {
			continue
		}
		row := Setting{
			Name: secretName(spec.SecretOf), Env: env("WEBHOOK_SECRET_" + strings.ToUpper(spec.Name)), InFile: true, Secret: true,
			Accepts: acceptsPrivate, Help: "signs " + signedBy(spec.SecretOf),
		}
		if spec.Algorithm == load.Token {
			row.Help = "token of " + spec.Name
		}
		if spec.SecretOf == load.Webchat { // the first there was, and the names of the k6 script and the Locust suite
			row.Env = env("WEBHOOK_SECRET", "GATEWAY_WEBHOOK_SECRET")
		}
		rows = append(rows, row)
	}
	return rows
}

// nextRows has a next secret for every channel that signs with one of its own.
func nextRows() (rows []Setting) {
	for channel, spec := range load.Channels() {
		if spec.SecretOf == load.Channel(channel) {
			rows = append(rows, Setting{
				Name: nextSection + spec.Name, Elsewhere: true, Env: env("WEBHOOK_SECRET_NEXT_" + strings.ToUpper(spec.Name)), InFile: true, Secret: true,
				Accepts: acceptsPrivate, Help: "next secret of " + spec.Name,
			})
		}
	}
	return rows
}

// signedBy names the channels that a channel's secret signs.
func signedBy(secret load.Channel) string {
	var names []string
	for _, spec := range load.Channels() {
		if spec.SecretOf == secret {
			names = append(names, spec.Name)
		}
	}
	return strings.Join(names, " and ")
}

// find returns the row of a setting.
func find(name string) Setting {
	for _, row := range Table() {
		if row.Name == name {
			return row
		}
	}
	return Setting{Name: name}
}
