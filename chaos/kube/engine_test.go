package kube

import (
	"context"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/testcluster"
)

var operator = event.By(event.RoleOperator)

// engine runs this driver's faults as squall does, with a ledger in dir.
func (s *stage) engine(t *testing.T, dir string) *chaos.Engine {
	t.Helper()
	ledger, err := chaos.OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	return chaos.New(chaos.Config{
		Faults: s.driver(t).Faults(), Undoers: Undoers(s.config), Ledger: ledger,
		Emit: func(by event.Actor, data any) error { t.Log(event.Make(time.Time{}, 0, by, data).Text()); return nil },
	})
}

// reaches waits until a fault is in a state.
func reaches(t *testing.T, e *chaos.Engine, id string, state chaos.State) chaos.Status {
	t.Helper()
	var last chaos.Status
	await(t, id+" "+state.String(), func() string {
		for _, f := range e.Snapshot() {
			if f.Info.ID == id {
				last = f
			}
		}
		if last.State != state {
			return last.State.String() + ": " + last.Detail
		}
		return ""
	})
	return last
}

func TestFaultsInTheEngine(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	qdrant := unchanged(t, "qdrant", s.deploymentSpec(testcluster.Qdrant))
	redis := unchanged(t, "redis", s.redisSpec)
	dir := t.TempDir()
	e := s.engine(t, dir)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(e.Inject("qdrant_throttle", rated(nil), operator))
	must(e.Inject("redis_outage", chaos.Params{"way": wayScale}, operator))
	reaches(t, e, "qdrant_throttle", chaos.Active)
	reaches(t, e, "redis_outage", chaos.Active)
	must(e.Adjust("qdrant_throttle", chaos.Params{"rate": "250", "for": "10m"}, operator))
	await(t, "the other rate", func() string {
		for _, n := range spaces {
			if got := n.qdiscs(t); !strings.Contains(got, "rate 2Mbit") {
				return got
			}
		}
		return ""
	})
	must(e.Adjust("redis_outage", chaos.Params{"for": "10m"}, operator))
	e.Halt(operator)
	must(e.Stop(operator))
	for _, n := range spaces {
		n.clean(t)
		n.awaitAlone(t)
	}
	qdrant()
	redis()
	if open, err := chaos.ReadLedger(dir); err != nil || len(open) != 0 {
		t.Errorf("open records %+v: %v", open, err)
	}
}

func TestRecoverAfterDeath(t *testing.T) {
	s := newStage(t)
	spaces := s.network(t)
	qdrant := unchanged(t, "qdrant", s.deploymentSpec(testcluster.Qdrant))
	redis := unchanged(t, "redis", s.redisSpec)
	dir := t.TempDir()
	ledger, err := chaos.OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, plan := range []chaos.Plan{s.accepted(t, "qdrant_throttle", rated(nil)), s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})} {
		for _, step := range plan.Steps {
			if _, err := ledger.Record(step.Kind, step.Object, step.Undo); err != nil {
				t.Fatal(err)
			}
		}
		apply(t, plan)
	}
	if err := ledger.Close(); err != nil { // the process is gone
		t.Fatal(err)
	}
	if ledger, err = chaos.OpenLedger(dir, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	results := chaos.Recover(context.Background(), ledger, Undoers(Config{Kubeconfig: s.config.Kubeconfig, Allow: s.config.Allow}), chaos.RecoverOptions{RecheckDelay: 1})
	if len(results) != 3 {
		t.Errorf("%d results, want 3", len(results))
	}
	for _, r := range results {
		if r.Err != nil {
			t.Error(r.Err)
		}
	}
	if len(ledger.Unresolved()) != 0 {
		t.Errorf("open records %+v", ledger.Unresolved())
	}
	for _, n := range spaces {
		n.clean(t)
	}
	qdrant()
	redis()
}
