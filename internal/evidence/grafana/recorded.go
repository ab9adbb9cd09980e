package grafana

import (
	"context"
	"sync"

	"xinbot.ir/squall/internal/evidence"
)

// records are when each data source recorded nothing. It is safe for concurrent use.
type records struct {
	mu    sync.Mutex
	known map[dataSource]evidence.Gaps
}

// unrecorded asks the data source of a query when it recorded nothing: once for all of its panels, so that one of them alone
// has the error.
func (r reading) unrecorded(ctx context.Context, a ask) (evidence.Gaps, error) {
	r.records.mu.Lock()
	defer r.records.mu.Unlock()
	if gaps, is := r.records.known[a.source]; is {
		return gaps, nil
	}
	gaps, err := a.api.Unrecorded(ctx, r.from, r.to)
	if r.records.known == nil {
		r.records.known = map[dataSource]evidence.Gaps{}
	}
	r.records.known[a.source] = gaps
	return gaps, err
}
