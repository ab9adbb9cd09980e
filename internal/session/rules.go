package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/load"
)

// ruleUndoer restores rules in another process than the one that toggled them.
type ruleUndoer struct{ options load.Options }

// Undo restores the rule and reads it back. A rule has no third state that somebody else could have
// left, so there is nothing to overwrite.
func (u ruleUndoer) Undo(ctx context.Context, undo json.RawMessage, _ bool) error {
	var state load.RuleState
	if err := json.Unmarshal(undo, &state); err != nil {
		return fmt.Errorf("restore an automation rule: read ledger: %w", err)
	}
	if err := u.owns(state); err != nil {
		return err
	}
	err := load.RestoreRule(ctx, u.options, state)
	if failed, ok := errors.AsType[*load.RuleNotRestoredError](err); ok { // the caller adds the remedy
		return failed.Err
	}
	return err
}

// Describe says which rule is restored.
func (ruleUndoer) Describe(undo json.RawMessage) (chaos.Change, error) {
	var state load.RuleState
	if err := json.Unmarshal(undo, &state); err != nil {
		return chaos.Change{}, fmt.Errorf("read record of an automation rule: %w", err)
	}
	change := chaos.Change{Object: state.Object(), Place: "the admin API at " + state.API, Undo: "pause it"}
	if state.Active {
		change.Undo = "resume it"
	}
	if state.RuleID == "" || state.RuleID == "." || state.RuleID == ".." { // the dots would make another path
		return change, fmt.Errorf("read record of an automation rule: %q is no rule", state.RuleID)
	}
	return change, nil
}

// owns refuses a rule of another admin API than the configured one: the token is not for it.
func (u ruleUndoer) owns(state load.RuleState) error {
	own := ""
	if u.options.Orchestrator != nil {
		own = u.options.Orchestrator.String()
	}
	if strings.TrimRight(own, "/") == strings.TrimRight(state.API, "/") {
		return nil
	}
	foreign := &chaos.OtherTargetError{Record: "the admin API at " + state.API, Flag: "--orchestrator " + shellescape.Quote(state.API)}
	if own != "" {
		foreign.Own = "the admin API at " + own
	}
	return foreign
}

// Remedy is a call of the admin API; none of another one than the configured, for nobody is to be led to send the token there.
func (u ruleUndoer) Remedy(undo json.RawMessage) string {
	var state load.RuleState
	if json.Unmarshal(undo, &state) != nil || u.owns(state) != nil {
		return "look into the ledger"
	}
	return state.Remedy()
}
