package toxiproxy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	client "github.com/Shopify/toxiproxy/v2/client"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/units"
)

// Toxiproxy's API says nothing of connections. Its metrics do, when it was started with -proxy-metrics: what each proxy has
// received, but of connections that have ended alone. So they can show that a proxy is used, and only make it likely that
// one is not.

const (
	receivedMetric = "toxiproxy_proxy_received_bytes_total"
	upstreamLabel  = "upstream" // the value of direction: what clients have sent
)

var defaultPorts = map[string]string{"http": "80", "https": "443"}

var errNoMetrics = errors.New("this Toxiproxy shows no metrics: it does when it is started with -proxy-metrics")

// usage is what is known of whether anything goes through a proxy: a fact in any case, and a check when it is known.
func (f fault) usage(ctx context.Context, p client.Proxy) (chaos.Fact, []chaos.Check) {
	fact, check := chaos.Fact{Name: "Traffic"}, chaos.Check{Text: "something uses proxy " + p.Name}
	if target := f.targetBehind(p.Listen); target != nil {
		fact.Text = "what squall itself sends to " + target.Host
		return fact, []chaos.Check{check}
	}
	received, err := f.driver.api.received(ctx)
	sent, counted := received[p.Name]
	switch {
	case err != nil:
		fact.Text = "not known: " + err.Error()
		return fact, nil
	case len(received) == 0:
		fact.Text = "not known: the metrics of this Toxiproxy name no proxy: it was started without -proxy-metrics, or no connection has ended yet"
		return fact, nil
	case counted && sent > 0:
		fact.Text = units.Count(uint64(sent)) + " bytes of clients so far, in connections that have ended"
		return fact, []chaos.Check{check}
	}
	fact.Text = "none so far, in connections that have ended"
	delete(received, p.Name)
	check.Answer, check.Reason = chaos.Warns, fmt.Sprintf(
		"no connection through it has ended since Toxiproxy was started, while there were some through %s: perhaps nothing uses it, and the fault would change nothing; connections that are still open cannot be seen",
		strings.Join(slices.Sorted(maps.Keys(received)), ", "))
	return fact, []chaos.Check{check}
}

// targetBehind is the target of squall's own load that a proxy listens for; nil when it is none, as far as addresses tell.
// A proxy that listens on every address of its machine is reached by the name under which the API is.
func (f fault) targetBehind(listen string) *url.URL {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = f.driver.config.URL.Hostname()
	}
	for _, t := range f.driver.config.Targets {
		if cmp.Or(t.Port(), defaultPorts[t.Scheme]) == port && strings.EqualFold(t.Hostname(), host) {
			return t
		}
	}
	return nil
}

// received is what each proxy has received from clients, in bytes. Proxies that have not are missing.
func (a api) received(ctx context.Context) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	body, status, err := a.roundTrip(ctx, http.MethodGet, "/metrics", nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read metrics at %s: %w", a.base, err)
	case status == http.StatusNotFound:
		return nil, errNoMetrics
	case status != http.StatusOK:
		return nil, fmt.Errorf("read metrics at %s: HTTP %d", a.base, status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("read metrics at %s: they are in no format of Prometheus", a.base)
	}
	all := map[string]float64{}
	for _, m := range families[receivedMetric].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		if value := m.GetCounter().GetValue(); labels["direction"] == upstreamLabel && value > 0 {
			all[labels["proxy"]] += value
		}
	}
	return all, nil
}
