package session

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/rundir"
)

// Monitoring is where a session learns what the platform says of itself.
type Monitoring struct {
	Sources []evidence.Source // of metrics, alerts or both
	Beside  []evidence.Source // of neither: they write files
	Panels  []evidence.Panel  // that they read, in the order of the screen
	Metrics bool              // one of them reads metrics
	Alerts  bool              // one of them reads alerts
	// Interval is how often they read.
	Interval time.Duration
}

// PanelOf is the panel that has the values of a query.
func (m Monitoring) PanelOf(query string) (evidence.Panel, bool) {
	i := slices.IndexFunc(m.Panels, func(p evidence.Panel) bool { return p.Query == query })
	if i < 0 {
		return evidence.Panel{}, false
	}
	return m.Panels[i], true
}

// All are the sources of either kind.
func (m Monitoring) All() []evidence.Source { return slices.Concat(m.Sources, m.Beside) }

// panels are those that the run's first event names; none without a source of metrics.
func (m Monitoring) panels() (all []event.Panel) {
	if !m.Metrics {
		return nil
	}
	for _, p := range m.Panels {
		panel := event.Panel{Name: p.Name, Title: p.Title, Unit: string(p.Unit), Query: p.Query}
		for _, l := range p.Lines {
			panel.Lines = append(panel.Lines, event.PanelLine{Value: l.Value, Text: l.Text})
		}
		all = append(all, panel)
	}
	return all
}

// PanelState is one panel of the platform's own metrics at a moment.
type PanelState struct {
	evidence.Panel
	Points []Point           // oldest first, the newest [mostPoints] of the run; they do not change
	Newest []evidence.Sample // of each series at the last reading, by labels
}

// Point is one reading of a panel: the highest of its series.
type Point struct {
	At    float64 // seconds since the start
	Value float64 // in the panel's unit
}

// mostPoints bounds what is kept of a panel for the screen: two hours at a reading a second. The disk has all of it.
const mostPoints = 7200

// monitor takes what sources read: samples into the run directory and for the screen, alerts and gaps into the journal.
type monitor struct {
	config  Monitoring
	started time.Time
	emit    func(by event.Actor, data any)
	watch   []signalWatcher

	mu       sync.Mutex
	panels   map[string]*panelReadings
	down     map[string]bool         // sources that give nothing at all
	told     map[[2]string]time.Time // gaps that were told, by source and panel, and since when they go on
	unsaved  []rundir.Sample
	findings []evidence.Finding
}

// signalWatcher is who waits for alerts and metrics.
type signalWatcher interface {
	sample(evidence.Sample)
	gap(evidence.Gap) // that begins
	alert(evidence.Alert)
}

type panelReadings struct {
	points []Point
	now    Point // the reading that goes on
	open   bool
	newest map[string]evidence.Sample
	at     time.Time // of the newest reading
}

func newMonitor(c Monitoring, started time.Time, emit func(event.Actor, any), watch ...signalWatcher) *monitor {
	m := &monitor{config: c, started: started, emit: emit, watch: watch, panels: map[string]*panelReadings{}, down: map[string]bool{}, told: map[[2]string]time.Time{}}
	for _, p := range c.Panels {
		m.panels[p.Name] = &panelReadings{newest: map[string]evidence.Sample{}}
	}
	return m
}

// run looks at a source and then reads it until ctx ends. What fails for good is a gap of the whole source.
func (m *monitor) run(ctx context.Context, s evidence.Source, want evidence.Wanted) {
	findings := s.Check(ctx, want)
	m.mu.Lock()
	m.findings = append(m.findings, findings...)
	m.mu.Unlock()
	if err := s.Run(ctx, m); err != nil && ctx.Err() == nil {
		m.Gap(evidence.Gap{Source: s.Name(), Problem: *evidence.ProblemOf(err, evidence.Unreachable), From: time.Now()})
	}
}

// Sample implements evidence.Sink.
func (m *monitor) Sample(s evidence.Sample) {
	at := s.At.Sub(m.started).Seconds()
	m.mu.Lock()
	m.unsaved = append(m.unsaved, rundir.Sample{At: at, Source: s.Source, Panel: s.Panel, Labels: s.Labels, Value: s.Value})
	if p := m.panels[s.Panel]; p != nil {
		p.add(s, at)
	}
	m.mu.Unlock()
	for _, w := range m.watch {
		w.sample(s)
	}
}

// add notes a value; values of one time are one reading.
func (p *panelReadings) add(s evidence.Sample, at float64) {
	if !s.At.Equal(p.at) {
		p.close()
		p.at, p.newest = s.At, map[string]evidence.Sample{}
	}
	p.newest[s.Labels.String()] = s
	if !p.open || s.Value > p.now.Value {
		p.now, p.open = Point{at, s.Value}, true
	}
}

// close ends the reading that goes on. Readers hold older slices of the same array, so a point that was appended is
// never changed.
func (p *panelReadings) close() {
	if !p.open {
		return
	}
	if len(p.points) == cap(p.points) {
		from := max(0, len(p.points)-mostPoints+1)
		p.points = append(make([]Point, 0, 2*(len(p.points)-from)+64), p.points[from:]...)
	}
	p.points, p.open = append(p.points, p.now), false
}

// Alert implements evidence.Sink.
func (m *monitor) Alert(a evidence.Alert) {
	a = a.Until(time.Now())
	m.emit(event.BySource(a.Source), event.AlertChanged{
		Source: a.Source, Alert: a.Name, Labels: a.Labels.Without("alertname"), Summary: a.Annotations["summary"], Runbook: a.Annotations["runbook"],
		State: event.AlertState(a.State), ActiveAt: a.ActiveAt, FiredAt: a.FiredAt, ResolvedAt: a.ResolvedAt,
		FiredExact: a.FiredExact, ResolvedExact: a.ResolvedExact,
	})
	for _, w := range m.watch {
		w.alert(a)
	}
}

// Gap implements evidence.Sink.
func (m *monitor) Gap(g evidence.Gap) {
	since, told := m.noteGap(g)
	by, title := event.BySource(g.Source), m.title(g.Panel)
	switch {
	case !g.Until.IsZero() && !told: // of too few samples
		return
	case !g.Until.IsZero():
		m.emit(by, event.SourceBack{Source: g.Source, Panel: g.Panel, Title: title, Lasted: g.Until.Sub(since).Seconds(), Partial: g.Partial()})
		return
	case g.Cause == evidence.TooFewSamples:
		return // as at each beginning: it is no news
	}
	for _, w := range m.watch {
		w.gap(g)
	}
	m.emit(by, event.SourceGap{Source: g.Source, Panel: g.Panel, Title: title, Reason: g.Error(), Remedy: g.Remedy(), Partial: g.Partial(), Since: g.From})
}

// noteGap keeps since when a gap that was told goes on, through all its causes, and whether one does.
func (m *monitor) noteGap(g evidence.Gap) (since time.Time, told bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if g.Panel == "" {
		m.down[g.Source] = g.Until.IsZero()
	}
	place := [2]string{g.Source, g.Panel}
	since, told = m.told[place]
	switch {
	case !g.Until.IsZero():
		delete(m.told, place)
	case !told && g.Cause != evidence.TooFewSamples:
		m.told[place] = g.From
	}
	return since, told
}

// title is a panel for people; "" of none.
func (m *monitor) title(panel string) string {
	for _, p := range m.config.Panels {
		if p.Name == panel {
			return p.Title
		}
	}
	return panel
}

// allDown reports whether no source gives anything.
func (m *monitor) allDown() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.config.Sources {
		if !m.down[s.Name()] {
			return false
		}
	}
	return true
}

// takeUnsaved hands out the samples that the disk does not have yet.
func (m *monitor) takeUnsaved() []rundir.Sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	unsaved := m.unsaved
	m.unsaved = nil
	return unsaved
}

// state is what is known of each panel; none when nothing reads them.
func (m *monitor) state() []PanelState {
	if !m.config.Metrics {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	states := make([]PanelState, len(m.config.Panels))
	for i, panel := range m.config.Panels {
		p := m.panels[panel.Name]
		states[i] = PanelState{Panel: panel, Points: slices.Clip(p.points)}
		for _, series := range slices.Sorted(maps.Keys(p.newest)) {
			states[i].Newest = append(states[i].Newest, p.newest[series])
		}
	}
	return states
}

// about are the findings about an alert or a metric that are no good news. A metric that has come since then is not
// missing any more.
func (m *monitor) about(name string) (found []evidence.Finding) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.findings {
		p := m.panels[name]
		come := f.Kind == evidence.MetricMissing && p != nil && len(p.newest) > 0
		if f.Subject == name && f.Level() != evidence.OK && !come {
			found = append(found, f)
		}
	}
	return found
}

// startMonitoring begins to read the sources.
func (s *Session) startMonitoring() {
	want := s.config.Wanted()
	for _, source := range s.config.Monitoring.All() {
		s.work.Go(func() { s.monitor.run(s.ctx, source, want) })
	}
}

// saveSamples writes what sources have read since the last time.
func (s *Session) saveSamples() {
	unsaved := s.monitor.takeUnsaved()
	if len(unsaved) == 0 {
		return
	}
	if err := s.journal.writer.Samples(unsaved); err != nil {
		s.reportInternal(fmt.Errorf("write samples of the platform: %w", err))
	}
}

// EvidenceDir is the directory, in that of the run, of what the sources knew at its end.
const EvidenceDir = rundir.EvidenceDir

// exportTime bounds the export at the end of a run.
const exportTime = 10 * time.Second

// exportEvidence lets every source write down what it knows of the run. What is missing is said in the journal.
func (s *Session) exportEvidence() {
	if len(s.config.Monitoring.All()) == 0 {
		return
	}
	dir := filepath.Join(s.config.Dir, rundir.EvidenceDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		s.emit(squall, event.Warned{Warning: fmt.Sprintf("evidence is missing: create its directory: %v", err)})
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), exportTime)
	defer cancel()
	until := time.Now()
	sources := s.config.Monitoring.All()
	written := make([][]rundir.Evidence, len(sources))
	var exports sync.WaitGroup
	for i, source := range sources {
		exports.Go(func() {
			files, err := source.Export(ctx, s.started, until, dir)
			if err != nil {
				s.emit(squall, event.Warned{Warning: fmt.Sprintf("evidence of %s is incomplete: %v", source.Name(), err)})
			}
			for _, f := range files {
				written[i] = append(written[i], s.evidenceOf(source.Name(), f))
			}
		})
	}
	exports.Wait()
	if err := rundir.SaveEvidence(s.config.Dir, slices.Concat(written...)); err != nil {
		s.emit(squall, event.Warned{Warning: err.Error()})
	}
}

// evidenceOf is a file as the index has it.
func (s *Session) evidenceOf(source string, f evidence.File) rundir.Evidence {
	redact := s.journal.redact // titles and queries come from elsewhere
	e := rundir.Evidence{Source: source, File: f.Name, Title: redact(f.Title), Panel: f.Panel, Unit: string(f.Unit), Query: redact(f.Query), Rows: f.Rows}
	for _, l := range f.Lines {
		e.Lines = append(e.Lines, rundir.EvidenceRef{Value: l.Value, Text: l.Text})
	}
	for _, g := range f.Gaps {
		e.Gaps = append(e.Gaps, rundir.EvidenceGap{From: g.From.Sub(s.started).Seconds(), Until: g.Until.Sub(s.started).Seconds(), Reason: redact(g.Error())})
	}
	return e
}

// Wanted is what the expectations of all faults wait for.
func (c Config) Wanted() (want evidence.Wanted) {
	for _, f := range c.Faults {
		info := f.Info()
		for _, x := range info.Expect {
			switch x.Signal {
			case event.AlertFires:
				want.Alerts = append(want.Alerts, evidence.WantedAlert{Name: x.Name, Within: alertDeadline(x, info, c.FaultParams[info.ID])})
			case event.MetricBelow, event.CounterIncreases:
				if !slices.Contains(want.Metrics, x.Name) {
					want.Metrics = append(want.Metrics, x.Name)
				}
			case event.Recovers, event.Holds, event.Scales, event.LatencyRises:
			}
		}
	}
	return want
}
