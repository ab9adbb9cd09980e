package app

import (
	"fmt"
	"net/url"
	"slices"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/alertmanager"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/kubernetes"
	"xinbot.ir/squall/internal/evidence/prom"
	"xinbot.ir/squall/internal/evidence/receiver"
	"xinbot.ir/squall/internal/evidence/scrape"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/session"
)

// sourceRow is one source of what the platform says of itself.
type sourceRow struct {
	wanted          func(config.Resolved) bool
	open            func(r config.Resolved, panels []evidence.Panel) (evidence.Source, error)
	metrics, alerts bool // what it tells of
}

var sourceTable = []sourceRow{
	{
		wanted: func(r config.Resolved) bool { return r.Monitoring.Prometheus != nil }, metrics: true, alerts: true,
		open: func(r config.Resolved, panels []evidence.Panel) (evidence.Source, error) {
			m, hide := r.Monitoring, r.Options.Keys.Hide
			server := serverOf(m, m.Prometheus, m.PrometheusToken, hide)
			server.Headers = m.PrometheusHeaders
			return prom.New(prom.Config{Server: server, Panels: panels, Interval: m.Interval})
		},
	},
	{
		// A Prometheus has the same numbers, and of all replicas.
		wanted: func(r config.Resolved) bool { return len(r.Monitoring.Scrape) > 0 && r.Monitoring.Prometheus == nil }, metrics: true,
		open: func(r config.Resolved, panels []evidence.Panel) (evidence.Source, error) {
			m, hide := r.Monitoring, r.Options.Keys.Hide
			c := scrape.Config{Panels: panels, Interval: m.Interval}
			for _, t := range m.Scrape {
				address := *t.URL
				if address.Path == "" || address.Path == "/" {
					address.Path = "/metrics"
				}
				c.Targets = append(c.Targets, scrape.Target{Name: t.Name, Server: serverOf(m, &address, config.Secret{}, hide)})
			}
			return scrape.New(c)
		},
	},
	{
		wanted: func(r config.Resolved) bool { return r.Monitoring.Alertmanager != nil }, alerts: true,
		open: func(r config.Resolved, _ []evidence.Panel) (evidence.Source, error) {
			m, hide := r.Monitoring, r.Options.Keys.Hide
			return alertmanager.New(alertmanager.Config{Server: serverOf(m, m.Alertmanager, m.AlertmanagerToken, hide), Interval: m.Interval})
		},
	},
	{
		wanted: func(r config.Resolved) bool { return r.Monitoring.Receiver != "" }, alerts: true,
		open: func(r config.Resolved, _ []evidence.Panel) (evidence.Source, error) {
			m, hide := r.Monitoring, r.Options.Keys.Hide
			return receiver.Listen(receiver.Config{Addr: m.Receiver, Token: m.ReceiverToken.Reveal(), Hide: func(secret string) { hide(secret) }})
		},
	},
	{
		wanted: func(r config.Resolved) bool { return r.Faults.Kubernetes.Namespace != "" },
		open: func(r config.Resolved, _ []evidence.Panel) (evidence.Source, error) {
			k := r.Faults.Kubernetes
			namespaces := append([]string{k.Namespace}, k.Allow...)
			slices.Sort(namespaces)
			return kubernetes.New(kubernetes.Config{
				Cluster:    kubeclient.Config{Kubeconfig: k.Kubeconfig, Context: k.Context, UserAgent: r.Options.UserAgent, Hide: r.Options.Keys.Hide},
				Namespaces: slices.Compact(namespaces), Redact: r.Options.Keys.Redact,
			})
		},
	},
}

func serverOf(m config.Monitoring, u *url.URL, token config.Secret, hide func(...string)) client.Config {
	return client.Config{URL: u.String(), Bearer: token.Reveal(), CAFile: m.CA, Hide: func(secret string) { hide(secret) }}
}

// openMonitoring makes the sources that the configuration names. They contact nothing yet, but the receiver listens.
func openMonitoring(r config.Resolved, faults []chaos.Fault) (session.Monitoring, error) {
	m := session.Monitoring{Panels: panelsOf(r.Monitoring, faults)}
	for _, row := range sourceTable {
		if !row.wanted(r) {
			continue
		}
		source, err := row.open(r, m.Panels)
		if err != nil {
			return session.Monitoring{}, fmt.Errorf("read the platform's monitoring: %w", err)
		}
		if !row.metrics && !row.alerts {
			m.Beside = append(m.Beside, source)
			continue
		}
		m.Sources = append(m.Sources, source)
		m.Metrics, m.Alerts = m.Metrics || row.metrics, m.Alerts || row.alerts
	}
	return m, nil
}

// panelsOf are those of the performance plan, those of the configuration, and one for each further metric that a fault's
// expectations look at.
func panelsOf(m config.Monitoring, faults []chaos.Fault) []evidence.Panel {
	panels := evidence.Panels()
	add := func(p evidence.Panel) {
		if !slices.ContainsFunc(panels, func(other evidence.Panel) bool { return other.Name == p.Name }) {
			panels = append(panels, p)
		}
	}
	for _, p := range m.Panels {
		add(evidence.Panel{Name: p.Name, Title: p.Name, Query: p.Query})
	}
	for _, f := range faults {
		for _, x := range f.Info().Expect {
			if x.Signal == event.MetricBelow || x.Signal == event.CounterIncreases {
				add(evidence.MetricPanel(x.Name))
			}
		}
	}
	return panels
}
