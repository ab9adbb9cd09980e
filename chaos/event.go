package chaos

import (
	"errors"
	"fmt"

	"xinbot.ir/squall/internal/event"
)

// Errors of commands that came at the wrong time.
var (
	ErrHalted = errors.New("faults are blocked since the halt, until the halt is released")
	ErrClosed = errors.New("the run is ending")
)

// errUnknown names a fault that there is not.
func errUnknown(id string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("there is no fault %s: this target has none", id)
	}
	return fmt.Errorf("there is no fault %s: faults are %s", id, joinNames(known))
}

// squall is the actor of what the engine does by itself.
var squall = event.By(event.RoleSquall)
