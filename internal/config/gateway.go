package config

import (
	"net/url"
	"strings"

	"xinbot.ir/squall/load"
)

// gateways works out the webhook URL of every channel. What is given is either the full URL of the
// webchat webhook, or the host that Locust takes together with a path.
func (l *resolver) gateways(table [load.NumChannels]load.ChannelSpec) (urls [load.NumChannels]*url.URL) {
	webchat := table[load.Webchat].Path
	from := l.strongest(gatewayURL, gatewayHost)
	given := read(l, from, parseURL)
	if given == nil {
		if !l.values[from].set() && !l.noLoad {
			l.problem("no gateway: set GATEWAY_URL to its webchat webhook, or give --host URL%s; squall demo brings a platform of its own", l.targetHint())
		}
		return urls
	}
	path := read(l, gatewayPath, parsePath)
	if from == gatewayURL && strings.Trim(given.Path, "/") != "" {
		path = given.Path
		given = withPath(given, strings.TrimSuffix(given.Path, webchat))
		if given.Path == path {
			given = withPath(given, "") // a path of its own says nothing about the others'
		}
		path = strings.TrimPrefix(path, given.Path)
	}
	if path == "" {
		path = webchat
	}
	for c, spec := range table {
		if spec.Path == webchat {
			spec.Path = path
		}
		urls[c] = withPath(given, strings.TrimSuffix(given.Path, "/")+spec.Path)
	}
	return urls
}

// targetHint completes the remedy for a missing gateway with the targets that there are.
func (l *resolver) targetHint() string {
	if l.file == nil {
		return ""
	}
	return ", or choose a target of " + l.file.path + " with --target: " + strings.Join(l.file.names(), ", ")
}

func withPath(u *url.URL, path string) *url.URL {
	changed := *u
	changed.Path, changed.RawPath = path, ""
	return &changed
}

// Platform is where the load and the faults go when the platform is in the same process. It has no cluster.
type Platform struct {
	Gateway, API, Toxiproxy string            // URLs
	Token                   string            // of its admin API
	Secrets                 map[string]string // by channel
	Services                map[string]string // those that show /metrics: name to base URL

	Prometheus, Alertmanager string // URLs of those that watch it; "" where nobody does
}

// Embedded fixes the settings that a platform in the same process has an own value for.
func Embedded(p Platform) map[string]string {
	fixed := map[string]string{
		targetName: "demo", configFile: "", confirm: "", gatewayURL: p.Gateway, gatewayHost: "", gatewayPath: "",
		orchestrator: p.API, adminToken: p.Token, scrape: scrapeText(p.Services),
		toxiproxyURL: p.Toxiproxy, kubeconfig: "", kubeContext: "", kubeNamespace: "", kubeAllow: "",
	}
	if p.Prometheus != "" {
		fixed[prometheusURL], fixed[alertmanagerURL] = p.Prometheus, p.Alertmanager
	}
	for channel, secret := range p.Secrets {
		fixed[secretsSection+channel] = secret
	}
	return fixed
}
