package command

import (
	"errors"
	"fmt"

	"xinbot.ir/squall/internal/event"
)

// Inject starts a fault. What becomes of it follows as events: the preflight may still refuse it.
type Inject struct {
	Fault   string            `json:"fault"` // llm_latency
	Params  map[string]string `json:"params,omitempty"`
	Confirm string            `json:"confirm,omitempty"` // the name of the target, if it is protected
}

func (c Inject) title() string { return "inject " + c.Fault }
func (c Inject) check() error  { return named(c.title(), c.Fault) }

// Adjust changes parameters of an active fault that can be changed while it is on.
type Adjust struct {
	Fault  string            `json:"fault"`
	Params map[string]string `json:"params"`
}

func (c Adjust) title() string { return "change " + c.Fault }
func (c Adjust) check() error  { return named(c.title(), c.Fault) }

// Revert ends a fault. One that is off already is no error.
type Revert struct {
	Fault string `json:"fault"`
}

func (c Revert) title() string { return "revert " + c.Fault }
func (c Revert) check() error  { return named(c.title(), c.Fault) }

// Decide is a decision about a fault that could not be reverted.
type Decide struct {
	Fault    string         `json:"fault"`
	Decision event.Decision `json:"decision"`
}

func (c Decide) title() string { return fmt.Sprintf("decide about %s: %s", c.Fault, c.Decision) }

func (c Decide) check() error {
	switch c.Decision {
	case event.Retry, event.Overwrite, event.Abandon:
		return named(c.title(), c.Fault)
	}
	return fmt.Errorf("decide about %s: there is no decision %q: decisions are retry, overwrite, abandon", c.Fault, c.Decision)
}

func named(title, fault string) error {
	if fault == "" {
		return errors.New(title + ": name a fault")
	}
	return nil
}
