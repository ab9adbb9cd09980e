// Package alertmanager reads an Alertmanager: which alerts fire, and which of them are silenced or inhibited.
package alertmanager

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	httptransport "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	api "github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/alert"
	"github.com/prometheus/alertmanager/api/v2/client/general"
	"github.com/prometheus/alertmanager/api/v2/models"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

// Name of the source.
const Name = "alertmanager"

// Bounds of the pace.
const (
	shortestInterval = time.Second
	defaultInterval  = 5 * time.Second
	maxAlerts        = 1000 // looked at in one reading
	maxHistory       = 10_000
)

// Config is what a source is made of.
type Config struct {
	Server   client.Config
	Interval time.Duration // between readings; 0: 5 s, at least 1 s
}

// Source is one Alertmanager.
type Source struct {
	interval time.Duration
	client   *client.Client
	api      *api.AlertmanagerAPI

	mu      sync.Mutex
	history map[string]evidence.Alert // by key and the time of firing
	cut     bool                      // there was more than is kept
	gaps    *evidence.GapLog          // of the run; nil before it
}

// New checks a configuration. It contacts nothing.
func New(c Config) (*Source, error) {
	if c.Interval == 0 {
		c.Interval = defaultInterval
	}
	if c.Interval < shortestInterval {
		return nil, fmt.Errorf("read Alertmanager every %s: once a second is the most", c.Interval)
	}
	way, err := client.New(c.Server)
	if err != nil {
		return nil, err
	}
	base := way.URL()
	transport := httptransport.NewWithClient(base.Host, path.Join("/", base.Path, api.DefaultBasePath), []string{base.Scheme}, way.HTTP)
	return &Source{interval: c.Interval, client: way, api: api.New(transport, strfmt.Default), history: map[string]evidence.Alert{}}, nil
}

// Name implements evidence.Source.
func (s *Source) Name() string { return Name }

// Check implements evidence.Source. An Alertmanager knows nothing of alerts that do not fire, so what a drill waits for
// cannot be looked up here.
func (s *Source) Check(ctx context.Context, _ evidence.Wanted) []evidence.Finding {
	status, err := s.api.General.GetStatus(general.NewGetStatusParamsWithContext(ctx))
	if err != nil {
		return []evidence.Finding{{Kind: evidence.SourceFails, Source: Name, Problem: problem(err)}}
	}
	f := evidence.Finding{Kind: evidence.SourceAnswers, Source: Name}
	if p := status.Payload; p != nil && p.VersionInfo != nil && p.VersionInfo.Version != nil {
		f.Found = "version " + evidence.Excerpt(*p.VersionInfo.Version)
	}
	return []evidence.Finding{f}
}

func problem(err error) *evidence.Problem { return evidence.ProblemOf(err, evidence.Malformed) }

// Run implements evidence.Source.
func (s *Source) Run(ctx context.Context, sink evidence.Sink) error {
	defer s.client.CloseIdle()
	r := s.newReading(sink)
	evidence.Poll(ctx, s.interval, func(at time.Time) { r.once(ctx, at) })
	return nil
}

// reading is one run of a source.
type reading struct {
	source *Source
	gaps   *evidence.GapLog
	alerts *evidence.AlertLog
}

func (s *Source) newReading(sink evidence.Sink) *reading {
	gaps := evidence.NewGapLog(Name, sink)
	s.mu.Lock()
	s.gaps = gaps
	s.mu.Unlock()
	return &reading{s, gaps, evidence.NewAlertLog(recorder{sink, s})}
}

func (r *reading) once(ctx context.Context, at time.Time) {
	begun := time.Now()
	all, err := r.source.alerts(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.gaps.Open("", at, problem(err))
	default:
		at = evidence.Answered(at, time.Since(begun))
		r.gaps.Close("", at)
		r.alerts.Update(at, all, nil)
	}
}

// alerts are those that fire now.
func (s *Source) alerts(ctx context.Context) ([]evidence.Alert, error) {
	result, err := s.api.Alert.GetAlerts(alert.NewGetAlertsParamsWithContext(ctx))
	if err != nil {
		return nil, err
	}
	if len(result.Payload) > maxAlerts {
		return nil, &evidence.Problem{Cause: evidence.TooManySeries, Detail: fmt.Sprintf("%d alerts fire", len(result.Payload))}
	}
	all := make([]evidence.Alert, 0, len(result.Payload))
	for _, a := range result.Payload {
		if a == nil || a.StartsAt == nil || len(a.Labels) == 0 {
			return nil, &evidence.Problem{Cause: evidence.Malformed, Detail: "an alert has no labels or no beginning"}
		}
		all = append(all, alertOf(a))
	}
	return all, nil
}

func alertOf(a *models.GettableAlert) evidence.Alert {
	return evidence.Alert{
		Source: Name, Name: a.Labels["alertname"], Labels: evidence.Labels(a.Labels), Annotations: evidence.Labels(a.Annotations),
		State: stateOf(a.Status), FiredAt: time.Time(*a.StartsAt), FiredExact: true,
	}
}

func stateOf(s *models.AlertStatus) evidence.AlertState {
	switch {
	case s == nil:
	case len(s.SilencedBy) > 0 || len(s.MutedBy) > 0:
		return evidence.Silenced
	case len(s.InhibitedBy) > 0:
		return evidence.Inhibited
	}
	return evidence.Firing
}

// recorder keeps alerts on their way.
type recorder struct {
	evidence.Sink
	source *Source
}

// Alert implements evidence.Sink.
func (r recorder) Alert(a evidence.Alert) {
	r.source.keep(a)
	r.Sink.Alert(a)
}

func (s *Source) keep(a evidence.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := a.Key() + a.FiredAt.String()
	if _, known := s.history[key]; !known && len(s.history) >= maxHistory {
		s.cut = true
		return
	}
	s.history[key] = a
}

// Export implements evidence.Source: the alerts that were seen while the source ran. An Alertmanager keeps no history.
func (s *Source) Export(_ context.Context, from, to time.Time, dir string) ([]evidence.File, error) {
	s.mu.Lock()
	all, cut, log := slices.Collect(maps.Values(s.history)), s.cut, s.gaps
	s.mu.Unlock()
	var gaps []evidence.Gap
	if log != nil {
		gaps = log.Between(from, to)
	}
	if cut {
		gaps = append(gaps, evidence.Gap{Source: Name, Problem: evidence.Problem{Cause: evidence.Dropped}, From: from, Until: to})
	}
	files, err := evidence.ExportAlerts(dir, Name, evidence.During(all, from, to))
	for i := range files {
		files[i].Gaps = gaps
	}
	return files, err
}
