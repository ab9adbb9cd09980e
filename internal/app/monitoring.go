package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/alertmanager"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/grafana"
	"xinbot.ir/squall/internal/evidence/kubernetes"
	"xinbot.ir/squall/internal/evidence/prom"
	"xinbot.ir/squall/internal/evidence/promapi"
	"xinbot.ir/squall/internal/evidence/receiver"
	"xinbot.ir/squall/internal/evidence/scrape"
	"xinbot.ir/squall/internal/inputfile"
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
			return prom.New(prom.Config{Server: prometheusOf(r), Panels: panels, Interval: r.Monitoring.Interval})
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
		wanted: func(r config.Resolved) bool {
			return r.Monitoring.Grafana != nil || len(r.Monitoring.DashboardFiles) > 0
		},
		open: func(r config.Resolved, _ []evidence.Panel) (evidence.Source, error) {
			m, hide := r.Monitoring, r.Options.Keys.Hide
			c := grafana.Config{UIDs: m.Dashboards, Step: m.Interval}
			for _, path := range m.DashboardFiles {
				raw, err := inputfile.Read(path)
				if err != nil {
					return nil, err
				}
				c.Files = append(c.Files, grafana.File{Name: path, JSON: raw})
			}
			if m.Grafana != nil {
				server := serverOf(m, m.Grafana, m.GrafanaToken, hide)
				c.Server = &server
			} else {
				server := prometheusOf(r)
				c.Prometheus = &server
			}
			return grafana.New(c)
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

// checkTime bounds a look at all sources.
const checkTime = 15 * time.Second

// CheckMonitoring asks every source of the platform's own metrics and alerts what it can give, and what of that which
// faults wait for it cannot. Findings come in the order of the sources; there are none without a source.
func (f *Faults) CheckMonitoring(ctx context.Context) ([]evidence.Finding, error) {
	m, err := openMonitoring(f.resolved, f.list)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	over, end := context.WithCancel(ctx)
	end()
	sources := m.All()
	want, found, closed := f.wanted(), make([][]evidence.Finding, len(sources)), make([]error, len(sources))
	var checks sync.WaitGroup
	for i, source := range sources {
		checks.Go(func() {
			found[i] = source.Check(ctx, want)
			closed[i] = source.Run(over, nil) // what is over reads nothing, and lets go of what it holds
		})
	}
	checks.Wait()
	return slices.Concat(found...), errors.Join(closed...)
}

// wanted is what the faults wait for that were asked for; without any, what all of them do.
func (f *Faults) wanted() evidence.Wanted {
	c := f.config()
	if asked := f.Requested(); len(asked) > 0 {
		c.Faults = slices.DeleteFunc(slices.Clone(c.Faults), func(fault chaos.Fault) bool {
			return !slices.ContainsFunc(asked, func(s chaos.ScheduledFault) bool { return s.Fault == fault.Info().ID })
		})
	}
	return c.Wanted()
}

func serverOf(m config.Monitoring, u *url.URL, token config.Secret, hide func(...string)) client.Config {
	return client.Config{URL: u.String(), Bearer: token.Reveal(), CAFile: m.CA, Hide: func(secret string) { hide(secret) }}
}

func prometheusOf(r config.Resolved) client.Config {
	m := r.Monitoring
	server := serverOf(m, m.Prometheus, m.PrometheusToken, r.Options.Keys.Hide)
	server.Headers = m.PrometheusHeaders
	return server
}

// openMonitoring makes the sources that the configuration names. They contact nothing yet, but the receiver listens.
func openMonitoring(r config.Resolved, faults []chaos.Fault) (session.Monitoring, error) {
	m := session.Monitoring{Panels: panelsOf(r, faults), Interval: r.Monitoring.Interval}
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
	return m, unread(r, m)
}

// watchOf reports the pods of autoscaled workloads as the source of them sees them; nil without one.
func watchOf(m session.Monitoring, namespace string) func(context.Context, func(event.WorkloadScaled)) {
	for _, source := range m.All() {
		if k, is := source.(*kubernetes.Source); is {
			return func(ctx context.Context, seen func(event.WorkloadScaled)) {
				k.Watch(ctx, namespace, func(s kubernetes.Scale) {
					seen(event.WorkloadScaled{Workload: s.Workload, Ready: s.Ready, Wanted: s.Wanted, Min: s.Min, Max: s.Max})
				})
			}
		}
	}
	return nil
}

// unread is the first condition on the platform's own metrics that nothing would ever read: the run would look guarded
// and not be.
func unread(r config.Resolved, m session.Monitoring) error {
	if r.Monitoring.Prometheus != nil {
		return nil
	}
	for condition, query := range conditionsOf(r) {
		if p, _ := m.PanelOf(query); !m.Metrics || p.Derive.Kind == evidence.NotDerived {
			return fmt.Errorf("%s: nothing reads this query: %s", condition, remedyOfUnread(m, query))
		}
	}
	return nil
}

// remedyOfUnread is what helps: a service's /metrics has metrics by their bare names, and no PromQL.
func remedyOfUnread(m session.Monitoring, query string) string {
	if names := promapi.Metrics(query); m.Metrics && len(names) == 1 {
		return fmt.Sprintf("--scrape reads a metric by its name alone, each of its series: write %s without anything around it, or add --prometheus URL", names[0])
	}
	return "add --prometheus URL"
}

// conditionsOf are the stop rules and the steady-state conditions on the platform's own metrics, with their queries.
func conditionsOf(r config.Resolved) iter.Seq2[string, string] {
	return func(yield func(condition, query string) bool) {
		for _, rule := range r.StopRules {
			if rule.OnPlatform() && !yield(fmt.Sprintf("stop rule %q", rule), rule.Platform.Query) {
				return
			}
		}
		for _, c := range r.Faults.Steady {
			if !yield(fmt.Sprintf("steady state %q", c), c.Query) {
				return
			}
		}
	}
}

// metricName is a query that is a metric and nothing else: its series can be read without a Prometheus, too.
var metricName = regexp.MustCompile(`^[A-Za-z_:][A-Za-z0-9_:]*$`)

// panelsOf are those of the performance plan, those of the configuration, and one for each further query of a condition
// and each further metric that a fault's expectations look at.
func panelsOf(r config.Resolved, faults []chaos.Fault) []evidence.Panel {
	panels := evidence.Panels()
	add := func(p evidence.Panel) {
		if !slices.ContainsFunc(panels, func(other evidence.Panel) bool { return other.Name == p.Name }) {
			panels = append(panels, p)
		}
	}
	for _, p := range r.Monitoring.Panels {
		add(evidence.Panel{Name: p.Name, Title: p.Name, Query: p.Query, Needed: fmt.Sprintf("panel %q", p.Name)})
	}
	asked := 0
	for _, query := range conditionsOf(r) {
		switch {
		case slices.ContainsFunc(panels, func(p evidence.Panel) bool { return p.Query == query }):
		case metricName.MatchString(query):
			add(evidence.MetricPanel(query))
		default:
			asked++
			add(evidence.Panel{Name: fmt.Sprintf("condition_%d", asked), Title: query, Query: query})
		}
	}
	for _, f := range faults {
		for _, x := range f.Info().Expect {
			if x.Signal == event.MetricBelow || x.Signal == event.CounterIncreases {
				add(evidence.MetricPanel(x.Name))
			}
		}
	}
	for condition, query := range conditionsOf(r) {
		i := slices.IndexFunc(panels, func(p evidence.Panel) bool { return p.Query == query })
		if panels[i].Needed != "" {
			condition = panels[i].Needed + ", " + condition
		}
		panels[i].Needed = condition
	}
	for i, p := range panels {
		panels[i].Window, panels[i].Counts = promapi.Window(p.Query), promapi.Cumulative(p.Query)
	}
	return panels
}
