package prom

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// maxAlerts is how many alerts are looked at in one reading; a platform in which more are active has other worries.
const maxAlerts = 1000

// alertsPanel is under which name gaps of the alerts stand.
const alertsPanel = "alerts"

// Run implements evidence.Source.
func (s *Source) Run(ctx context.Context, sink evidence.Sink) error {
	defer s.client.CloseIdle()
	r := s.newReading(sink)
	s.mu.Lock()
	s.gaps = r.gaps
	s.mu.Unlock()
	evidence.Poll(ctx, s.config.Interval, func(at time.Time) { r.once(ctx, at) })
	r.tellAwaited(time.Now())
	return nil
}

// reading is one run of a source.
type reading struct {
	source *Source
	sink   evidence.Sink
	gaps   *evidence.GapLog
	alerts *evidence.AlertLog
	ruled  time.Time // when the rules were read

	since func(time.Time) time.Duration // time.Since

	began   time.Time            // the first reading
	awaited map[string]time.Time // panels whose series may still come, and since when
}

// settling is how long a panel may have no series at the beginning before that is a gap: a service that nobody has called
// yet counts nothing, and a rate needs two readings of Prometheus's own.
const settling = 15 * time.Second

func (s *Source) newReading(sink evidence.Sink) *reading {
	return &reading{source: s, sink: sink, gaps: evidence.NewGapLog(Name, sink), alerts: evidence.NewAlertLog(sink), since: time.Since, awaited: map[string]time.Time{}}
}

// rulesEvery is how often the rules are read: they change when somebody deploys.
const rulesEvery = time.Minute

// once reads everything once. A server that does not answer one question is asked no other this time.
func (r *reading) once(ctx context.Context, at time.Time) {
	if r.began.IsZero() {
		r.began = at
	}
	begun := time.Now()
	answered := func() time.Time { return evidence.Answered(at, r.since(begun)) }
	for _, p := range r.source.config.Panels {
		found, err := r.source.read(ctx, p)
		if ctx.Err() != nil {
			return
		}
		if r.await(p.Name, at, err) {
			continue
		}
		seen := answered()
		if !r.note(p.Name, at, seen, err) {
			return
		}
		if n := len(found.samples); n > evidence.MaxSeries {
			found.part = &evidence.Problem{Cause: evidence.TooManySeries, Detail: fmt.Sprintf("%d, and %d are shown", n, evidence.MaxSeries)}
			found.samples = found.samples[:evidence.MaxSeries]
		}
		switch {
		case err != nil:
		case found.part != nil:
			r.gaps.Open(p.Name, seen, found.part)
		default:
			r.gaps.Close(p.Name, seen)
		}
		for _, sample := range found.samples {
			sample.At = seen
			r.sink.Sample(sample)
		}
	}
	r.readAlerts(ctx, at, answered)
}

// await reports whether a panel without series may still get some, and remembers since when it has none.
func (r *reading) await(panel string, at time.Time, err error) bool {
	since, awaited := r.awaited[panel]
	switch {
	case err == nil:
		delete(r.awaited, panel)
	case !errors.Is(err, &evidence.Problem{Cause: evidence.NoSeries}):
	case at.Sub(r.began) < settling && (awaited || at.Equal(r.began)):
		if !awaited {
			r.awaited[panel] = at
		}
		r.gaps.Close("", at)
		return true
	case awaited:
		r.gaps.OpenSince(panel, since, at, evidence.ProblemOf(err, evidence.Malformed))
		delete(r.awaited, panel)
	}
	return false
}

// tellAwaited makes gaps of the panels whose series had not come when the run ended.
func (r *reading) tellAwaited(at time.Time) {
	for panel, since := range r.awaited {
		r.gaps.OpenSince(panel, since, at, &evidence.Problem{Cause: evidence.NoSeries})
	}
}

// note keeps the gaps of what was asked at a time and seen at another; it reports whether it makes sense to ask on. A gap begins
// with the question that gets no answer, and ends with the answer to another.
func (r *reading) note(panel string, at, seen time.Time, err error) bool {
	if err == nil {
		r.gaps.Close("", seen)
		return true
	}
	p := evidence.ProblemOf(err, evidence.Malformed)
	if p.OfSource() {
		r.gaps.Open("", at, p)
		return false
	}
	r.gaps.Close("", seen)
	r.gaps.Open(panel, at, p)
	return true
}

func (r *reading) readAlerts(ctx context.Context, at time.Time, answered func() time.Time) {
	s := r.source
	if at.Sub(r.ruled) >= rulesEvery {
		if _, err := s.rules(ctx); err == nil { // how often rules are evaluated only makes times finer
			r.ruled = at
		}
	}
	result, err := s.api.Alerts(ctx)
	if err != nil {
		if err = promapi.Problem(ctx, err); ctx.Err() == nil {
			r.note(alertsPanel, at, answered(), err)
		}
		return
	}
	at = answered()
	r.gaps.Close("", at)
	if len(result.Alerts) > maxAlerts {
		r.gaps.Open(alertsPanel, at, &evidence.Problem{Cause: evidence.TooManySeries, Detail: fmt.Sprintf("%d alerts are active", len(result.Alerts))})
		return
	}
	r.gaps.Close(alertsPanel, at)
	all := make([]evidence.Alert, 0, len(result.Alerts))
	for _, a := range result.Alerts {
		all = append(all, alertOf(a))
	}
	spans := sync.OnceValue(func() firings { return s.firings(ctx, at) })
	r.alerts.Update(at, all, func(a *evidence.Alert) { s.settle(a, spans) })
}

func alertOf(a v1.Alert) evidence.Alert {
	state := evidence.Pending
	if a.State == v1.AlertStateFiring {
		state = evidence.Firing
	}
	return evidence.Alert{
		Source: Name, Name: string(a.Labels[model.AlertNameLabel]), Labels: promapi.Labels(model.Metric(a.Labels)),
		Annotations: promapi.Labels(model.Metric(a.Annotations)), State: state, ActiveAt: a.ActiveAt,
	}
}

// settle puts the times of the evaluations into an alert that begins to fire or is resolved. Those of all alerts are
// fetched at once, and only when one has changed.
func (s *Source) settle(a *evidence.Alert, spans func() firings) {
	switch a.State {
	case evidence.Firing:
		all := spans()
		if span, found := all.newest[a.Labels.String()]; found {
			// One that fires since before what was fetched has fired at that time or earlier.
			a.FiredAt, a.FiredExact = span.first, span.first.Sub(all.since) > s.interval(a.Name)
		}
	case evidence.Resolved:
		if span, found := spans().newest[a.Labels.String()]; found && !span.last.Before(a.FiredAt) {
			if end := span.last.Add(s.interval(a.Name)); end.Before(a.ResolvedAt) {
				a.ResolvedAt, a.ResolvedExact = end, true
			}
		}
	case evidence.Pending, evidence.Silenced, evidence.Inhibited, evidence.Inactive:
	}
}
