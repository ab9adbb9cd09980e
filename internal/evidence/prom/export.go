package prom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"xinbot.ir/squall/internal/evidence"
)

// partPoints is how many points of a series are fetched at once. Prometheus refuses more than 11,000.
const partPoints = 10_000

// Export implements evidence.Source: a CSV file for each panel, and the alerts as JSON and CSV. Nothing is asked for
// that lies after to.
func (s *Source) Export(ctx context.Context, from, to time.Time, dir string) (files []evidence.File, err error) {
	if !from.Before(to) {
		return nil, errors.New("export panels: the range is empty")
	}
	var errs []error
	for _, p := range s.config.Panels {
		file, err := s.exportPanel(ctx, p, from, to, dir)
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

func (s *Source) exportPanel(ctx context.Context, p evidence.Panel, from, to time.Time, dir string) (evidence.File, error) {
	query := s.exportedQuery(ctx, p, from, to)
	file := evidence.File{Name: "panel-" + p.Name + ".csv", Title: p.Title, Panel: p.Name, Query: query}
	var last error
	err := evidence.WriteFile(dir, file.Name, func(w io.Writer) error {
		rows, err := evidence.NewSampleWriter(w)
		if err != nil {
			return err
		}
		for _, part := range parts(from, to, s.config.Step) {
			missing := evidence.Gap{Source: Name, Panel: p.Name, From: part.Start, Until: part.End}
			matrix, err := s.rangeOf(ctx, query, part)
			if err == nil && countValues(matrix) == 0 {
				missing.Problem = evidence.Problem{Cause: evidence.NoSeries}
				if len(matrix) > 0 {
					missing.Cause = evidence.NotANumber
				}
				file.Gaps = append(file.Gaps, missing)
			}
			if err != nil {
				last = err
				missing.Problem = *evidence.ProblemOf(err, evidence.Malformed)
				file.Gaps = append(file.Gaps, missing)
				continue
			}
			for _, series := range matrix {
				named := labels(series.Metric)
				for _, v := range series.Values {
					if finite(v.Value) {
						if err := rows.Write(v.Timestamp.Time(), named, float64(v.Value)); err != nil {
							return err
						}
					}
				}
			}
		}
		file.Rows, err = rows.Close()
		return err
	})
	if err != nil {
		file.Name = ""
	}
	return file, errors.Join(last, err)
}

// exportedQuery is the query that finds something in a range, or the panel's own.
func (s *Source) exportedQuery(ctx context.Context, p evidence.Panel, from, to time.Time) string {
	query := s.query(p.Name)
	other, _, is := renamed(query)
	if !is {
		return query
	}
	few := v1.Range{Start: from, End: to, Step: max(to.Sub(from)/100, s.config.Step)}
	if found, err := s.rangeOf(ctx, query, few); err != nil || len(found) > 0 {
		return query
	}
	if found, err := s.rangeOf(ctx, other, few); err == nil && len(found) > 0 {
		return other
	}
	return query
}

func (s *Source) rangeOf(ctx context.Context, query string, r v1.Range) (model.Matrix, error) {
	value, _, _, err := s.api.QueryRange(ctx, query, r)
	if err != nil {
		return nil, problem(ctx, err)
	}
	matrix, is := value.(model.Matrix)
	if !is {
		return nil, &evidence.Problem{Cause: evidence.Malformed, Detail: "no samples of a range, but " + value.Type().String()}
	}
	return matrix, nil
}

// parts cuts a range so that each part has few enough points, and no point comes twice.
func parts(from, to time.Time, step time.Duration) (all []v1.Range) {
	for begin := from; !begin.After(to); {
		end := begin.Add(step * (partPoints - 1))
		if end.After(to) {
			end = to
		}
		all = append(all, v1.Range{Start: begin, End: end, Step: step})
		begin = begin.Add(step * partPoints)
	}
	return all
}

func finite(v model.SampleValue) bool {
	return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
}

func countValues(m model.Matrix) (n int) {
	for _, series := range m {
		for _, v := range series.Values {
			if finite(v.Value) {
				n++
			}
		}
	}
	return n
}
