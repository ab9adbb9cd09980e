package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/strictyaml"
)

// Monitoring is from where the platform's own metrics and alerts are read. URLs are nil where there is none.
type Monitoring struct {
	Prometheus        *url.URL
	PrometheusToken   Secret
	PrometheusHeaders map[string]string
	Alertmanager      *url.URL
	AlertmanagerToken Secret
	Grafana           *url.URL
	GrafanaToken      Secret
	Dashboards        []string // uids that Grafana is asked for
	DashboardFiles    []string // with the JSON of dashboards
	Annotate          bool     // the run, its faults and alerts are marked in Grafana
	Receiver          string   // HOST:PORT to listen on; "" for none
	ReceiverToken     Secret
	Scrape            []ScrapeTarget
	Interval          time.Duration // between readings
	Panels            []PanelQuery  // beside those of the performance plan
	CA                string        // file of certificate authorities; "" for the system's alone
}

// ScrapeTarget is a service whose /metrics are read.
type ScrapeTarget struct {
	Name string
	URL  *url.URL
}

// PanelQuery is a panel of one's own.
type PanelQuery struct{ Name, Query string }

// Any reports whether anything is read.
func (m Monitoring) Any() bool {
	return m.Prometheus != nil || m.Alertmanager != nil || m.Grafana != nil || m.Receiver != "" || len(m.Scrape) > 0
}

// Bounds of the pace.
const (
	shortestReading = time.Second
	mostPanels      = 32
	mostDashboards  = 20
)

// platformDashboards are the uids of the platform's own dashboards.
var platformDashboards = []string{"xin-api", "xin-ingestion", "xin-automation", "xin-widget"}

func (l *resolver) monitoring() Monitoring {
	m := Monitoring{
		Prometheus:        read(l, prometheusURL, parseURL),
		PrometheusToken:   NewSecret(l.values[prometheusToken].text()),
		Alertmanager:      read(l, alertmanagerURL, parseURL),
		AlertmanagerToken: NewSecret(l.values[alertmanagerToken].text()),
		Grafana:           read(l, grafanaURL, parseURL),
		GrafanaToken:      NewSecret(l.values[grafanaToken].text()),
		Dashboards:        readLines(l, grafanaDashboards, platformDashboards, parseDashboard),
		Annotate:          !read(l, noAnnotations, parseBool),
		Receiver:          read(l, alertReceiver, parseText),
		ReceiverToken:     NewSecret(l.values[receiverToken].text()),
		Scrape:            slices.Concat(readLines(l, scrape, nil, parseScrape)...),
		Interval:          read(l, readInterval, parseDuration(shortestReading)),
		Panels:            readLines(l, panels, nil, parsePanel),
		CA:                l.inside(tlsCA, read(l, tlsCA, parseText)),
	}
	for _, pair := range readLines(l, prometheusHeaders, nil, parsePair) {
		if m.PrometheusHeaders == nil {
			m.PrometheusHeaders = map[string]string{}
		}
		m.PrometheusHeaders[pair[0]] = pair[1]
	}
	for _, path := range readLines(l, grafanaFiles, nil, parseText) {
		m.DashboardFiles = append(m.DashboardFiles, l.inside(grafanaFiles, path))
	}
	if len(m.DashboardFiles) > 0 && m.Grafana == nil && m.Prometheus == nil {
		l.problem("%s: nothing runs its queries: add --grafana URL or --prometheus URL", describe(grafanaFiles, l.values[grafanaFiles].source))
	}
	if len(m.Dashboards)+len(m.DashboardFiles) > mostDashboards {
		l.problem("%s: %d dashboards: at most %d are read", describe(grafanaDashboards, l.values[grafanaDashboards].source), len(m.Dashboards)+len(m.DashboardFiles), mostDashboards)
	}
	if len(m.Panels) > mostPanels {
		l.problem("%s: %d panels: at most %d are read", describe(panels, l.values[panels].source), len(m.Panels), mostPanels)
	}
	if repeated := repeatedNames(m); len(repeated) > 0 {
		l.problem("%s given twice: each needs a name of its own", strictyaml.Choice(repeated))
	}
	return m
}

// repeatedNames are names of services, panels or dashboards that stand twice.
func repeatedNames(m Monitoring) (repeated []string) {
	seen := map[string]bool{}
	note := func(name string) {
		if seen[name] && !slices.Contains(repeated, name) {
			repeated = append(repeated, name)
		}
		seen[name] = true
	}
	for _, t := range m.Scrape {
		note("--scrape " + t.Name)
	}
	for _, p := range m.Panels {
		note("--panel " + p.Name)
	}
	for _, uid := range m.Dashboards {
		note("--grafana-dashboard " + uid)
	}
	return repeated
}

// parseScrape reads services, separated by commas: gateway=http://10.0.0.1:8080,orchestrator=http://10.0.0.2:8000.
func parseScrape(text string) (targets []ScrapeTarget, err error) {
	for _, pair := range strings.Split(text, ",") {
		name, address, ok := strings.Cut(pair, "=")
		if !ok || !isName(name) {
			return nil, refusedError{}
		}
		u, err := parseURL(address)
		if err != nil {
			return nil, err
		}
		targets = append(targets, ScrapeTarget{name, u})
	}
	return targets, nil
}

func parsePanel(text string) (PanelQuery, error) {
	name, query, ok := strings.Cut(text, "=")
	query = strings.TrimSpace(query)
	return orRefused(PanelQuery{name, query}, ok && isName(name) && query != "")
}

// parseDashboard accepts what Grafana accepts as a uid.
func parseDashboard(text string) (string, error) { return orRefused(text, isName(text)) }

func parsePair(text string) ([2]string, error) {
	name, value, ok := strings.Cut(text, "=")
	return orRefused([2]string{name, value}, ok && name != "" && value != "")
}

// isName reports whether a text can stand in names of files: letters, digits and underscores.
func isName(text string) bool {
	return text != "" && len(text) <= 60 && !strings.ContainsFunc(text, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// scrapeText is what [parseScrape] reads.
func scrapeText(services map[string]string) string {
	var pairs []string
	for name, address := range services {
		pairs = append(pairs, fmt.Sprintf("%s=%s", name, address))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}
