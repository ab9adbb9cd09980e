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
		if s.QuietRules {
			return 0
		}
		return w.Rules.TogglesPerMinute
	},
}

// How rules are toggled and restored.
const (
	toggleFor      = 2 * time.Second  // how long a rule stays flipped
	restoreAttempt = 5 * time.Second  // one try of putting a rule back
	restoreWithin  = 20 * time.Second // all tries together, once the run has ended
)

// LeftBehind is a rule that could not be restored as it was found, and how a person can do it.
type LeftBehind struct {
	Rule   RuleState
	Remedy string // a command to run; it names the token's variable, not the token
	Err    error
}

// Error says what is not reverted and what to do.
func (l *LeftBehind) Error() string {
	return fmt.Sprintf("restore rule %s of tenant %s (%s): %v; by hand: %s",
		l.Rule.RuleID, l.Rule.TenantID, wordFor(l.Rule.Active), l.Err, l.Remedy)
}

// Unwrap is the error of the last try.
func (l *LeftBehind) Unwrap() error { return l.Err }

func wordFor(active bool) string {
	if active {
		return "was active"
	}
	return "was paused"
}

func verbFor(active bool) string {
	if active {
		return "resume"
	}
	return "pause"
}

// ruleToggler pauses and resumes existing rules. A rule's state is in the ledger before it is
// touched and leaves it only after the rule was read back as it was found.
type ruleToggler struct {
	api    *adminAPI
	ledger RuleLedger
	ctx    context.Context //nolint:containedctx // how long restoring is tried; outlives the traffic
	giveUp context.CancelFunc

	mu   sync.Mutex
	turn map[string]int     // by tenant: whose turn it is
	open map[string]toggled // by ledger id: flipped, or not yet proven to be back
	busy map[string]bool    // by rule id: being toggled now
}

// toggled is a rule that the ledger holds.
type toggled struct {
	state RuleState
	err   error // why it could not be restored; nil: not tried to the end
}

func newRuleToggler(api *adminAPI, ledger RuleLedger) *ruleToggler {
	t := &ruleToggler{api: api, ledger: ledger, turn: map[string]int{}, open: map[string]toggled{}, busy: map[string]bool{}}
	t.ctx, t.giveUp = context.WithCancel(context.Background())
	return t
}

// toggle flips one rule of a tenant and flips it back a moment later.
func (a *adminFlows) toggle(ctx context.Context, b *beat, _ time.Time) {
	t := a.rules
	rules, err := t.api.rules(ctx, b.tenant.ID)
	if err != nil || len(rules) == 0 {
		return // nothing to toggle; CheckRules has told the operator why
	}
	state, ok := t.choose(b.tenant.ID, rules)
	if !ok {
		return
	}
	defer t.release(state.RuleID)
	id, err := t.ledger.Intend(state)
	if err != nil {
		return // untouched; the ledger has told its owner, and it is no request that failed
	}
	t.mu.Lock()
	t.open[id] = toggled{state: state}
	t.mu.Unlock()

	// Whatever becomes of the first call, the second one is made: the platform may have acted on a
	// call whose answer was lost. Both are due when they are made; what came before is our own doing.
	_ = a.measure(ctx, Rules.Series(verbFor(!state.Active)), time.Now(), ruleRequest(state.RuleID, !state.Active)) // counted by class
	if a.hold(ctx) {
		_ = a.measure(ctx, Rules.Series(verbFor(state.Active)), time.Now(), ruleRequest(state.RuleID, state.Active)) // counted by class
	}
	_ = t.restore(id) // tried as long as the run lasts and a while longer; what fails then, restoreAll reports
}

// hold waits while a rule is flipped, and tells whether it waited to the end: it does not when the
// run stops or rules are to be left alone. Then the rule is restored right away, untimed.
func (a *adminFlows) hold(ctx context.Context) bool {
	timer := time.NewTimer(toggleFor)
	defer timer.Stop()
	for {
		p := a.g.plan.Load()
		if p.settings.QuietRules {
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

// choose takes the tenant's next rule that is not being toggled.
func (t *ruleToggler) choose(tenant string, rules []rule) (RuleState, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for range rules {
		r := rules[t.turn[tenant]%len(rules)]
		t.turn[tenant]++
		if t.busy[r.ID] || t.opened(r.ID) {
			continue
		}
		t.busy[r.ID] = true
		return RuleState{API: t.api.base.String(), TenantID: tenant, RuleID: r.ID, Active: r.Active}, true
	}
	return RuleState{}, false
}

// opened tells whether the ledger still holds the rule: what is read now may be our own doing.
func (t *ruleToggler) opened(rule string) bool {
	for _, one := range t.open {
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
}

// restore puts one rule back and closes its record.
func (t *ruleToggler) restore(id string) error {
	t.mu.Lock()
	one := t.open[id]
	t.mu.Unlock()
	err := t.api.restore(t.ctx, one.state)
	if err == nil {
		if err = t.ledger.Restored(id); err != nil {
			err = fmt.Errorf("close ledger record of rule %s: %w", one.state.RuleID, err)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if one.err = err; err != nil {
		t.open[id] = one
		return err
	}
	delete(t.open, id)
	return nil
}

// hurry bounds how long putting rules back may still take, once the run is ending.
func (t *ruleToggler) hurry() { time.AfterFunc(restoreWithin, t.giveUp) }

// restoreAll reports what could not be restored, and restores what a toggle that did not come to
// its end has left. Only after all toggles have ended.
func (t *ruleToggler) restoreAll() error {
	defer t.giveUp()
	t.mu.Lock()
	left := maps.Clone(t.open)
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

// RestoreRule puts a rule back as a ledger found it, from another process than the one that
// flipped it: it reads the rule, acts only if it differs, and reads it again. A rule that is gone
// needs nothing. Errors are *LeftBehind.
func RestoreRule(ctx context.Context, o Options, state RuleState) error {
	base, err := url.Parse(state.API)
	if err != nil {
		return fmt.Errorf("restore rule %s: ledger names API %q: %w", state.RuleID, state.API, err)
	}
	o.Orchestrator = base
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	api, err := newAdminAPI(o)
	if err != nil {
		return err
	}
	defer api.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, restoreWithin)
	defer cancel()
	return api.restore(ctx, state)
}

// restore tries until the rule reads as it was found or the context ends. Errors are *LeftBehind.
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
		return &LeftBehind{Rule: state, Err: reason, Remedy: state.Remedy()}
	}
	return nil
}

func (api *adminAPI) restoreOnce(ctx context.Context, state RuleState) error {
	back, err := api.isBack(ctx, state)
	if err != nil || back {
		return err
	}
	req := ruleRequest(state.RuleID, state.Active)
	status, err := api.do(ctx, req, nil)
	if err != nil {
		return fmt.Errorf("%s rule %s: %w", verbFor(state.Active), state.RuleID, err)
	}
	if status != Rules.Status {
		return fmt.Errorf("%s rule %s: answered %d", verbFor(state.Active), state.RuleID, status)
	}
	if back, err = api.isBack(ctx, state); err != nil {
		return err
	}
	if !back {
		return fmt.Errorf("%s rule %s: answered %d, but the rule reads back unchanged", verbFor(state.Active), state.RuleID, status)
	}
	return nil
}

// isBack reads the rule and tells whether it is as it was found, or gone.
func (api *adminAPI) isBack(ctx context.Context, state RuleState) (bool, error) {
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
	status, err := api.do(ctx, request{
		method: http.MethodGet, path: "/admin/automation/rules", query: url.Values{"tenant_id": {tenant}}.Encode(),
	}, func(r io.Reader) error { return json.NewDecoder(r).Decode(&rules) })
	if err != nil {
		return nil, fmt.Errorf("list rules of tenant %s: %w", tenant, err)
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("list rules of tenant %s: answered %d", tenant, status)
	}
	return rules, nil
}

func rulePath(id string, active bool) string {
	return "/admin/automation/rules/" + url.PathEscape(id) + "/" + verbFor(active)
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
