package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"xinbot.ir/squall/load/metric"
)

// Rules is pausing and resuming automation rules.
var Rules = &metric.Flow{
	Name: "rules", Title: "Rule toggling", Does: "Rule toggling",
	Status: http.StatusOK, Check: "rule pause or resume answers 200", Channels: []string{"pause", "resume"},
}

var rulesFlow = adminFlow{
	Flow: Rules, off: never, phase: 0.1, call: (*adminFlows).toggle,
	perMinute: func(w Workload, s Settings) float64 {
		if s.FreezeRules {
			return 0
		}
		return w.Rules.TogglesPerMinute
	},
}

// How rules are toggled and restored.
const (
	toggleFor      = 2 * time.Second  // how long a rule stays flipped
	restoreAttempt = 5 * time.Second  // one try of restoring a rule
	restoreWithin  = 20 * time.Second // all tries together, once the run has ended
)

// RuleNotRestoredError means that a rule could not be restored as it was found. It names the command by which
// a person can do it.
type RuleNotRestoredError struct {
	Rule   RuleState
	Remedy string // a command to run; it names the token's variable, not the token
	Err    error
}

// Error describes what is not reverted and what to do.
func (e *RuleNotRestoredError) Error() string {
	return fmt.Sprintf("restore %s (%s): %v; by hand: %s", e.Rule.Object(), foundState(e.Rule.Active), e.Err, e.Remedy)
}

// Unwrap is the error of the last try.
func (e *RuleNotRestoredError) Unwrap() error { return e.Err }

func foundState(active bool) string {
	if active {
		return "was active"
	}
	return "was paused"
}

func ruleVerb(active bool) string {
	if active {
		return "resume"
	}
	return "pause"
}

// ruleToggler pauses and resumes existing rules. A rule's state is in the ledger before it is
// touched and leaves it only after the rule was read back as it was found.
type ruleToggler struct {
	api    *adminAPI
	ledger Ledger
	ctx    context.Context //nolint:containedctx // how long restoring is tried; outlives the traffic
	giveUp context.CancelFunc

	mu         sync.Mutex
	next       map[string]int         // by tenant: index of the rule that is toggled next
	unresolved map[string]flippedRule // by ledger id: flipped, or not yet verified as restored
	busy       map[string]bool        // by rule id: being toggled now
	released   map[string]time.Time   // by rule id: when it was last released
}

// flippedRule is a rule with an unresolved record in the ledger.
type flippedRule struct {
	state RuleState
	err   error // why it could not be restored; nil: not tried to the end
}

func newRuleToggler(api *adminAPI, ledger Ledger) *ruleToggler {
	t := &ruleToggler{api: api, ledger: ledger, next: map[string]int{}, unresolved: map[string]flippedRule{}, busy: map[string]bool{}, released: map[string]time.Time{}}
	t.ctx, t.giveUp = context.WithCancel(context.Background())
	return t
}

// toggle flips one rule of a tenant and flips it back a moment later.
func (a *adminFlows) toggle(ctx context.Context, task *adminTask, _ time.Time) {
	t := a.rules
	asked := time.Now()
	rules, err := t.api.rules(ctx, task.tenant.ID)
	if err != nil || len(rules) == 0 {
		return // nothing to toggle; CheckRules has told the operator why
	}
	state, ok := t.nextRule(task.tenant.ID, rules, asked)
	if !ok {
		return
	}
	defer t.release(state.RuleID)
	id, err := t.ledger.Record(RuleKind, state.Object(), state)
	if err != nil {
		a.g.reportError(fmt.Errorf("toggle %s: %w", state.Object(), err))
		return // the rule is untouched, and no request has failed
	}
	t.mu.Lock()
	t.unresolved[id] = flippedRule{state: state}
	t.mu.Unlock()

	// Whatever becomes of the first call, the second one is made: the platform may have acted on a
	// call whose answer was lost. Both are due when they are made; what came before is our own doing.
	_ = a.measure(ctx, Rules.Series(ruleVerb(!state.Active)), time.Now(), ruleRequest(state.RuleID, !state.Active)) // counted by class
	if a.holdFlipped(ctx) {
		_ = a.measure(ctx, Rules.Series(ruleVerb(state.Active)), time.Now(), ruleRequest(state.RuleID, state.Active)) // counted by class
	}
	_ = t.restore(id) // tried as long as the run lasts and a while longer; what fails then, restoreAll reports
}

// holdFlipped waits while a rule is flipped; false when it was cut short because the run stops or rules are
// frozen. Then the rule is restored at once, and that request is not measured.
func (a *adminFlows) holdFlipped(ctx context.Context) bool {
	timer := time.NewTimer(toggleFor)
	defer timer.Stop()
	for {
		p := a.g.plan.Load()
		if p.settings.FreezeRules {
			return false
		}
		select {
		case <-timer.C:
			return true
		case <-p.wake:
		case <-a.g.stopping:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// nextRule returns the tenant's next rule that is not being toggled, from a list that was asked for at a time. One that
// was being toggled then may stand in the list as we had flipped it: it would be put back to that.
func (t *ruleToggler) nextRule(tenant string, rules []rule, asked time.Time) (RuleState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for range rules {
		r := rules[t.next[tenant]%len(rules)]
		t.next[tenant]++
		if released, once := t.released[r.ID]; t.busy[r.ID] || t.isUnresolved(r.ID) || once && !released.Before(asked) {
			continue
		}
		t.busy[r.ID] = true
		return RuleState{API: t.api.base.String(), TenantID: tenant, RuleID: r.ID, Active: r.Active}, true
	}
	return RuleState{}, false
}

// isUnresolved reports whether the ledger holds an unresolved record of the rule: its present state may be our
// change.
func (t *ruleToggler) isUnresolved(rule string) bool {
	for _, one := range t.unresolved {
		if one.state.RuleID == rule {
			return true
		}
	}
	return false
}

func (t *ruleToggler) release(rule string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.busy, rule)
	t.released[rule] = time.Now()
}

// restore restores one rule and resolves its record.
func (t *ruleToggler) restore(id string) error {
	t.mu.Lock()
	one := t.unresolved[id]
	t.mu.Unlock()
	err := t.api.restore(t.ctx, one.state)
	if err == nil {
		err = t.ledger.Resolve(id)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.err = err; err != nil {
		t.unresolved[id] = one
		return err
	}
	delete(t.unresolved, id)
	return nil
}

// startDeadline bounds how long restoring rules may still take, once the run is ending.
func (t *ruleToggler) startDeadline() { time.AfterFunc(restoreWithin, t.giveUp) }

// restoreAll reports what could not be restored, and restores what a toggle that did not come to
// its end has left. Only after all toggles have ended.
func (t *ruleToggler) restoreAll() error {
	defer t.giveUp()
	t.mu.Lock()
	left := maps.Clone(t.unresolved)
	t.mu.Unlock()
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(left)) {
		err := left[id].err
		if err == nil {
			err = t.restore(id)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// RestoreRule restores a rule as a ledger recorded it, from another process than the one that
// flipped it: it reads the rule, acts only if it differs, and reads it again. A rule that is gone
// needs nothing. Errors are *RuleNotRestoredError.
func RestoreRule(ctx context.Context, o Options, state RuleState) error {
	base, err := url.Parse(state.API)
	if err != nil {
		return fmt.Errorf("restore rule %s: ledger names API %q: %w", state.RuleID, state.API, err)
	}
	o.Orchestrator = base
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	api, err := newAdminAPI(o, new(transfer))
	if err != nil {
		return err
	}
	defer api.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, restoreWithin)
	defer cancel()
	return api.restore(ctx, state)
}

// restore tries until the rule reads as it was found or the context ends. Errors are *RuleNotRestoredError.
func (api *adminAPI) restore(ctx context.Context, state RuleState) error {
	var reason error // of the last try that was not cut short
	try := func() (struct{}, error) {
		once, cancel := context.WithTimeout(ctx, restoreAttempt)
		defer cancel()
		err := api.restoreOnce(once, state)
		if reason == nil || ctx.Err() == nil {
			reason = err
		}
		return struct{}{}, err
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 100 * time.Millisecond
	wait.MaxInterval = 2 * time.Second
	if _, err := backoff.Retry(ctx, try, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(0)); err != nil {
		return &RuleNotRestoredError{Rule: state, Err: reason, Remedy: state.Remedy()}
	}
	return nil
}

func (api *adminAPI) restoreOnce(ctx context.Context, state RuleState) error {
	back, err := api.isAsFound(ctx, state)
	if err != nil || back {
		return err
	}
	req := ruleRequest(state.RuleID, state.Active)
	status, words, err := api.do(ctx, req, nil)
	if err != nil {
		return fmt.Errorf("%s rule %s: %w", ruleVerb(state.Active), state.RuleID, err)
	}
	if status != Rules.Status {
		return fmt.Errorf("%s rule %s: answered %s", ruleVerb(state.Active), state.RuleID, statusText(status, words))
	}
	if back, err = api.isAsFound(ctx, state); err != nil {
		return err
	}
	if !back {
		return fmt.Errorf("%s rule %s: answered %d, but the rule reads back unchanged", ruleVerb(state.Active), state.RuleID, status)
	}
	return nil
}

// isAsFound reads the rule and reports whether it is as it was found, or deleted.
func (api *adminAPI) isAsFound(ctx context.Context, state RuleState) (bool, error) {
	rules, err := api.rules(ctx, state.TenantID)
	if err != nil {
		return false, err
	}
	for _, r := range rules {
		if r.ID == state.RuleID {
			return r.Active == state.Active, nil
		}
	}
	return true, nil
}

// rule is what we need to know of an automation rule.
type rule struct {
	ID     string `json:"id"`
	Active bool   `json:"is_active"`
}

// rules lists a tenant's rules.
func (api *adminAPI) rules(ctx context.Context, tenant string) ([]rule, error) {
	var rules []rule
	status, words, err := api.do(ctx, request{
		method: http.MethodGet, path: "/admin/automation/rules", query: url.Values{"tenant_id": {tenant}}.Encode(),
	}, func(r io.Reader) error { return json.NewDecoder(r).Decode(&rules) })
	if err != nil {
		return nil, fmt.Errorf("list rules of tenant %s: %w", tenant, err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("list rules of tenant %s: answered %s", tenant, statusText(status, words))
	}
	return rules, nil
}

// statusText is a status with what the answer said.
func statusText(status int, words string) string {
	if words == "" {
		return strconv.Itoa(status)
	}
	return strconv.Itoa(status) + " (" + words + ")"
}

func rulePath(id string, active bool) string {
	return "/admin/automation/rules/" + url.PathEscape(id) + "/" + ruleVerb(active)
}

func ruleRequest(id string, active bool) request {
	return request{method: http.MethodPost, path: rulePath(id, active)}
}

// CheckRules counts the rules that toggling would use, so that an operator can be told before the
// first toggle why there is nothing to toggle.
func (g *Generator) CheckRules(ctx context.Context) (int, error) {
	if g.admin == nil || g.admin.rules == nil {
		return 0, errors.New("rule toggling is off")
	}
	n := 0
	for _, tenant := range g.options.Workload.Tenants {
		rules, err := g.admin.api.rules(ctx, tenant.ID)
		if err != nil {
			return n, err
		}
		n += len(rules)
	}
	return n, nil
}
