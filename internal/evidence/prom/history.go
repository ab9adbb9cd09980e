package prom

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// Prometheus writes down each evaluation of an alert as a sample of the series ALERTS, labelled with its state. A query
// of a range of raw samples has the very times of the evaluations, which no chart has.

const (
	stateLabel = "alertstate"
	// historyPart is how much of the raw samples is fetched at once: 3,600 samples a series at the most usual pace.
	historyPart = time.Hour
	// defaultEvaluation is Prometheus's own, where the rules do not say.
	defaultEvaluation = time.Minute
)

// span is a time in which an alert was in one state, from its first evaluation to its last.
type span struct{ first, last time.Time }

// interval is how often an alert's rule is evaluated.
func (s *Source) interval(alert string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if every := s.groups[alert]; every > 0 {
		return every
	}
	return defaultEvaluation
}

// rules reads the rules of alerts, by name.
func (s *Source) rules(ctx context.Context) (map[string][]rule, error) {
	result, err := s.api.Rules(ctx, nil)
	if err != nil {
		return nil, promapi.Problem(ctx, err)
	}
	found := map[string][]rule{}
	for _, g := range result.Groups {
		for _, r := range g.Rules {
			if a, is := r.(v1.AlertingRule); is {
				found[a.Name] = append(found[a.Name], rule{a, seconds(g.Interval)})
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.groups)
	for name, all := range found {
		s.groups[name] = quickest(all).every
	}
	return found, nil
}

// rule is the definition of an alert.
type rule struct {
	v1.AlertingRule
	every time.Duration // that its group is evaluated
}

func (r rule) holds() time.Duration { return seconds(r.Duration) }

// quickest is the rule that fires first, of several with one name.
func quickest(rules []rule) rule {
	return slices.MinFunc(rules, func(a, b rule) int { return int(a.holds() + a.every - b.holds() - b.every) })
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// firings are the newest times in which alerts fired, by their labels, of those since a time.
type firings struct {
	since  time.Time
	newest map[string]span
}

// firings fetches them; what cannot be fetched only makes times less fine.
func (s *Source) firings(ctx context.Context, at time.Time) firings {
	to := at.Add(time.Second)
	found := firings{since: to.Add(-historyPart), newest: map[string]span{}}
	matrix, err := s.raw(ctx, "ALERTS{"+stateLabel+`="firing"}`, found.since, to)
	if err != nil {
		return found
	}
	for _, series := range matrix {
		named := promapi.Labels(series.Metric).Without(stateLabel)
		if spans := spansOf(timesOf(series), s.interval(named[model.AlertNameLabel])); len(spans) > 0 {
			found.newest[named.String()] = spans[len(spans)-1]
		}
	}
	return found
}

// raw fetches the samples of a selector between two times, as they were written.
func (s *Source) raw(ctx context.Context, selector string, from, to time.Time) (model.Matrix, error) {
	window := max(to.Sub(from), time.Second).Round(time.Millisecond)
	value, _, _, err := s.api.Query(ctx, fmt.Sprintf("%s[%dms]", selector, window.Milliseconds()), to)
	if err != nil {
		return nil, promapi.Problem(ctx, err)
	}
	matrix, is := value.(model.Matrix)
	if !is {
		return nil, &evidence.Problem{Cause: evidence.Malformed, Detail: "no samples of a range, but " + value.Type().String()}
	}
	return matrix, nil
}

func timesOf(series *model.SampleStream) []time.Time {
	times := make([]time.Time, len(series.Values))
	for i, v := range series.Values {
		times[i] = v.Timestamp.Time()
	}
	return times
}

// spansOf joins evaluations that follow each other. Where one is missing, the state has changed in between; a single
// late one is none missing.
func spansOf(times []time.Time, every time.Duration) (spans []span) {
	slices.SortFunc(times, time.Time.Compare)
	for _, t := range times {
		if n := len(spans); n > 0 && t.Sub(spans[n-1].last) <= every*2-every/4 {
			spans[n-1].last = t
			continue
		}
		spans = append(spans, span{t, t})
	}
	return spans
}

// History is the alerts that were pending or firing between two times, with the times of their evaluations, in the order
// in which they began. A time in which Prometheus itself did not evaluate ends an alert, too.
func (s *Source) History(ctx context.Context, from, to time.Time) ([]evidence.Alert, error) {
	if _, err := s.rules(ctx); err != nil {
		return nil, err
	}
	type series struct {
		labels          evidence.Labels
		pending, firing []time.Time
	}
	all := map[string]*series{}
	for begin := from; begin.Before(to); begin = begin.Add(historyPart) {
		end := begin.Add(historyPart)
		if end.After(to) {
			end = to
		}
		matrix, err := s.raw(ctx, "ALERTS", begin, end)
		if err != nil {
			return nil, err
		}
		for _, stream := range matrix {
			named := promapi.Labels(stream.Metric)
			state := named[stateLabel]
			named = named.Without(stateLabel)
			key := named.String()
			if all[key] == nil {
				all[key] = &series{labels: named}
			}
			if state == "firing" {
				all[key].firing = append(all[key].firing, timesOf(stream)...)
			} else {
				all[key].pending = append(all[key].pending, timesOf(stream)...)
			}
		}
	}
	var alerts []evidence.Alert
	for _, key := range slices.Sorted(maps.Keys(all)) {
		x := all[key]
		every := s.interval(x.labels[model.AlertNameLabel])
		alerts = append(alerts, alertsOf(x.labels, spansOf(x.pending, every), spansOf(x.firing, every), every, to)...)
	}
	slices.SortStableFunc(alerts, func(a, b evidence.Alert) int { return a.ActiveAt.Compare(b.ActiveAt) })
	return alerts, nil
}

// alertsOf makes alerts of the times in which one was pending and firing.
func alertsOf(named evidence.Labels, pending, firing []span, every time.Duration, to time.Time) (alerts []evidence.Alert) {
	over := func(s span) (time.Time, bool) { // the evaluation that found it gone
		end := s.last.Add(every)
		return end, end.Before(to)
	}
	alert := evidence.Alert{Source: Name, Name: named[model.AlertNameLabel], Labels: named}
	used := map[int]bool{}
	for _, f := range firing {
		a := alert
		a.State, a.ActiveAt, a.FiredAt, a.FiredExact = evidence.Firing, f.first, f.first, true
		for i, p := range pending {
			if gap := f.first.Sub(p.last); gap >= 0 && gap <= every*2-every/4 {
				a.ActiveAt, used[i] = p.first, true
			}
		}
		if end, is := over(f); is {
			a.State, a.ResolvedAt, a.ResolvedExact = evidence.Resolved, end, true
		}
		alerts = append(alerts, a)
	}
	for i, p := range pending {
		if used[i] {
			continue
		}
		a := alert
		a.State, a.ActiveAt = evidence.Pending, p.first
		if _, is := over(p); is {
			a.State = evidence.Inactive
		}
		alerts = append(alerts, a)
	}
	return alerts
}
