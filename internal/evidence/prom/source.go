// Package prom reads a Prometheus, or what speaks its API: panels as the queries of a team's dashboards, alerts and the
// rules behind them, and the history of both.
package prom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// Name of the source.
const Name = "prometheus"

// Bounds of the pace.
const (
	shortestInterval = time.Second
	defaultInterval  = 5 * time.Second
)

// Config is what a source is made of.
type Config struct {
	Server   client.Config
	Panels   []evidence.Panel
	Interval time.Duration // between readings; 0: 5 s, at least 1 s
	Step     time.Duration // of exported panels; 0: the interval
}

// Source is one Prometheus.
type Source struct {
	config Config
	client *client.Client
	api    promapi.API

	mu      sync.Mutex
	queries map[string]string        // by panel: the query that finds something
	groups  map[string]time.Duration // by alert: how often its rule is evaluated
	gaps    *evidence.GapLog         // of the run; nil before it
}

// New checks a configuration. It contacts nothing.
func New(c Config) (*Source, error) {
	if c.Interval == 0 {
		c.Interval = defaultInterval
	}
	if c.Interval < shortestInterval {
		return nil, fmt.Errorf("read Prometheus every %s: once a second is the most", c.Interval)
	}
	if c.Step <= 0 {
		c.Step = c.Interval
	}
	c.Server.Failures = true
	way, err := client.New(c.Server)
	if err != nil {
		return nil, err
	}
	server, err := promapi.New(way, "")
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, client: way, api: server, queries: map[string]string{}, groups: map[string]time.Duration{}}
	for _, p := range c.Panels {
		s.queries[p.Name] = p.Query
	}
	return s, nil
}

// Name implements evidence.Source.
func (s *Source) Name() string { return Name }

// Instant asks any PromQL for its value now: a sample per series, one without labels for a scalar. Values that are no
// finite numbers are left out; without any other the error is an [evidence.Problem].
func (s *Source) Instant(ctx context.Context, query string) ([]evidence.Sample, error) {
	found, err := s.ask(ctx, query)
	return found.samples, err
}

// answer is what a query gives.
type answer struct {
	samples []evidence.Sample
	part    *evidence.Problem // why some series are missing; nil when none is
	label   string            // under which the query found them; "" under its own
}

func (s *Source) ask(ctx context.Context, query string) (answer, error) {
	asked := time.Now()
	value, _, _, err := s.api.Query(ctx, query, time.Time{})
	if err != nil {
		return answer{}, promapi.Problem(ctx, err)
	}
	return samples(value, asked)
}

// samples are the finite values. Some series are missing when one that is as it was scraped is not a number.
func samples(value model.Value, at time.Time) (all answer, err error) {
	var vector model.Vector
	switch v := value.(type) {
	case model.Vector:
		vector = v
	case *model.Scalar:
		vector = model.Vector{{Value: v.Value}}
	default:
		return answer{}, &evidence.Problem{Cause: evidence.Refused, Detail: "the query gives " + value.Type().String() + ", not numbers of one moment"}
	}
	slices.SortFunc(vector, func(a, b *model.Sample) int {
		switch {
		case a.Metric.Before(b.Metric):
			return -1
		case b.Metric.Before(a.Metric):
			return 1
		}
		return 0
	})
	for _, v := range vector {
		switch f := float64(v.Value); {
		case v.Histogram != nil:
			return answer{}, &evidence.Problem{Cause: evidence.Refused, Detail: "the query gives histograms: put histogram_quantile around it"}
		case math.IsInf(f, 0): // beyond any bound, and no number: the others do not stand for it
			return answer{}, &evidence.Problem{Cause: evidence.Infinite, Detail: evidence.Excerpt(promapi.Labels(v.Metric).String())}
		case math.IsNaN(f):
			if all.part == nil && scraped(v.Metric) {
				all.part = &evidence.Problem{Cause: evidence.PartlyNaN, Detail: evidence.Excerpt(promapi.Labels(v.Metric).String())}
			}
		default:
			all.samples = append(all.samples, evidence.Sample{Source: Name, Labels: promapi.Labels(v.Metric), At: at, Value: f})
		}
	}
	switch {
	case len(vector) == 0:
		return answer{}, &evidence.Problem{Cause: evidence.NoSeries}
	case len(all.samples) == 0:
		return answer{}, &evidence.Problem{Cause: evidence.NotANumber}
	}
	return all, nil
}

// scraped reports whether a series is as it was scraped: what is worked out has no name, and may be NaN for good reasons, as
// a quantile of nothing, and so may the quantile of a summary.
func scraped(m model.Metric) bool {
	return m[model.MetricNameLabel] != "" && m[model.QuantileLabel] == ""
}

// query is what is asked for a panel.
func (s *Source) query(panel string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queries[panel]
}

func (s *Source) setQuery(panel, query string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries[panel] = query
}

// read asks for a panel. Where its query finds nothing, the query with the other label is asked, and kept if that finds
// something.
func (s *Source) read(ctx context.Context, p evidence.Panel) (found answer, err error) {
	query := s.query(p.Name)
	found, err = s.ask(ctx, query)
	if errors.Is(err, &evidence.Problem{Cause: evidence.NoSeries}) {
		if other, name, is := promapi.Renamed(query); is {
			if more, otherErr := s.ask(ctx, other); otherErr == nil || errors.Is(otherErr, &evidence.Problem{Cause: evidence.NotANumber}) {
				found, err = more, otherErr
				found.label = name
				s.setQuery(p.Name, other)
			}
		}
	}
	if query != p.Query && found.label == "" && err == nil {
		found.label = promapi.ExportedLabel
	}
	for i := range found.samples {
		found.samples[i].Panel = p.Name
	}
	return found, err
}
