package grafana

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"golang.org/x/sync/errgroup"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// atOnce is how many panels are exported at the same time.
const atOnce = 4

// job is a panel to export.
type job struct {
	d     found
	panel Panel
	env   environment
}

// name is that of the panel's files, without their endings.
func (j job) name() string { return "grafana-" + j.d.uid + "-" + j.panel.ID }

// title is what the panel shows, its variables filled in.
func (j job) title() string {
	title, err := j.env.scoped(j.panel.scope).fill(j.panel.Title, false)
	if err != nil {
		title = j.panel.Title
	}
	return evidence.Excerpt(j.d.dashboard.Title + ": " + title)
}

// Export implements evidence.Source: a CSV file for each panel, grafana-UID-PANEL.csv. The error names each dashboard
// and each panel that could not be read.
func (s *Source) Export(ctx context.Context, from, to time.Time, dir string) ([]evidence.File, error) {
	defer s.closeIdle()
	if !from.Before(to) {
		return nil, errors.New("export panels: the range is empty")
	}
	r := s.newReading(ctx, from, to)
	var jobs []job
	var errs []error
	for _, d := range r.dashboards(ctx) {
		if d.missing() {
			errs = append(errs, fmt.Errorf("there is no dashboard %s: %w", d.uid, d.problem))
			continue
		}
		if d.problem != nil {
			errs = append(errs, fmt.Errorf("dashboard %s: %w", d.uid, d.problem))
			continue
		}
		env := r.environment(ctx, d.dashboard)
		for _, p := range d.dashboard.Panels {
			jobs = append(jobs, job{d, p, env})
		}
	}
	files, failed := make([]evidence.File, len(jobs)), make([]error, len(jobs))
	var work errgroup.Group
	work.SetLimit(atOnce)
	for i, j := range jobs {
		work.Go(func() error {
			files[i], failed[i] = r.exportPanel(ctx, j, dir)
			return nil
		})
	}
	pictures, err := r.exportPictures(ctx, jobs, dir)
	_ = work.Wait() // each has its own error
	var written []evidence.File
	for i, j := range jobs {
		if failed[i] != nil {
			errs = append(errs, fmt.Errorf("%s: %w", j.d.panel(j.panel), failed[i]))
		}
		if files[i].Name != "" {
			written = append(written, files[i])
		}
	}
	return append(written, pictures...), errors.Join(append(errs, err)...)
}

// exportPanel writes the file of a panel. Its name is empty when none was written.
func (r reading) exportPanel(ctx context.Context, j job, dir string) (evidence.File, error) {
	asks, problem := r.asks(j.panel, j.env)
	if problem != nil {
		return evidence.File{}, problem
	}
	file := evidence.File{Name: j.name() + ".csv", Title: j.title(), Panel: j.name(), Unit: j.panel.Unit, Lines: j.panel.Lines}
	var unasked error
	var silent evidence.Gaps
	err := evidence.WriteFile(dir, file.Name, func(w io.Writer) error {
		rows, err := evidence.NewSampleWriter(w)
		if err != nil {
			return err
		}
		var queries []string
		series := newNames()
		for _, a := range asks {
			whole := v1.Range{Start: r.from, End: r.to, Step: a.step}
			a.expr = a.api.Found(ctx, a.expr, whole)
			queries = append(queries, a.expr)
			unknown, err := r.unrecorded(ctx, a)
			unasked, silent = errors.Join(unasked, err), silent.With(unknown)
			gaps, err := r.exportQuery(ctx, a, len(asks) > 1, whole, unknown, series, rows)
			if err != nil {
				return err
			}
			file.Gaps = append(file.Gaps, gaps...)
		}
		file.Query = strings.Join(queries, "\n")
		file.Rows, err = rows.Close()
		return err
	})
	if err != nil {
		return evidence.File{}, err
	}
	err = errors.Join(promapi.NotFetched(file.Gaps), unasked)
	file.Gaps = file.Gaps.With(silent)
	for i := range file.Gaps {
		file.Gaps[i].Source, file.Gaps[i].Panel = Name, file.Panel
	}
	return file, err
}

// exportQuery writes the samples of a query. Series beyond the most that are read are left out, and said.
func (r reading) exportQuery(ctx context.Context, a ask, several bool, whole v1.Range, unknown evidence.Gaps, series *names, rows *evidence.SampleWriter) (evidence.Gaps, error) {
	kept := map[string]bool{}
	left := map[string]bool{}
	gaps, err := a.api.Export(ctx, a.expr, whole, unknown, func(at time.Time, labels evidence.Labels, v float64) error {
		written := labels.String()
		if !kept[written] {
			if len(kept) == evidence.MaxSeries {
				left[written] = true
				return nil
			}
			kept[written] = true
		}
		return rows.WriteNamed(at, series.name(a.query, a.legend, several, labels, written), v)
	})
	if len(left) > 0 {
		gaps = append(gaps, evidence.Gap{
			Problem: evidence.Problem{Cause: evidence.TooManySeries, Detail: fmt.Sprintf("%d, and %d are written", len(left)+len(kept), len(kept))},
			From:    r.from, Until: r.to,
		})
	}
	return gaps, err
}
