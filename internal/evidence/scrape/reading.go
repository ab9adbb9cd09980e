package scrape

import (
	"fmt"
	"time"

	"xinbot.ir/squall/internal/evidence"
)

// reading is one run of a source: what was read of each target so far. It is fed by one goroutine.
type reading struct {
	targets []string
	panels  []evidence.Panel
	sink    evidence.Sink
	gaps    *evidence.GapLog
	begun   time.Time

	processes map[string]*process
	feeds     map[string]map[string]*feed // by panel, by target
}

func newReading(targets []string, panels []evidence.Panel, sink evidence.Sink) *reading {
	r := &reading{
		targets: targets, panels: panels, sink: sink, gaps: evidence.NewGapLog(Name, sink),
		processes: map[string]*process{}, feeds: map[string]map[string]*feed{},
	}
	for _, t := range targets {
		r.processes[t] = &process{}
	}
	for _, p := range panels {
		r.feeds[p.Name] = map[string]*feed{}
		for _, t := range targets {
			r.feeds[p.Name][t] = &feed{derivation: p.Derive}
		}
	}
	return r
}

// take takes what the targets gave, and hands the panels on.
func (r *reading) take(at time.Time, answers map[string]answer) {
	if r.begun.IsZero() {
		r.begun = at
	}
	problems := map[string]*evidence.Problem{} // by target: why its answer is of no use
	for _, t := range r.targets {
		problems[t] = r.takeTarget(at, t, answers[t])
	}
	for _, p := range r.panels {
		r.show(at, p, problems)
	}
}

func (r *reading) takeTarget(at time.Time, target string, a answer) *evidence.Problem {
	if a.err != nil {
		p := *evidence.ProblemOf(a.err, evidence.Malformed)
		return &p
	}
	found, fell := map[string][]series{}, false
	for _, p := range r.panels {
		found[p.Name] = a.page.find(p.Derive.Metric, p.Derive.Match)
		fell = r.feeds[p.Name][target].fell(found[p.Name]) || fell
	}
	v := r.processes[target].answered(a.page, at, fell)
	for _, p := range r.panels {
		f := r.feeds[p.Name][target]
		switch v {
		case unsettled, others:
			f.supplies = f.supplies || len(found[p.Name]) > 0
			f.restart()
			f.keep(found[p.Name])
			continue
		case fromAnew:
			f.restart()
		case usable:
		}
		if f.take(at, found[p.Name]); f.overflows() {
			f.restart()
			return &evidence.Problem{Cause: evidence.TooManySeries, Detail: p.Title}
		}
	}
	return v.problem()
}

// show hands a panel's values on, or says why there are none: those of a target that has supplied it are missing, or the
// panel has none.
func (r *reading) show(at time.Time, p evidence.Panel, problems map[string]*evidence.Problem) {
	feeds := r.feeds[p.Name]
	var missing, elsewhere *evidence.Problem
	for _, t := range r.targets {
		problem := problems[t]
		if problem == nil {
			continue
		}
		named := &evidence.Problem{Cause: problem.Cause, Detail: t}
		if problem.Detail != "" {
			named.Detail += ": " + problem.Detail
		}
		if feeds[t].supplies {
			missing = named
		}
		elsewhere = named
	}
	samples, problem := values(p, feeds, r.targets)
	switch {
	case missing != nil:
		problem = missing
	case problem != nil && problem.Cause == evidence.NoSeries && elsewhere != nil:
		problem = elsewhere // it may be that target's
	}
	if problem != nil && !problem.Partial() {
		since := at
		if problem.Cause == evidence.SeveralProcesses { // what was shown so far may have been one of them alone
			since = r.begun
		}
		r.gaps.OpenSince(p.Name, since, at, problem)
		return
	}
	if len(samples) > evidence.MaxSeries {
		problem = &evidence.Problem{Cause: evidence.TooManySeries, Detail: fmt.Sprintf("%d, and %d are shown", len(samples), evidence.MaxSeries)}
		samples = samples[:evidence.MaxSeries]
	}
	if problem != nil {
		r.gaps.Open(p.Name, at, problem)
	} else {
		r.gaps.Close(p.Name, at)
	}
	for _, s := range samples {
		s.Source, s.Panel, s.At = Name, p.Name, at
		r.sink.Sample(s)
	}
}
