package grafana

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// reading is one look at the dashboards.
type reading struct {
	source   *Source
	from, to time.Time
	catalog  catalog
	records  *records
}

func (s *Source) newReading(ctx context.Context, from, to time.Time) reading {
	r := reading{source: s, from: from, to: to, catalog: catalog{straight: true}, records: &records{}}
	if s.grafana != nil {
		r.catalog = s.grafana.catalog(ctx)
	}
	return r
}

// found is a dashboard that was looked for.
type found struct {
	uid       string
	dashboard *Dashboard
	fromFile  bool
	problem   *evidence.Problem // why it cannot be read; nil when it can
}

// missing reports whether Grafana does not have the dashboard.
func (d found) missing() bool { return d.problem != nil && d.problem.Cause == evidence.NotFound }

// dashboards reads all of them, one after the other. A file takes the place of the dashboard of its uid. When Grafana
// does not answer one call, it is not asked again.
func (r reading) dashboards(ctx context.Context) (all []found) {
	var away *evidence.Problem
	for _, uid := range r.source.config.UIDs {
		if r.source.grafana == nil || slices.ContainsFunc(r.source.files, func(d *Dashboard) bool { return d.UID == uid }) {
			continue
		}
		if away != nil {
			all = append(all, found{uid: uid, problem: away})
			continue
		}
		d, err := r.source.grafana.dashboard(ctx, uid)
		one := found{uid: uid, dashboard: d}
		if err != nil {
			one.problem = evidence.ProblemOf(err, evidence.Malformed)
			if one.problem.OfSource() {
				away = one.problem
			}
		}
		all = append(all, one)
	}
	for _, d := range r.source.files {
		if r.source.grafana != nil {
			r.source.grafana.fetchLibrary(ctx, d)
		}
		all = append(all, found{uid: d.UID, dashboard: d, fromFile: true})
	}
	return all
}

// ask is a query that can be run.
type ask struct {
	query, expr, legend string
	source              dataSource
	api                 promapi.API
	step                time.Duration
}

// asks are the queries of a panel, filled in. The problem is the first of them that cannot be run.
func (r reading) asks(p Panel, env environment) (all []ask, problem *evidence.Problem) {
	if p.Problem != nil {
		return nil, p.Problem
	}
	env = env.scoped(p.scope)
	for _, q := range p.Queries {
		one, problem := r.ask(p, q, env)
		if problem != nil {
			if len(p.Queries) > 1 {
				problem = &evidence.Problem{Cause: problem.Cause, Detail: evidence.Excerpt("query " + q.ID + ": " + problem.Detail)}
			}
			return nil, problem
		}
		all = append(all, one)
	}
	return all, nil
}

func (r reading) ask(p Panel, q Query, env environment) (ask, *evidence.Problem) {
	named := q.datasource
	if named.unset() || named.name == mixedSource {
		named = p.datasource
	}
	source, problem := r.catalog.find(named, env)
	switch {
	case problem != nil:
		return ask{}, problem
	case strings.TrimSpace(q.Expr) == "":
		return ask{}, notRunnable("it is empty, or not PromQL")
	}
	// Grafana takes the least step of a query, else that of the panel, for how often its source scrapes.
	step, scrape := r.source.config.Step, source.every()
	for _, least := range []string{p.interval, q.interval} {
		text, err := env.with(times(r.from, r.to, step, scrape)).fill(least, false)
		if d := duration(text); err == nil && d > 0 {
			step, scrape = max(r.source.config.Step, d), d
		}
	}
	env = env.with(times(r.from, r.to, step, scrape))
	expr, err := env.fill(q.Expr, true)
	if err != nil {
		return ask{}, notRunnable("%v", err)
	}
	legend, err := env.fill(q.Legend, false)
	if err != nil {
		legend = q.Legend // a name that is not filled in is a name
	}
	api, err := r.source.api(source)
	if err != nil {
		return ask{}, notRunnable("%v", err)
	}
	return ask{q.ID, expr, legend, source, api, step}, nil
}

// environment works out what a dashboard's variables stand for.
func (r reading) environment(ctx context.Context, d *Dashboard) environment {
	env := environment{values: times(r.from, r.to, r.source.config.Step, defaultScrape), missing: map[string]string{}}
	env.values["__dashboard"] = value{texts: []string{d.Title}}
	for _, v := range d.variables {
		if _, known := env.values[v.name]; known || v.name == "" {
			continue
		}
		if got, err := r.value(ctx, env, v); err != nil {
			env.missing[v.name] = evidence.Excerpt(err.Error())
		} else {
			env.values[v.name] = got
		}
	}
	return env
}

// filters reports whether a dashboard has filters that Grafana puts into each query, and squall does not.
func (d *Dashboard) filters() bool {
	return slices.ContainsFunc(d.variables, func(v variable) bool { return v.kind == "adhoc" && v.filtered })
}

// value is what a variable stands for, as the dashboard was saved.
func (r reading) value(ctx context.Context, env environment, v variable) (value, error) {
	one := func(texts ...string) (value, error) { return value{texts: texts, multi: v.multi}, nil }
	switch v.kind {
	case "":
		return value{}, fmt.Errorf("it cannot be read")
	case "constant":
		if v.query != "" || len(v.current) == 0 {
			return one(v.query)
		}
		return one(v.current...)
	case "textbox":
		if len(v.current) == 0 {
			return one(v.query)
		}
		return one(v.current...)
	case "interval":
		if choices := slices.Concat(v.current, listed(v.query)); len(choices) > 0 {
			if strings.HasPrefix(choices[0], autoValue) || choices[0] == "auto" {
				return env.values["__interval"], nil
			}
			return one(choices[0])
		}
	case "datasource":
		got := value{kind: v.query}
		if len(v.current) > 0 && v.current[0] != "default" && v.current[0] != allValue {
			got.texts = v.current[:1]
		}
		return got, nil
	}
	return r.chosen(ctx, env, v)
}

// chosen is the value of a variable with choices.
func (r reading) chosen(ctx context.Context, env environment, v variable) (value, error) {
	choices := v.options
	all := slices.Contains(v.current, allValue) || len(v.current) == 0 && v.all
	switch {
	case all && v.allText != "":
		return value{texts: []string{v.allText}, literal: true}, nil
	case !all && len(v.current) > 0:
		return value{texts: v.current, multi: v.multi}, nil
	case v.kind == "query":
		asked, err := r.lookUp(ctx, env, v)
		if err != nil {
			return value{}, err
		}
		choices = asked
	}
	switch {
	case len(choices) == 0:
		return value{}, fmt.Errorf("it has no value")
	case !all:
		choices = choices[:1]
	case len(choices) > mostAll:
		return value{}, fmt.Errorf("its choice All stands for %d values, and %d are the most that are filled in", len(choices), mostAll)
	}
	return value{texts: choices, multi: v.multi}, nil
}

// labelValues is the query of a variable: label_values(label), label_values(series, label).
var labelValues = regexp.MustCompile(`(?s)^\s*label_values\(\s*(?:(.+?)\s*,\s*)?([A-Za-z_]\w*)\s*\)\s*$`)

// lookUp asks for the values of a variable.
func (r reading) lookUp(ctx context.Context, env environment, v variable) ([]string, error) {
	query, err := env.fill(v.query, true)
	if err != nil {
		return nil, err
	}
	parts := labelValues.FindStringSubmatch(query)
	if parts == nil {
		return nil, fmt.Errorf("its values come of %s, and only label_values(..) is asked", evidence.Excerpt(v.query))
	}
	source, problem := r.catalog.find(v.source, env)
	if problem != nil {
		return nil, problem
	}
	api, err := r.source.api(source)
	if err != nil {
		return nil, err
	}
	var series []string
	if parts[1] != "" {
		series = []string{parts[1]}
	}
	values, _, _, err := api.LabelValues(ctx, parts[2], series, r.from, r.to, v1.WithLimit(mostAll+1))
	if err != nil {
		return nil, promapi.Problem(ctx, err)
	}
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = string(value)
	}
	return picked(texts, v.regex)
}

// picked are the values that a variable's expression picks: what it matches, or its first group.
func picked(values []string, expression string) ([]string, error) {
	if expression == "" {
		return values, nil
	}
	if inner, is := strings.CutPrefix(expression, "/"); is {
		expression = inner[:max(0, strings.LastIndexByte(inner, '/'))]
	}
	pattern, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("its values are picked by an expression that is not understood")
	}
	var all []string
	for _, v := range values {
		found := pattern.FindStringSubmatch(v)
		if found == nil {
			continue
		}
		if len(found) > 1 && found[1] != "" {
			v = found[1]
		}
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all, nil
}
