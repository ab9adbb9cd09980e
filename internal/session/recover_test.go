package session

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/demo"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/load"
)

// ruleActive reads one rule from the platform.
func ruleActive(t *testing.T, p *demo.Platform, tenant, id string) bool {
	t.Helper()
	for _, r := range rulesOf(t, p, tenant) {
		if r.ID == id {
			return r.Active
		}
	}
	t.Fatalf("rule %s is gone", id)
	return false
}

type platformRule struct {
	ID     string `json:"id"`
	Active bool   `json:"is_active"`
}

func rulesOf(t *testing.T, p *demo.Platform, tenant string) []platformRule {
	t.Helper()
	var rules []platformRule
	answer := call(t, p, http.MethodGet, "/admin/automation/rules?tenant_id="+tenant)
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&rules); err != nil {
		t.Fatal(err)
	}
	return rules
}

func call(t *testing.T, p *demo.Platform, method, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, p.OrchestratorURL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.AdminToken())
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return answer
}

// A session is killed while a rule is flipped: its ledger is all that is left.
func TestRecoverPutsRulesBack(t *testing.T) {
	p := platform(t)
	c := config(t, p)
	tenant := c.Options.Workload.Tenants[0].ID
	root := t.TempDir()
	dir := filepath.Join(root, "run")
	dead := start(t, func() Config { d := c; d.Dir = dir; d.Options.Keys = nil; d.Embedded = false; return d }())
	finish(dead)
	<-dead.Done()

	rule := rulesOf(t, p, tenant)[0]
	key, err := chaos.ReadKey(filepath.Join(root, "key"))
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := chaos.OpenLedger(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	state := load.RuleState{API: p.OrchestratorURL(), TenantID: tenant, RuleID: rule.ID, Active: rule.Active}
	if _, err := ledger.Record(load.RuleKind, state.Object(), state); err != nil {
		t.Fatal(err)
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	verb := map[bool]string{true: "pause", false: "resume"}[rule.Active]
	_ = call(t, p, http.MethodPost, "/admin/automation/rules/"+rule.ID+"/"+verb).Body.Close()
	if ruleActive(t, p, tenant, rule.ID) == rule.Active {
		t.Fatal("the rule was not flipped")
	}

	if dirs, err := Unfinished(root); err != nil || len(dirs) != 1 || dirs[0] != dir {
		t.Fatalf("unfinished runs: %v, %v", dirs, err)
	}
	wrong := c.Options
	wrong.Keys = new(load.Keyring)
	wrong.Keys.SetToken("wrong-token")
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // one try is enough here
	failed, err := Recover(ctx, dir, RecoverOptions{Options: wrong, Key: key})
	if err != nil || len(failed) != 1 || failed[0].Err == nil {
		t.Fatalf("recover with a wrong token: %+v, %v", failed, err)
	}
	var left *chaos.NotRevertedError
	if !errors.As(failed[0].Err, &left) || !strings.Contains(left.Remedy, rule.ID) || strings.Contains(failed[0].Err.Error(), "wrong-token") {
		t.Errorf("not reverted: %v", failed[0].Err)
	}
	for range 2 { // twice is fine
		if _, err := Recover(context.Background(), dir, RecoverOptions{Options: c.Options, Key: key}); err != nil {
			t.Fatal(err)
		}
		if ruleActive(t, p, tenant, rule.ID) != rule.Active {
			t.Error("the rule is not back")
		}
	}
	if dirs, err := Unfinished(root); err != nil || len(dirs) != 0 {
		t.Errorf("unfinished after recovery: %v, %v", dirs, err)
	}
}

func TestRecoverLeavesALivingSessionAlone(t *testing.T) {
	p := platform(t)
	c := config(t, p)
	start(t, c)
	if _, err := Recover(context.Background(), c.Dir, RecoverOptions{Options: c.Options}); !errors.Is(err, ErrAlive) {
		t.Errorf("recover beside a living session: %v", err)
	}
}

// A ledger that is gone does not make a fault gone: the journal says that it was on.
func TestRecoverNamesWhatTheLedgerHasLost(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "run")
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	about := event.Injection{Fault: "redis_outage", Title: "Redis outage", Run: 1}
	for i, data := range []any{
		event.RunStarted{Target: "staging"}, event.FaultStarted{Injection: about}, event.FaultActive{Injection: about},
	} {
		if err := w.Event(event.Make(now, float64(i), event.By(event.RoleOperator), data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if dirs, err := Unfinished(root); err != nil || len(dirs) != 1 {
		t.Errorf("unfinished: %v, %v", dirs, err)
	}
	results, err := Recover(t.Context(), dir, RecoverOptions{})
	if err != nil || len(results) != 1 || results[0].Err == nil {
		t.Fatalf("%+v, %v", results, err)
	}
	if text := results[0].Err.Error(); !strings.Contains(text, "revert Redis outage: the journal says that it was injected at 00:02 and never reverted") {
		t.Error(text)
	}
}
