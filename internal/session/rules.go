package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/load"
)

// ruleLedger keeps rules in the session's ledger.
type ruleLedger struct {
	ledger *chaos.Ledger
	failed func(error) // told of errors
}

// ruleKind marks the ledger's records of automation rules.
const ruleKind = "rule"

// ruleObject names a rule in ledger and journal.
func ruleObject(state load.RuleState) string {
	return fmt.Sprintf("automation rule %s of tenant %s", state.RuleID, state.TenantID)
}

// Intend writes a rule's state down before the rule is touched.
func (l ruleLedger) Intend(state load.RuleState) (string, error) {
	id, err := l.ledger.Record(ruleKind, ruleObject(state), state)
	if err != nil {
		l.failed(err)
	}
	return id, err
}

// Restored closes the record.
func (l ruleLedger) Restored(id string) error {
	err := l.ledger.Resolve(id)
	if err != nil {
		l.failed(err)
	}
	return err
}

// ruleUndoer puts rules back in another process than the one that toggled them.
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
	var left *load.LeftBehind
	if errors.As(err, &left) { // the remedy is added by whoever gives up
		return left.Err
	}
	return err
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
	foreign := &chaos.OtherTargetError{Record: "the admin API at " + state.API, Flag: "--orchestrator " + state.API}
	if own != "" {
		foreign.Own = "the admin API at " + own
	}
	return foreign
}

// Remedy is a call of the admin API.
func (u ruleUndoer) Remedy(undo json.RawMessage) string {
	var state load.RuleState
	if json.Unmarshal(undo, &state) != nil {
		return "look into the ledger"
	}
	return state.Remedy()
}
