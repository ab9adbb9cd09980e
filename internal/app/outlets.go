package app

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"

	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/notify"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/slo"
	"xinbot.ir/squall/internal/telemetry"
	"xinbot.ir/squall/internal/telemetry/openmetrics"
	"xinbot.ir/squall/internal/telemetry/otlp"
	"xinbot.ir/squall/load/metric"
	"xinbot.ir/squall/report"
)

// outletRow is one way in which a run is told of while it goes on.
type outletRow struct {
	wanted func(config.Resolved) bool
	meters bool // it tells what is measured
	open   func(r config.Resolved, dir string, meter *telemetry.Meter) (tell session.Outlet, giveUp func() error, err error)
}

var outletTable = []outletRow{
	{
		wanted: func(r config.Resolved) bool { return r.Telemetry.MetricsAddr != "" }, meters: true,
		open: openMetrics,
	},
	{
		wanted: func(r config.Resolved) bool { return r.Telemetry.OTLP.URL != nil }, meters: true,
		open: openOTLP,
	},
	{
		wanted: func(r config.Resolved) bool { return r.Telemetry.SlackWebhook.Set() },
		open:   openSlack,
	},
	{
		wanted: func(r config.Resolved) bool { return r.Monitoring.Grafana != nil && r.Monitoring.Annotate },
		open:   openAnnotations,
	},
}

// outlets are those of one run.
type outlets struct {
	list     []session.Outlet
	measured func(metric.Observation) // nil: none of them wants it
	closers  []func() error
}

// openOutlets makes the outlets that the configuration names. Nobody is told anything yet, but addresses are taken.
func openOutlets(r config.Resolved, dir string) (o outlets, err error) {
	var meter *telemetry.Meter
	for _, row := range outletTable {
		if !row.wanted(r) {
			continue
		}
		if row.meters && meter == nil {
			meter = telemetry.NewMeter()
			o.measured = meter.Observe
		}
		tell, closer, err := row.open(r, dir, meter)
		if err != nil {
			return outlets{}, errors.Join(err, o.close())
		}
		o.list, o.closers = append(o.list, tell), append(o.closers, closer)
	}
	return o, nil
}

// close gives up what was opened for a run that does not begin.
func (o outlets) close() error {
	var errs []error
	for _, closer := range o.closers {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

func openMetrics(r config.Resolved, _ string, meter *telemetry.Meter) (session.Outlet, func() error, error) {
	server, err := openmetrics.Listen(r.Telemetry.MetricsAddr)
	if err != nil {
		return nil, nil, err
	}
	tell := func(ctx context.Context, s *session.Session) {
		s.Record(event.MetricsServed{URL: server.URL()})
		if err := server.Run(ctx, func() telemetry.State { return telemetry.Read(s, meter) }, r.Options.Keys.Redact); err != nil {
			s.Record(event.Warned{Warning: err.Error()})
		}
	}
	return tell, server.Close, nil
}

// openOTLP has nothing to give up: who does not answer shows while the run goes on.
func openOTLP(r config.Resolved, _ string, meter *telemetry.Meter) (session.Outlet, func() error, error) {
	exporter, hangUp := newExporter(r)
	tell := func(ctx context.Context, s *session.Session) {
		defer hangUp()
		exporter.Run(ctx, func() telemetry.State { return telemetry.Read(s, meter) }, s.Record)
	}
	return tell, func() error { return nil }, nil
}

func newExporter(r config.Resolved) (exporter *otlp.Exporter, hangUp func()) {
	to, transport := r.Telemetry.OTLP, newTransport(r)
	return otlp.New(otlp.Config{
		URL: to.URL.String(), Headers: to.Headers, Gzip: to.Gzip, Interval: to.Interval, Timeout: to.Timeout, Resource: to.Resource,
		UserAgent: r.Options.UserAgent, Transport: transport, Redact: r.Options.Keys.Redact,
	}), transport.CloseIdleConnections
}

// CheckOTLP asks the receiver of metrics, which must be configured, whether it takes any. None are sent.
func CheckOTLP(ctx context.Context, r config.Resolved) error {
	exporter, hangUp := newExporter(r)
	defer hangUp()
	return exporter.Check(ctx)
}

// largestHeaders are the bytes of the headers of an answer.
const largestHeaders = 64 << 10

// newTransport is the way to a service that is told of the run, by the proxy and with the trust that are configured.
func newTransport(r config.Resolved) *http.Transport {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: largestHeaders,
	}
	if r.Options.TLS != nil { // whom to trust; what else is set is the platform's
		transport.TLSClientConfig.RootCAs = r.Options.TLS.RootCAs
	}
	if r.Options.Proxy != nil {
		transport.Proxy = func(req *http.Request) (*url.URL, error) { return r.Options.Proxy(req.URL) }
	}
	return transport
}

func openSlack(r config.Resolved, dir string, _ *telemetry.Meter) (session.Outlet, func() error, error) {
	transport := newTransport(r)
	notifier := notify.New(notify.Config{
		Send: notify.NewSlack(r.Telemetry.SlackWebhook.Reveal(), transport).Send, To: "Slack", Target: r.Target, Redact: r.Options.Keys.Redact,
		Verdict: func() (slo.Verdict, error) { // as the report makes it, of the same files
			run, err := report.Load(dir)
			if err != nil {
				return slo.Verdict{}, err
			}
			return run.Verdict(), nil
		},
	})
	tell := func(ctx context.Context, s *session.Session) {
		defer transport.CloseIdleConnections()
		notifier.Run(ctx, s)
	}
	return tell, func() error { return nil }, nil
}
