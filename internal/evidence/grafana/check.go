package grafana

import (
	"context"
	"errors"
	"fmt"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"xinbot.ir/squall/internal/evidence"
)

// checkRange is the time over which a check looks.
const checkRange = 15 * time.Minute

// Check implements evidence.Source: which dashboards there are, and which panels cannot be read, and why.
func (s *Source) Check(ctx context.Context, _ evidence.Wanted) (findings []evidence.Finding) {
	add := func(f evidence.Finding) {
		f.Source = Name
		findings = append(findings, f)
	}
	if s.grafana != nil {
		version, err := s.grafana.version(ctx)
		if err != nil {
			add(evidence.Finding{Kind: evidence.SourceFails, Problem: evidence.ProblemOf(err, evidence.Malformed)})
			return findings
		}
		add(evidence.Finding{Kind: evidence.SourceAnswers, Found: version})
	}
	now := time.Now()
	r := s.newReading(ctx, now.Add(-checkRange), now)
	for _, d := range r.dashboards(ctx) {
		if d.problem != nil && d.problem.OfSource() {
			add(evidence.Finding{Kind: evidence.SourceFails, Problem: d.problem})
			return findings
		}
		for _, f := range r.checkDashboard(ctx, d) {
			add(f)
		}
	}
	return findings
}

func (r reading) checkDashboard(ctx context.Context, d found) []evidence.Finding {
	if d.missing() {
		return []evidence.Finding{{Kind: evidence.DashboardMissing, Subject: d.uid}}
	}
	if d.problem != nil {
		return []evidence.Finding{{Kind: evidence.DashboardFails, Subject: d.uid, Problem: d.problem}}
	}
	env := r.environment(ctx, d.dashboard)
	var bad []evidence.Finding
	for _, p := range d.dashboard.Panels {
		if problem := r.checkPanel(ctx, p, env); problem != nil {
			bad = append(bad, evidence.Finding{Kind: evidence.PanelFails, Subject: d.panel(p), Problem: problem})
		}
	}
	good := len(d.dashboard.Panels) - len(bad)
	findings := append([]evidence.Finding{{Kind: evidence.DashboardFound, Subject: d.uid, Found: fmt.Sprintf("%q, %d of its %d panels can be read", evidence.Excerpt(d.dashboard.Title), good, len(d.dashboard.Panels))}}, bad...)
	for _, note := range d.notes() {
		findings = append(findings, evidence.Finding{Kind: evidence.DashboardDiffers, Subject: d.uid, Found: note})
	}
	return findings
}

// notes are where the files of a dashboard differ from what Grafana shows.
func (d found) notes() (notes []string) {
	transformed := 0
	for _, p := range d.dashboard.Panels {
		if p.Transformed && p.Problem == nil {
			transformed++
		}
	}
	if transformed > 0 {
		notes = append(notes, fmt.Sprintf("transformations of %d panels are not carried out", transformed))
	}
	if d.dashboard.filters() {
		notes = append(notes, "its ad hoc filters are not put into its queries")
	}
	if d.dashboard.Left > 0 {
		notes = append(notes, fmt.Sprintf("%d panels beyond the first %d are not read", d.dashboard.Left, mostPanels))
	}
	return notes
}

// panel is what a panel of the dashboard is called.
func (d found) panel(p Panel) string {
	title := evidence.Excerpt(p.Title)
	if title == "" {
		title = p.ID
	}
	return fmt.Sprintf("panel %q of dashboard %s", title, d.uid)
}

// checkPanel looks whether each query of a panel can be run; one that finds something is enough.
func (r reading) checkPanel(ctx context.Context, p Panel, env environment) *evidence.Problem {
	asks, problem := r.asks(p, env)
	if problem != nil {
		return problem
	}
	empty := &evidence.Problem{Cause: evidence.NoSeries}
	for _, a := range asks {
		few := v1.Range{Start: r.from, End: r.to, Step: max(a.step, r.to.Sub(r.from)/100)}
		query := a.api.Found(ctx, a.expr, few)
		found, err := a.api.Range(ctx, query, few)
		switch {
		case err != nil && errors.Is(err, ctx.Err()):
			return &evidence.Problem{Cause: evidence.TimedOut}
		case err != nil:
			return evidence.ProblemOf(err, evidence.Malformed)
		case len(found) > 0:
			empty = nil
		}
	}
	return empty
}
