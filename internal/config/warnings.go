package config

import (
	"fmt"
	"net/url"

	"xinbot.ir/squall/internal/strictyaml"
	"xinbot.ir/squall/load"
)

// warnings are about what is accepted but likely not meant.
func (l *resolver) warnings(r Resolved) (all []string) {
	warn := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if len(l.unsigned) > 0 {
		what := "left out of the traffic"
		if l.shared {
			what = "sent as webchat with the channel in the metadata (--signing per-channel leaves them out)"
		}
		warn("%s %s no secret and %s %s: set %s", strictyaml.Choice(l.unsigned), map[bool]string{true: "has", false: "have"}[len(l.unsigned) == 1],
			map[bool]string{true: "is", false: "are"}[len(l.unsigned) == 1], what, strictyaml.Choice(secretVariables(l.unsigned)))
	}
	if l.withheld > 0 {
		warn("the faults that were asked for are not injected: %s", l.values[noFaults].source)
	}
	for _, sources := range l.outvoted {
		warn("both %s and %s are given: %s counts", sources[0], sources[1], sources[0])
	}
	all = append(all, l.unused...)
	if value := l.values[machineSummary]; value.set() && value.level >= fromVariable && !l.values[summaryExport].set() {
		warn("%s has no effect without --summary-export FILE", value.source)
	}
	l.doubts(warn)
	gateway := r.Options.Gateway[load.Webchat]
	if gateway == nil {
		gateway = &url.URL{}
	}
	from := l.values[l.strongest(gatewayURL, gatewayHost)]
	if l.target != nil && from.level > fromFile && l.target.values[gatewayURL].texts != nil {
		warn("%s overrides the gateway of target %s: the load goes to %s", from.source, l.target.name, gateway.Host)
	}
	if l.values[gatewayURL].set() && l.values[gatewayHost].set() && l.values[gatewayURL].text() != l.values[gatewayHost].text() {
		warn("both %s and %s are given: %s counts", l.values[gatewayURL].source, l.values[gatewayHost].source, from.source)
	}
	if l.values[rate].set() && l.values[VUs].set() {
		used := l.values[l.strongest(rate, VUs)].source
		warn("both %s and %s are given: %s counts", l.values[rate].source, l.values[VUs].source, used)
	}
	if r.Options.TLS != nil && r.Options.TLS.InsecureSkipVerify {
		warn("server certificates are not checked (%s)", l.values[tlsSkipVerify].source)
	}
	if isPlainText(gateway) {
		warn("secrets travel unencrypted to %s", gateway.Host)
	}
	if api := r.Options.Orchestrator; api != nil && r.AdminToken.Set() && isPlainText(api) {
		warn("the admin token travels unencrypted to %s", api.Host)
	}
	r.Telemetry.warnings(warn)
	l.clusterWarnings(warn)
	return all
}

// isPlainText reports whether a URL leaves this machine without TLS.
func isPlainText(u *url.URL) bool {
	return u.Scheme == "http" && !isLoopback(u.Hostname())
}
