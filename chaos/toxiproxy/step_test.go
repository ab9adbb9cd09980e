package toxiproxy

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

// A change of parameters changes what is there, and our own changes are no obstacle to the plan.
func TestAdjustmentChangesInPlace(t *testing.T) {
	server := startProcess(t, startEcho(t), "llm-upstream")
	d := server.driver()
	first := plan(t, d, "llm_latency", chaos.Params{"latency": "20s"})
	apply(t, first)
	conn := dial(t, server.proxy("llm-upstream").Listen)
	second := plan(t, d, "llm_latency", chaos.Params{"latency": "70ms", "jitter": "0s"})
	for _, c := range second.Checks {
		if c.Answer != chaos.Passes {
			t.Errorf("%+v", c)
		}
	}
	if first.Steps[0].Object != second.Steps[0].Object || !reflect.DeepEqual(first.Steps[0].Undo, second.Steps[0].Undo) {
		t.Errorf("steps %q and %q", first.Steps[0].Object, second.Steps[0].Object)
	}
	apply(t, second)
	toxics := server.proxy("llm-upstream").ActiveToxics
	if len(toxics) != 1 || toxics[0].Attributes["latency"] != 70.0 || toxics[0].Attributes["jitter"] != 0.0 {
		t.Errorf("toxics %+v", toxics)
	}
	if took, err := trip(t, conn, 10); err != nil || took < 70*ms { // of a connection from before
		t.Errorf("a round trip took %s (%v)", took, err)
	}
	if errs := undo(t, first); len(errs) > 0 {
		t.Fatal(errs)
	}
}

var operator = event.By(event.RoleOperator)

// keeper is an engine on a driver, whose faults are watched by what it tells.
type keeper struct {
	*chaos.Engine
	t      *testing.T
	ledger *chaos.Ledger
	dir    string
	told   chan event.Event
}

func keep(t *testing.T, d *Driver) *keeper {
	t.Helper()
	k := &keeper{t: t, dir: t.TempDir(), told: make(chan event.Event, 1000)}
	var err error
	if k.ledger, err = chaos.OpenLedger(k.dir, nil); err != nil {
		t.Fatal(err)
	}
	k.Engine = chaos.New(chaos.Config{
		Faults: d.Faults(), Undoers: Undoers(d.config.URL, 0), Ledger: k.ledger,
		Emit:  func(by event.Actor, data any) error { k.told <- event.Make(time.Time{}, 0, by, data); return nil },
		Times: chaos.Times{RecheckDelay: ms, RetryDelay: 10 * ms, StopTimeout: 100 * ms},
	})
	return k
}

// until waits for an event, and fails on one that ends the fault.
func (k *keeper) until(kind event.Kind) {
	k.t.Helper()
	for {
		select {
		case e := <-k.told:
			switch {
			case e.Kind() == kind:
				return
			case slices.Contains([]event.Kind{"fault_refused", "fault_not_reverted", "fault_changed", "fault_not_changed"}, e.Kind()):
				k.t.Fatalf("told %q", e.Text())
			}
		case <-time.After(patience):
			k.t.Fatalf("nothing happened: %s", k.Snapshot()[0].Detail)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A whole life by the engine, through every way of failing.
func TestLifeThroughEveryWay(t *testing.T) {
	server := startProcess(t, startEcho(t), "llm-upstream")
	before := server.proxy("llm-upstream")
	k := keep(t, server.driver())
	must(t, k.Inject("llm_latency", chaos.Params{"latency": "30ms", "jitter": "0s"}, operator))
	k.until("fault_active")
	takes(30*ms, 10)(t, before.Listen)
	for _, next := range []struct {
		given  chaos.Params
		effect effect
		toxics int
	}{
		{chaos.Params{"errors": "refuse"}, isRefused, 2},
		{chaos.Params{"for": "20m"}, isRefused, 2}, // nothing else, while the proxy is off
		{chaos.Params{"errors": "reset"}, isReset(30 * ms), 2},
		{chaos.Params{"errors": "bandwidth", "rate": "500", "stream": "both"}, takes(60*ms, 10), 4},
		{chaos.Params{"errors": "refuse", "stream": "upstream"}, isRefused, 5},
		{chaos.Params{"errors": "timeout", "after": "10ms"}, isClosed(10 * ms), 1},
		{chaos.Params{"errors": "none", "toxicity": "0"}, passes, 1},
	} {
		must(t, k.Adjust("llm_latency", next.given, operator))
		k.until("fault_changed")
		next.effect(t, before.Listen)
		if got := server.proxy("llm-upstream").ActiveToxics; len(got) != next.toxics {
			t.Errorf("with %v there are %+v", next.given, got)
		}
	}
	k.Halt(operator)
	k.until("fault_reverted")
	must(t, k.Stop(operator))
	if after := server.proxy("llm-upstream"); len(after.ActiveToxics) > 0 || after.Listen != before.Listen || !after.Enabled {
		t.Errorf("after %+v, before %+v", after, before)
	}
	if open := k.ledger.Unresolved(); len(open) > 0 {
		t.Errorf("open records %+v", open)
	}
	must(t, k.ledger.Close())
}

// What a dead session left is reverted by another process, from the ledger alone.
func TestRecoveryNeedsTheLedgerAlone(t *testing.T) {
	w := newWorld(t)
	w.theirs("redis", "theirs")
	before := w.state()
	k := keep(t, w.driver())
	must(t, k.Inject("redis_outage", nil, operator))
	must(t, k.Inject("qdrant_throttle", chaos.Params{"rate": "9"}, operator))
	k.until("fault_active")
	k.until("fault_active")
	must(t, k.ledger.Close()) // and nothing more is heard of it

	ledger, err := chaos.OpenLedger(k.dir, nil)
	must(t, err)
	if open := len(ledger.Unresolved()); open != 4 {
		t.Errorf("%d open records, want 4", open)
	}
	for range 2 {
		for _, r := range chaos.Recover(t.Context(), ledger, Undoers(w.driver().config.URL, 0), chaos.RecoverOptions{RecheckDelay: ms}) {
			if r.Err != nil {
				t.Error(r.Err)
			}
		}
	}
	if after := w.state(); !reflect.DeepEqual(after, before) {
		t.Errorf("after recovery\n%v, before\n%v", after, before)
	}
	if err := k.Stop(operator); err == nil { // its ledger is closed; its faults are off
		t.Log("the dead session could still write")
	}
	must(t, ledger.Close())
}

// A server that dies in the middle: an error, and the undo holds once there is a server again, with
// its proxies or without.
func TestServerDiesInTheMiddle(t *testing.T) {
	echo := startEcho(t)
	server := startProcess(t, echo, "redis")
	listen := server.proxy("redis").Listen
	p := plan(t, server.driver(), "redis_outage", nil)
	must(t, p.Steps[0].Apply(t.Context()))
	server.kill()
	if err := p.Steps[1].Apply(t.Context()); err == nil {
		t.Error("applied on a dead server")
	}
	if errs := undo(t, p); len(errs) != len(p.Steps) {
		t.Errorf("%d errors of an undo on a dead server: %v", len(errs), errs)
	}
	if _, err := tryPlan(t, server.driver(), "redis_outage", nil); err == nil {
		t.Error("planned on a dead server")
	}
	server.start()
	if errs := undo(t, p); len(errs) > 0 { // the proxy is gone with the server's memory
		t.Error(errs)
	}
	server.create("redis", listen, echo)
	if errs := undo(t, p); len(errs) > 0 {
		t.Error(errs)
	}
	if got := server.proxy("redis"); !got.Enabled || len(got.ActiveToxics) > 0 {
		t.Errorf("%+v", got)
	}
}

// The API alone is away for a while; what was changed stays until it is back.
func TestAPIComesBack(t *testing.T) {
	w := newWorld(t)
	before := w.state()
	p := plan(t, w.driver(), "redis_outage", nil)
	apply(t, p)
	w.api.Close()
	if errs := undo(t, p); len(errs) != len(p.Steps) {
		t.Errorf("errors %v", errs)
	}
	w.open()
	if errs := undo(t, p); len(errs) > 0 || !reflect.DeepEqual(w.state(), before) {
		t.Errorf("errors %v, state %v", errs, w.state())
	}
}

// A port that somebody took while the proxy was off is an error, not a success.
func TestPortIsTaken(t *testing.T) {
	w := newWorld(t)
	before := w.state()
	p := plan(t, w.driver(), "redis_outage", nil)
	apply(t, p)
	taken, err := net.Listen("tcp", w.listen("redis"))
	must(t, err)
	errs := undo(t, p)
	if len(errs) != 2 { // the mark stays as long as the proxy is off
		t.Errorf("errors %v", errs)
	}
	if said := errors.Join(errs...).Error(); !strings.Contains(said, taken.Addr().String()) || !strings.Contains(said, "in use") {
		t.Errorf("the port that is taken is not named: %s", said)
	}
	taken.Close()
	if errs := undo(t, p); len(errs) > 0 || !reflect.DeepEqual(w.state(), before) {
		t.Errorf("errors %v, state %v", errs, w.state())
	}
}

func TestContextEndsCalls(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := plan(t, w.driver(), "redis_outage", nil)
	for _, step := range p.Steps {
		if err := step.Apply(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", step.Object, err)
		}
	}
}

// A proxy that is off without squall's mark was switched off by somebody else, who is asked.
func TestProxyOfSomebodyElsesIsNotSwitchedOn(t *testing.T) {
	w := newWorld(t)
	p := plan(t, w.driver(), "redis_outage", nil)
	apply(t, p)
	off, mark := p.Steps[len(p.Steps)-1], p.Steps[0]
	must(t, w.client("redis").RemoveToxic(mark.Undo.(toxicRecord).Toxic))
	raw, err := json.Marshal(off.Undo)
	must(t, err)
	var moved *chaos.ConflictError
	if err := undoersOf(t, raw, 0)[KindProxy].Undo(t.Context(), raw, false); !errors.As(err, &moved) || w.client("redis").Enabled {
		t.Errorf("undo without the mark: %v, enabled %v", err, w.client("redis").Enabled)
	}
	if err := undoersOf(t, raw, 0)[KindProxy].Undo(t.Context(), raw, true); err != nil || !w.client("redis").Enabled {
		t.Errorf("undo by a person's choice: %v", err)
	}
}
