package prom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// Export implements evidence.Source: a CSV file for each panel, and the alerts as JSON and CSV. Nothing is asked for
// that lies after to. Prometheus fills the times in which it was dead: values of those, and of the gaps that were seen
// while the run went on, are empty.
func (s *Source) Export(ctx context.Context, from, to time.Time, dir string) (files []evidence.File, err error) {
	if !from.Before(to) {
		return nil, errors.New("export panels: the range is empty")
	}
	var errs []error
	unrecorded, err := s.api.Unrecorded(ctx, from, to)
	if err != nil {
		errs = append(errs, err)
	}
	seen := s.seen(from, to)
	for _, p := range s.config.Panels {
		file, err := s.exportPanel(ctx, p, from, to, dir, append(seen.Of(p.Name), unrecorded...))
		if err != nil {
			errs = append(errs, fmt.Errorf("export panel %s: %w", p.Name, err))
		}
		if file.Name != "" {
			files = append(files, file)
		}
	}
	alerts, err := s.History(ctx, from, to)
	if err != nil {
		return files, errors.Join(append(errs, fmt.Errorf("export alerts: %w", err))...)
	}
	more, err := evidence.ExportAlerts(dir, Name, alerts)
	return append(files, more...), errors.Join(append(errs, err)...)
}

// seen are the gaps of the run in a time. Series that were too many to be shown are exported.
func (s *Source) seen(from, to time.Time) evidence.Gaps {
	s.mu.Lock()
	log := s.gaps
	s.mu.Unlock()
	if log == nil {
		return nil
	}
	return slices.DeleteFunc(log.Between(from, to), func(g evidence.Gap) bool { return g.Cause == evidence.TooManySeries })
}

func (s *Source) exportPanel(ctx context.Context, p evidence.Panel, from, to time.Time, dir string, unknown evidence.Gaps) (evidence.File, error) {
	r := v1.Range{Start: from, End: to, Step: s.config.Step}
	query := s.api.Found(ctx, s.query(p.Name), r)
	file := evidence.File{Name: "panel-" + p.Name + ".csv", Title: p.Title, Panel: p.Name, Unit: p.Unit, Lines: p.Lines, Query: query}
	err := evidence.WriteFile(dir, file.Name, func(w io.Writer) error {
		rows, err := evidence.NewSampleWriter(w)
		if err != nil {
			return err
		}
		if file.Gaps, err = s.api.Export(ctx, query, r, unknown, rows.Write); err != nil {
			return err
		}
		file.Rows, err = rows.Close()
		return err
	})
	if err != nil {
		file.Name = ""
	}
	err = errors.Join(promapi.NotFetched(file.Gaps), err)
	file.Gaps = file.Gaps.With(unknown)
	for i := range file.Gaps {
		file.Gaps[i].Source, file.Gaps[i].Panel = Name, p.Name
	}
	return file, err
}
