package prom

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// clockTolerance is how far clocks may lie apart before it is said.
const clockTolerance = 2 * time.Second

// Check implements evidence.Source.
func (s *Source) Check(ctx context.Context, want evidence.Wanted) (findings []evidence.Finding) {
	add := func(f evidence.Finding) {
		f.Source = Name
		same := func(o evidence.Finding) bool { o.Needed = f.Needed; return o == f }
		if f.Needed != "" && f.Level() != evidence.OK || !slices.ContainsFunc(findings, same) { // a panel and an expectation may look at the same metric
			findings = append(findings, f)
		}
	}
	begin := time.Now()
	value, err := s.Instant(ctx, "time()")
	if err != nil {
		add(evidence.Finding{Kind: evidence.SourceFails, Problem: evidence.ProblemOf(err, evidence.Malformed)})
		return findings
	}
	add(evidence.Finding{Kind: evidence.SourceAnswers, Found: s.version(ctx)})
	ours := begin.Add(time.Since(begin) / 2)
	if differs := seconds(value[0].Value - float64(ours.UnixMilli())/1000); differs.Abs() > clockTolerance {
		add(evidence.Finding{Kind: evidence.ClockDiffers, Differs: differs})
	}
	for _, p := range s.config.Panels {
		for _, f := range s.checkPanel(ctx, p) {
			f.Needed = p.Needed
			add(f)
		}
	}
	for _, name := range want.Metrics {
		add(s.checkMetric(ctx, name))
	}
	for _, f := range s.checkAlerts(ctx, want.Alerts) {
		add(f)
	}
	return findings
}

// version is what the server calls itself; not every one that speaks this API has one.
func (s *Source) version(ctx context.Context) string {
	info, err := s.api.Buildinfo(ctx)
	if err != nil || info.Version == "" {
		return ""
	}
	return "version " + evidence.Excerpt(info.Version)
}

func (s *Source) checkPanel(ctx context.Context, p evidence.Panel) (findings []evidence.Finding) {
	found, err := s.read(ctx, p)
	switch {
	case err == nil && found.label != "":
		return []evidence.Finding{{Kind: evidence.PanelRenamed, Subject: p.Title, Found: "label " + found.label}}
	case err == nil:
		return []evidence.Finding{{Kind: evidence.PanelHasData, Subject: p.Title}}
	case !errors.Is(err, &evidence.Problem{Cause: evidence.NoSeries}):
		return []evidence.Finding{{Kind: evidence.PanelFails, Subject: p.Title, Problem: evidence.ProblemOf(err, evidence.Malformed)}}
	}
	for _, name := range promapi.Metrics(p.Query) {
		if f := s.checkMetric(ctx, name); f.Kind != evidence.MetricHasData {
			findings = append(findings, f)
		}
	}
	if findings == nil {
		findings = append(findings, evidence.Finding{Kind: evidence.PanelEmpty, Subject: p.Title, Found: s.services(ctx, p.Query)})
	}
	return findings
}

// services says which services the first metric of a query is of.
func (s *Source) services(ctx context.Context, query string) string {
	for _, name := range promapi.Metrics(query) {
		for _, label := range []string{promapi.OwnLabel, promapi.ExportedLabel} {
			values, _, _, err := s.api.LabelValues(ctx, label, []string{selector(name)}, time.Now().Add(-5*time.Minute), time.Now())
			if err == nil && len(values) > 0 {
				return evidence.Excerpt(label + " is " + strings.Join(texts(values), ", "))
			}
		}
	}
	return ""
}

func texts(values model.LabelValues) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// checkMetric looks for a series of a metric.
func (s *Source) checkMetric(ctx context.Context, name string) evidence.Finding {
	_, err := s.Instant(ctx, "count("+selector(name)+")")
	switch {
	case err == nil:
		return evidence.Finding{Kind: evidence.MetricHasData, Subject: name}
	case errors.Is(err, &evidence.Problem{Cause: evidence.NoSeries}):
		return evidence.Finding{Kind: evidence.MetricMissing, Subject: name}
	}
	return evidence.Finding{Kind: evidence.PanelFails, Subject: "metric " + name, Problem: evidence.ProblemOf(err, evidence.Malformed)}
}

func selector(metric string) string { return `{__name__="` + metric + `"}` }

// checkAlerts compares what a drill waits for with the rules.
func (s *Source) checkAlerts(ctx context.Context, want []evidence.WantedAlert) (findings []evidence.Finding) {
	if len(want) == 0 {
		return nil
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return []evidence.Finding{{Kind: evidence.PanelFails, Subject: "rules of alerts", Problem: evidence.ProblemOf(err, evidence.Malformed)}}
	}
	for _, w := range want {
		findings = append(findings, checkAlert(w, rules[w.Name]))
	}
	return findings
}

func checkAlert(w evidence.WantedAlert, rules []rule) evidence.Finding {
	f := evidence.Finding{Subject: w.Name, Within: w.Within}
	if len(rules) == 0 {
		f.Kind = evidence.AlertUndefined
		return f
	}
	r := quickest(rules)
	f.For, f.Interval = r.holds(), r.every
	switch {
	case r.Health == "err":
		f.Kind, f.Found = evidence.AlertBroken, evidence.Excerpt(r.LastError)
	case w.Within > 0 && f.For >= w.Within:
		f.Kind = evidence.AlertTooSlow
	case w.Within > 0 && f.For+f.Interval > w.Within:
		f.Kind = evidence.AlertMayBeLate
	default:
		f.Kind = evidence.AlertDefined
	}
	return f
}
