package session

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
)

// Salvage writes the evidence of a run that ended before its sources wrote it, as one that was killed: the panels as they
// were read while it went on, and the alerts as they were seen. It does nothing for a run that has evidence, has read
// nothing, or still goes on.
func Salvage(dir string) (err error) {
	if size(dir, rundir.EvidenceDir, rundir.EvidenceFile) > 0 || size(dir, rundir.SamplesFile) == 0 {
		return nil
	}
	lock, err := Lock(dir)
	if err != nil {
		return fmt.Errorf("write the evidence of %s: lock: %w", dir, err)
	}
	switch held, err := lock.TryLock(); {
	case err != nil:
		return fmt.Errorf("write the evidence of %s: lock: %w", dir, err)
	case !held: // its session lives, and will write it
		return nil
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	files, err := rundir.Open(dir)
	if err != nil {
		return err
	}
	s := salvage{dir: filepath.Join(dir, rundir.EvidenceDir), run: files, line: timeline.Of(files.Events)}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("write the evidence of %s: %w", dir, err)
	}
	panels, failed := s.panels()
	alerts, err := s.alerts()
	return errors.Join(failed, err, rundir.SaveEvidence(dir, append(panels, alerts...)))
}

// size is that of a file; 0 when it is not there.
func size(path ...string) int64 {
	info, err := os.Stat(filepath.Join(path...))
	if err != nil {
		return 0
	}
	return info.Size()
}

// salvage is the evidence of a run that others no longer write.
type salvage struct {
	dir  string
	run  *rundir.Run
	line *timeline.Timeline
}

// panels writes the values of each panel, in the order in which they were read.
func (s salvage) panels() (written []rundir.Evidence, err error) {
	samples, source := map[string][]rundir.Sample{}, map[string]string{}
	err = s.run.EachSample(func(v rundir.Sample) {
		samples[v.Panel], source[v.Panel] = append(samples[v.Panel], v), v.Source
	})
	for _, p := range s.line.Start.Panels {
		if len(samples[p.Name]) == 0 {
			continue
		}
		e := rundir.Evidence{
			Source: source[p.Name], File: "panel-" + p.Name + ".csv", Title: p.Title, Panel: p.Name, Unit: p.Unit,
			Rows: len(samples[p.Name]), Salvaged: true, Gaps: s.gaps(p.Name),
		}
		for _, l := range p.Lines {
			e.Lines = append(e.Lines, rundir.EvidenceRef{Value: l.Value, Text: l.Text})
		}
		failed := evidence.WriteFile(s.dir, e.File, func(w io.Writer) error { return s.write(w, samples[p.Name]) })
		if err = errors.Join(err, failed); failed == nil {
			written = append(written, e)
		}
	}
	return written, err
}

func (s salvage) write(w io.Writer, samples []rundir.Sample) error {
	rows, err := evidence.NewSampleWriter(w)
	for _, v := range samples {
		at := s.line.Started.Add(time.Duration(v.At * float64(time.Second)))
		err = errors.Join(err, rows.Write(at, v.Labels, v.Value))
	}
	_, closed := rows.Close()
	return errors.Join(err, closed)
}

// gaps are those of a panel; one that goes on does so until the last that is known of the run.
func (s salvage) gaps(panel string) (all []rundir.EvidenceGap) {
	for _, g := range s.line.Gaps {
		if g.Panel != panel && (g.Panel != "" || !evidence.GivesPanels(g.Source)) {
			continue
		}
		until := g.To
		if until == timeline.Open {
			until = max(g.From, s.run.Length())
		}
		all = append(all, rundir.EvidenceGap{From: g.From, Until: until, Reason: g.Reason})
	}
	return all
}

// alerts writes what each source told of them.
func (s salvage) alerts() (written []rundir.Evidence, err error) {
	bySource := map[string][]evidence.Alert{}
	for _, a := range s.line.Alerts {
		bySource[a.Last.Source] = append(bySource[a.Last.Source], alertFrom(a.Last))
	}
	for _, source := range slices.Sorted(maps.Keys(bySource)) {
		files, failed := evidence.ExportAlerts(s.dir, source, bySource[source])
		err = errors.Join(err, failed)
		for _, f := range files {
			written = append(written, rundir.Evidence{Source: source, File: f.Name, Title: f.Title, Rows: f.Rows, Salvaged: true})
		}
	}
	return written, err
}

// alertFrom is an alert as its source gave it, of what the journal has.
func alertFrom(d event.AlertChanged) evidence.Alert {
	a := evidence.Alert{
		Source: d.Source, Name: d.Alert, Labels: evidence.Labels{"alertname": d.Alert}, Annotations: evidence.Labels{}, State: evidence.AlertState(d.State),
		ActiveAt: d.ActiveAt, FiredAt: d.FiredAt, ResolvedAt: d.ResolvedAt, FiredExact: d.FiredExact, ResolvedExact: d.ResolvedExact,
	}
	maps.Copy(a.Labels, d.Labels)
	for name, text := range map[string]string{"summary": d.Summary, "runbook": d.Runbook} {
		if text != "" {
			a.Annotations[name] = text
		}
	}
	return a
}
