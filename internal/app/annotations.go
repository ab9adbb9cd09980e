package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"xinbot.ir/squall/internal/annotate"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/evidence/grafana"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/telemetry"
)

// openAnnotations marks a run in Grafana.
func openAnnotations(r config.Resolved, dir string, _ *telemetry.Meter) (session.Outlet, func() error, error) {
	board, err := annotationsOf(r)
	if err != nil {
		return nil, nil, err
	}
	annotator := annotate.New(annotate.Config{Board: board, Where: board.Where(), File: filepath.Join(dir, annotate.File), Redact: r.Options.Keys.Redact})
	tell := func(ctx context.Context, s *session.Session) {
		defer board.Close()
		annotator.Run(ctx, s)
	}
	return tell, func() error { return nil }, nil
}

func annotationsOf(r config.Resolved) (*grafana.Annotations, error) {
	board, err := grafana.NewAnnotations(serverOf(r.Monitoring, r.Monitoring.Grafana, r.Monitoring.GrafanaToken, r.Options.Keys.Hide))
	if err != nil {
		return nil, fmt.Errorf("annotate in Grafana: %w", err)
	}
	return board, nil
}

// RemoveAnnotations removes what a run has marked in the Grafana that the configuration names, and returns how many
// annotations there were and where. A run that marked another Grafana is refused, and nothing is contacted: credentials
// go to the place that they were given for.
func RemoveAnnotations(ctx context.Context, r config.Resolved, dir string) (removed int, where string, err error) {
	refuse := func(format string, args ...any) (int, string, error) {
		return 0, "", fmt.Errorf("remove annotations of %s: %w", dir, fmt.Errorf(format, args...))
	}
	run, err := rundir.Open(dir)
	if err != nil {
		return refuse("%w", err)
	}
	written, err := annotate.ReadWritten(filepath.Join(dir, annotate.File))
	switch {
	case err != nil:
		return refuse("%w", err)
	case len(written) == 0:
		return 0, "", nil
	case r.Monitoring.Grafana == nil:
		return refuse("they are in %s: add --grafana URL", written[0].Where)
	case !annotate.IsRunID(run.Meta.RunID):
		return refuse("its journal does not say the id of the run")
	}
	board, err := annotationsOf(r)
	if err != nil {
		return refuse("%w", err)
	}
	defer board.Close()
	where = board.Where()
	if i := slices.IndexFunc(written, func(w annotate.Written) bool { return w.Where != where }); i >= 0 {
		return refuse("they are in %s, and --grafana names %s: nothing was contacted", written[i].Where, where)
	}
	removed, err = board.RemoveTagged(ctx, annotate.Tag, run.Meta.RunID)
	if err != nil {
		return removed, where, fmt.Errorf("remove annotations of %s: %w", dir, err)
	}
	return removed, where, nil
}
