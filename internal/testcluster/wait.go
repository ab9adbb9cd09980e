package testcluster

import (
	"context"
	"fmt"
	"time"
)

// pace is the time between two looks.
const pace = 20 * time.Millisecond

// await looks until there is nothing missing any more, or the context ends.
// look returns what is still missing, and an error that ends the wait.
func await(ctx context.Context, what string, look func(context.Context) (missing string, err error)) error {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		missing, err := look(ctx)
		if err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if missing == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w; last seen: %s", what, context.Cause(ctx), missing)
		case <-ticker.C:
		}
	}
}
