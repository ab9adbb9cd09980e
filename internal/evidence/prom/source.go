// Package prom reads a Prometheus, or what speaks its API: panels as the queries of a team's dashboards, alerts and the
// rules behind them, and the history of both.
package prom

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
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
	api    v1.API

	mu      sync.Mutex
	queries map[string]string        // by panel: the query that finds something
	groups  map[string]time.Duration // by alert: how often its rule is evaluated
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
	server, err := api.NewClient(api.Config{Address: way.URL().String(), Client: way.HTTP})
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, client: way, api: v1.NewAPI(server), queries: map[string]string{}, groups: map[string]time.Duration{}}
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
	asked := time.Now()
	value, _, _, err := s.api.Query(ctx, query, time.Time{})
	if err != nil {
		return nil, problem(ctx, err)
	}
	return samples(value, asked)
}

func samples(value model.Value, at time.Time) (all []evidence.Sample, err error) {
	var vector model.Vector
	switch v := value.(type) {
	case model.Vector:
		vector = v
	case *model.Scalar:
		vector = model.Vector{{Value: v.Value}}
	default:
		return nil, &evidence.Problem{Cause: evidence.Refused, Detail: "the query gives " + value.Type().String() + ", not numbers of one moment"}
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
	infinite := false
	for _, v := range vector {
		switch f := float64(v.Value); {
		case v.Histogram != nil:
			return nil, &evidence.Problem{Cause: evidence.Refused, Detail: "the query gives histograms: put histogram_quantile around it"}
		case math.IsNaN(f) || math.IsInf(f, 0):
			infinite = true
		default:
			all = append(all, evidence.Sample{Source: Name, Labels: labels(v.Metric), At: at, Value: f})
		}
	}
	switch {
	case len(vector) == 0:
		return nil, &evidence.Problem{Cause: evidence.NoSeries}
	case len(all) == 0 && infinite:
		return nil, &evidence.Problem{Cause: evidence.NotANumber}
	}
	return all, nil
}

func labels(m model.Metric) evidence.Labels {
	if len(m) == 0 {
		return nil
	}
	all := make(evidence.Labels, len(m))
	for name, value := range m {
		if name != model.MetricNameLabel {
			all[string(name)] = string(value)
		}
	}
	return all
}

// problem is why a call failed: of the way, or in the server's own words.
func problem(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var said *v1.Error
	if !errors.As(err, &said) {
		return client.Cause(err)
	}
	var body struct { // of answers whose status is none of the API's, but whose words are
		Type  v1.ErrorType `json:"errorType"`
		Error string       `json:"error"`
	}
	if json.Unmarshal([]byte(said.Detail), &body) == nil && body.Error != "" {
		said = &v1.Error{Type: body.Type, Msg: body.Error}
	}
	cause := evidence.Malformed
	switch said.Type {
	case v1.ErrBadData, v1.ErrExec, v1.ErrClient, "not_found", "too_many_requests":
		cause = evidence.Refused
	case v1.ErrTimeout, v1.ErrCanceled:
		cause = evidence.TimedOut
	case v1.ErrServer, "internal", "unavailable":
		cause = evidence.ServerError
	case v1.ErrBadResponse:
	}
	return &evidence.Problem{Cause: cause, Detail: evidence.Excerpt(said.Msg)}
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

// The label of its own that a metric has, and what a scrape makes of it when the target has one of that name, unless it
// has honor_labels.
const (
	ownLabel      = "service"
	exportedLabel = "exported_service"
)

// renamed is a panel's query with the other of the two labels.
func renamed(query string) (other, label string, is bool) {
	if other, is = renameLabel(query, ownLabel, exportedLabel); is {
		return other, exportedLabel, true
	}
	other, is = renameLabel(query, exportedLabel, ownLabel)
	return other, ownLabel, is
}

// read asks for a panel. Where its query finds nothing, the query with the other label is asked, and kept if that finds
// something.
func (s *Source) read(ctx context.Context, p evidence.Panel) (found []evidence.Sample, label string, err error) {
	query := s.query(p.Name)
	found, err = s.Instant(ctx, query)
	if errors.Is(err, &evidence.Problem{Cause: evidence.NoSeries}) {
		if other, name, is := renamed(query); is {
			if more, otherErr := s.Instant(ctx, other); otherErr == nil || errors.Is(otherErr, &evidence.Problem{Cause: evidence.NotANumber}) {
				found, label, err = more, name, otherErr
				s.setQuery(p.Name, other)
			}
		}
	}
	if query != p.Query && label == "" && err == nil {
		label = exportedLabel
	}
	for i := range found {
		found[i].Panel = p.Name
	}
	return found, label, err
}
