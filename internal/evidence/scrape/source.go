// Package scrape reads what the services of a platform show at /metrics, where nobody gives squall a Prometheus, and
// derives the panels from it: docs/evidence.md says how.
package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

// Name of the source.
const Name = "metrics"

// Bounds of the pace.
const (
	shortestInterval = time.Second
	defaultInterval  = 5 * time.Second
	mostPage         = 16 << 20 // bytes of an answer
)

// Target is a service that shows metrics.
type Target struct {
	Name   string // for people: "orchestrator"
	Server client.Config
}

// Config is what a source is made of.
type Config struct {
	Targets  []Target
	Panels   []evidence.Panel
	Interval time.Duration // between readings; 0: 5 s, at least 1 s
}

// Source is the services of one platform.
type Source struct {
	config  Config
	names   []string // of the targets
	clients map[string]*client.Client

	mu      sync.Mutex
	kept    []evidence.Sample
	dropped time.Time        // until when samples are no longer kept
	gaps    *evidence.GapLog // of the run; nil before it
}

// New checks a configuration. It contacts nothing.
func New(c Config) (*Source, error) {
	if c.Interval == 0 {
		c.Interval = defaultInterval
	}
	if c.Interval < shortestInterval {
		return nil, fmt.Errorf("read /metrics every %s: once a second is the most", c.Interval)
	}
	if len(c.Targets) == 0 {
		return nil, errors.New("read /metrics: no service is named")
	}
	for _, p := range c.Panels {
		if d := p.Derive; d.Kind == evidence.Quantile && (d.Quantile <= 0 || d.Quantile >= 1) || d.Kind > evidence.Each && d.Window <= 0 {
			return nil, fmt.Errorf("derive panel %s: its quantile must lie between 0 and 1, and its window be longer than nothing", p.Name)
		}
	}
	s := &Source{config: c, clients: map[string]*client.Client{}}
	for _, t := range c.Targets {
		t.Server.Accept = accept
		t.Server.Fresh = true // a kept connection stays with one replica and hides the others
		t.Server.MaxBody = mostPage
		t.Server.Timeout = c.Interval * 4 / 5
		way, err := client.New(t.Server)
		if err != nil {
			return nil, err
		}
		if s.clients[t.Name] != nil || t.Name == "" {
			return nil, fmt.Errorf("read /metrics: each service needs a name of its own: %q", t.Name)
		}
		s.clients[t.Name] = way
		s.names = append(s.names, t.Name)
	}
	return s, nil
}

// Name implements evidence.Source.
func (s *Source) Name() string { return Name }

// answer is what a target gave at one reading.
type answer struct {
	page *page
	err  error
}

// fetch reads a target.
func (s *Source) fetch(ctx context.Context, target string) answer {
	body, header, err := s.clients[target].Get(ctx)
	if err != nil {
		return answer{err: err}
	}
	p, err := parsePage(header, body)
	return answer{p, err}
}

// fetchAll reads all targets at the same time; none takes longer than its client waits.
func (s *Source) fetchAll(ctx context.Context) map[string]answer {
	answers := make([]answer, len(s.names))
	var work sync.WaitGroup
	for i, name := range s.names {
		work.Go(func() { answers[i] = s.fetch(ctx, name) })
	}
	work.Wait()
	all := make(map[string]answer, len(answers))
	for i, name := range s.names {
		all[name] = answers[i]
	}
	return all
}

// Run implements evidence.Source.
func (s *Source) Run(ctx context.Context, sink evidence.Sink) error {
	r := newReading(s.names, s.config.Panels, recorder{sink, s})
	s.mu.Lock()
	s.gaps = r.gaps
	s.mu.Unlock()
	evidence.Poll(ctx, s.config.Interval, func(at time.Time) {
		if answers := s.fetchAll(ctx); ctx.Err() == nil {
			r.take(at, answers)
		}
	})
	return nil
}

// mostKept is how many samples are kept for export: eight hours of the four panels for two tenants, once a second.
const mostKept = 200_000

// recorder keeps samples on their way.
type recorder struct {
	evidence.Sink
	source *Source
}

// Sample implements evidence.Sink.
func (r recorder) Sample(sample evidence.Sample) {
	r.source.keep(sample)
	r.Sink.Sample(sample)
}

func (s *Source) keep(sample evidence.Sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) == mostKept {
		old := mostKept / 8
		s.dropped = s.kept[old-1].At
		s.kept = append(s.kept[:0], s.kept[old:]...)
	}
	s.kept = append(s.kept, sample)
}

// Export implements evidence.Source: what was read while the source ran. A service keeps no history.
func (s *Source) Export(_ context.Context, from, to time.Time, dir string) (files []evidence.File, err error) {
	s.mu.Lock()
	kept, dropped, log := append([]evidence.Sample(nil), s.kept...), s.dropped, s.gaps
	s.mu.Unlock()
	var gaps evidence.Gaps
	if log != nil {
		gaps = log.Between(from, to)
	}
	var errs []error
	for _, p := range s.config.Panels {
		file := evidence.File{Name: "panel-" + p.Name + ".csv", Title: p.Title, Panel: p.Name, Unit: p.Unit, Lines: p.Lines}
		err := evidence.WriteFile(dir, file.Name, func(w io.Writer) (err error) {
			rows, err := evidence.NewSampleWriter(w)
			if err != nil {
				return err
			}
			for _, sample := range kept {
				if sample.Panel == p.Name && !sample.At.Before(from) && !sample.At.After(to) {
					if err := rows.Write(sample.At, sample.Labels, sample.Value); err != nil {
						return err
					}
				}
			}
			file.Rows, err = rows.Close()
			return err
		})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if dropped.After(from) {
			file.Gaps = append(file.Gaps, evidence.Gap{Source: Name, Panel: p.Name, Problem: evidence.Problem{Cause: evidence.Dropped}, From: from, Until: dropped})
		}
		file.Gaps = file.Gaps.With(gaps.Of(p.Name))
		if file.Rows == 0 && len(file.Gaps) == 0 {
			file.Gaps = append(file.Gaps, evidence.Gap{Source: Name, Panel: p.Name, Problem: evidence.Problem{Cause: evidence.NoSeries}, From: from, Until: to})
		}
		files = append(files, file)
	}
	return files, errors.Join(errs...)
}

// probes is how many answers of a target a check compares: of two processes behind an address that takes turns or draws
// lots, all are the same one's once in eight times.
const probes = 4

// Check implements evidence.Source.
func (s *Source) Check(ctx context.Context, want evidence.Wanted) (findings []evidence.Finding) {
	add := func(f evidence.Finding) {
		f.Source = Name
		findings = append(findings, f)
	}
	pages := map[string]*page{}
	for _, name := range s.names {
		p, f := s.probe(ctx, name)
		add(f)
		if p == nil {
			continue
		}
		pages[name] = p
		if f.Kind == evidence.SourceAnswers && p.born() == 0 {
			add(evidence.Finding{Kind: evidence.ProcessUnknown, Subject: name})
		}
	}
	for _, p := range s.config.Panels {
		f := checkPanel(p, pages)
		f.Needed = p.Needed
		add(f)
	}
	for _, metric := range want.Metrics {
		f := checkPanel(evidence.MetricPanel(metric), pages)
		if f.Kind == evidence.PanelHasData {
			f.Kind = evidence.MetricHasData
		}
		add(f)
	}
	return findings
}

// probe reads a target a few times and compares who answers.
func (s *Source) probe(ctx context.Context, target string) (*page, evidence.Finding) {
	var first *page
	for range probes {
		a := s.fetch(ctx, target)
		if a.err != nil {
			return nil, evidence.Finding{Kind: evidence.SourceFails, Subject: target, Problem: evidence.ProblemOf(a.err, evidence.Malformed)}
		}
		switch {
		case first == nil:
			first = a.page
		case a.page.born() != first.born():
			return first, evidence.Finding{Kind: evidence.ProcessesDiffer, Subject: target}
		}
	}
	return first, evidence.Finding{Kind: evidence.SourceAnswers, Found: target}
}

func checkPanel(p evidence.Panel, pages map[string]*page) evidence.Finding {
	d := p.Derive
	if d.Kind == evidence.NotDerived {
		return evidence.Finding{Kind: evidence.PanelFails, Subject: p.Title, Problem: &evidence.Problem{Cause: evidence.NotDerivable}}
	}
	there := false
	for _, page := range pages {
		if len(page.find(d.Metric, d.Match)) > 0 {
			return evidence.Finding{Kind: evidence.PanelHasData, Subject: p.Title}
		}
		there = there || len(page.find(d.Metric, nil)) > 0
	}
	if there {
		return evidence.Finding{Kind: evidence.PanelEmpty, Subject: p.Title, Found: "it looks for " + strings.Trim(d.Match.String(), "{}")}
	}
	return evidence.Finding{Kind: evidence.MetricMissing, Subject: d.Metric}
}
