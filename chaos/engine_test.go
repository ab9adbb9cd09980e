package chaos

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"xinbot.ir/squall/internal/errtree"
	"xinbot.ir/squall/internal/event"
)

// inBubble runs a test on fake time.
func inBubble(t *testing.T, faults func(*world) []Fault, test func(*testing.T, *trial)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		tr := newTrial(t, faults(w)...)
		test(t, tr)
		if err := tr.Stop(squall); err != nil {
			t.Logf("stop: %v", err)
		}
		if err := tr.ledger.Close(); err != nil {
			t.Error(err)
		}
	})
}

func both(w *world) []Fault { return []Fault{numbers{w, "both", []string{"a", "b"}, false}} }

func two(w *world) []Fault {
	return []Fault{numbers{w, "first", []string{"a"}, false}, numbers{w, "second", []string{"b"}, false}, numbers{w, "third", []string{"a", "b"}, false}}
}

func TestFaultLivesUntilItsTimeIsUp(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", Params{TTL: "90s"})
		synctest.Wait()
		s := tr.state("both")
		if s.State != Active || s.Summary != "to 7" || s.Scope != "a and b" || time.Until(s.Until) != 90*time.Second {
			t.Fatalf("after injection: %+v", s)
		}
		if tr.world.get("a") != 7 || tr.world.get("b") != 7 {
			t.Fatal("not applied")
		}
		if open := tr.ledger.Unresolved(); len(open) != 2 {
			t.Fatalf("%d open records, want 2", len(open))
		}
		time.Sleep(90 * time.Second)
		synctest.Wait()
		if s := tr.state("both"); s.State != Idle || s.Params != nil {
			t.Errorf("after its time: %+v", s)
		}
		tr.clean()
		if want := []event.Kind{"fault_started", "fault_active", "fault_reverting", "fault_reverted"}; !slices.Equal(tr.kinds(), want) {
			t.Errorf("told %v, want %v", tr.kinds(), want)
		}
		if e := tr.events[2]; e.By != squall || e.Data != (event.FaultReverting{Injection: event.Injection{Fault: "both", Title: "Numbers both", Run: 1}, Cause: event.CauseTimeUp}) {
			t.Errorf("undo event %+v", e)
		}
	})
}

func TestRecordIsOnDiskBeforeTheChange(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.world.slow["apply a"] = time.Second
		tr.inject("both", nil)
		synctest.Wait()
		open, err := ReadLedger(tr.dir)
		if err != nil || len(open) != 1 || tr.world.get("a") != 1 {
			t.Fatalf("while a is being applied: %d records (%v), a is %d", len(open), err, tr.world.get("a"))
		}
		if tr.kinds()[0] != "fault_started" {
			t.Error("the event was not told first")
		}
	})
}

func TestNothingIsTouchedThatCannotBeWrittenDown(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.deaf = errors.New("disk full")
		tr.inject("both", nil)
		synctest.Wait()
		if tr.world.called("apply a") > 0 {
			t.Error("applied although the event could not be written")
		}
		if s := tr.state("both"); s.State != Idle || !strings.Contains(s.Detail, "disk full") {
			t.Errorf("state %+v", s)
		}
		tr.deaf = nil
		if err := tr.ledger.Close(); err != nil { // records can no longer be written
			t.Fatal(err)
		}
		tr.inject("both", nil)
		synctest.Wait()
		if tr.world.called("apply a") > 0 {
			t.Error("applied although the record could not be written")
		}
		if tr.ledger, _ = OpenLedger(t.TempDir(), nil); tr.ledger == nil {
			t.Fatal("no ledger to release")
		}
	})
}

func TestHalfAppliedFaultIsTakenBack(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.world.fail["apply b"] = errBroken
		tr.inject("both", nil)
		synctest.Wait()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		tr.clean()
		if s := tr.state("both"); s.State != Idle {
			t.Errorf("state %+v", s)
		}
		if e, ok := tr.last().Data.(event.FaultReverted); !ok || e.Cause != event.CauseFailed || !strings.Contains(e.Detail, "set b to 7: broken") {
			t.Errorf("last event %+v", e)
		}
	})
}

// A call that failed may still be on its way to the server; the undo has to see what it does.
func TestLateEffectOfAFailedStepIsTakenBack(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.world.fail["apply b"] = errBroken
		tr.world.late = 2 * time.Second
		tr.inject("both", nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		tr.clean()
	})
}

func TestUndoIsTriedUntilItHolds(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", nil)
		synctest.Wait()
		tr.world.break_("undo a", errBroken)
		if err := tr.Revert("both", operator); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := tr.state("both"); s.State != Reverting || !strings.Contains(s.Detail, "broken") || tr.world.get("b") != 2 {
			t.Fatalf("while undo fails: %+v, b is %d", s, tr.world.get("b"))
		}
		tr.world.break_("undo a", nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		tr.clean()
	})
}

func TestStuckFaultSaysWhatAPersonCanDo(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", nil)
		synctest.Wait()
		tr.world.break_("undo a", errBroken)
		if err := tr.Revert("both", operator); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		s := tr.state("both")
		if s.State != NotReverted || len(s.Remedies) != 1 || !strings.HasPrefix(s.Remedies[0], "set {") {
			t.Fatalf("stuck: %+v", s)
		}
		if e, ok := tr.last().Data.(event.FaultNotReverted); !ok || len(e.Remedies) != 1 {
			t.Errorf("told %+v", e)
		}
		if err := tr.Inject("both", nil, operator); err == nil {
			t.Error("injected again while not reverted")
		}
		tr.world.break_("undo a", nil)
		if err := tr.Decide("both", event.Retry, operator); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		tr.clean()
	})
}

func TestSomebodyElsesChangeIsNotOverwritten(t *testing.T) {
	for _, c := range []struct {
		decision event.Decision
		a        int
		byLook   bool // the engine notices by itself
	}{{event.Overwrite, 1, false}, {event.Abandon, 3, false}, {event.Overwrite, 1, true}} {
		inBubble(t, both, func(t *testing.T, tr *trial) {
			tr.inject("both", nil)
			synctest.Wait()
			tr.world.set("a", 3)
			if c.byLook {
				time.Sleep(6 * time.Second)
			} else if err := tr.Revert("both", operator); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if s := tr.state("both"); s.State != NotReverted || !s.Conflict || tr.world.get("a") != 3 || tr.world.get("b") != 2 {
				t.Fatalf("moved on: %+v", s)
			}
			if err := tr.Decide("both", c.decision, operator); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := tr.world.get("a"); got != c.a || tr.state("both").State != Idle {
				t.Errorf("decision %s: a is %d, want %d; %+v", c.decision, got, c.a, tr.state("both"))
			}
			if open := tr.ledger.Unresolved(); len(open) > 0 {
				t.Errorf("open records %+v", open)
			}
		})
	}
}

func TestStopNamesWhatIsLeftBehind(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", nil)
		synctest.Wait()
		tr.world.break_("undo b", errBroken)
		began := time.Now()
		left := errtree.All[*NotRevertedError](tr.Stop(squall))
		if len(left) != 1 || left[0].Object != "b" || !errors.Is(left[0], errBroken) || left[0].Remedy == "" {
			t.Fatalf("not reverted %+v", left)
		}
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("stop took %s", took)
		}
		if tr.world.get("a") != 1 {
			t.Error("a was not reverted because b could not be")
		}
		if open := tr.ledger.Unresolved(); len(open) != 1 {
			t.Errorf("%d open records, want the one of b", len(open))
		}
		if err := tr.Inject("both", nil, operator); !errors.Is(err, ErrClosed) {
			t.Errorf("inject after the end: %v", err)
		}
	})
}

// Halt comes at every moment of a fault's life; nothing may be left, whatever was under way.
func TestHaltAtEveryMoment(t *testing.T) {
	moments := map[string]func(*trial){
		"preflight": func(tr *trial) { tr.world.slow["plan"] = time.Second },
		"apply a":   func(tr *trial) { tr.world.slow["apply a"] = time.Second },
		"apply b":   func(tr *trial) { tr.world.slow["apply b"] = time.Second },
		"hanging":   func(tr *trial) { tr.world.slow["apply b"] = time.Minute },
		"active":    func(*trial) {},
	}
	for name, prepare := range moments {
		t.Run(name, func(t *testing.T) {
			inBubble(t, both, func(t *testing.T, tr *trial) {
				prepare(tr)
				tr.inject("both", nil)
				time.Sleep(500 * time.Millisecond)
				synctest.Wait()
				tr.Halt(operator)
				time.Sleep(10 * time.Second)
				synctest.Wait()
				tr.clean()
				if s := tr.state("both"); s.State != Idle {
					t.Errorf("state %+v", s)
				}
				if err := tr.Inject("both", nil, operator); !errors.Is(err, ErrHalted) {
					t.Errorf("inject after halt: %v", err)
				}
				tr.ReleaseHalt()
				tr.world.slow = nil
				tr.inject("both", nil)
				time.Sleep(3 * time.Second)
				synctest.Wait()
				if s := tr.state("both"); s.State != Active {
					t.Errorf("after release: %+v", s)
				}
			})
		})
	}
}

func TestTwoFaultsOnOneObjectAreRefused(t *testing.T) {
	inBubble(t, two, func(t *testing.T, tr *trial) {
		tr.inject("first", nil)
		tr.inject("second", nil) // another object: they overlap
		synctest.Wait()
		if tr.state("first").State != Active || tr.state("second").State != Active {
			t.Fatal("faults on different objects do not overlap")
		}
		plan, err := tr.Preflight(context.Background(), "third", nil)
		if err != nil || len(plan.Refused()) != 2 {
			t.Fatalf("preflight of a fault on both objects: %+v, %v", plan.Checks, err)
		}
		tr.inject("third", nil)
		synctest.Wait()
		if e, ok := tr.last().Data.(event.FaultRefused); !ok || !strings.Contains(e.Reason, "Numbers first is on and changes the same object: revert it first") {
			t.Errorf("told %+v", e)
		}
		if tr.world.called("apply a") != 1 {
			t.Error("the refused fault was applied")
		}
	})
}

// Both preflights are made before either reserves its objects.
func TestTwoFaultsAtOnceOnOneObject(t *testing.T) {
	inBubble(t, two, func(t *testing.T, tr *trial) {
		tr.world.slow["plan"] = time.Second
		tr.inject("first", nil)
		tr.inject("third", nil)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		active := 0
		for _, s := range tr.Snapshot() {
			if s.State == Active {
				active++
			}
		}
		if active != 1 {
			t.Errorf("%d faults active, want 1", active)
		}
	})
}

func TestAdjustKeepsTheRemainingTime(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", Params{TTL: "60s"})
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if err := tr.Adjust("both", Params{"to": "9"}, operator); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s := tr.state("both")
		if tr.world.get("a") != 9 || s.Summary != "to 9" || time.Until(s.Until) != 40*time.Second {
			t.Fatalf("after adjusting: a %d, %+v", tr.world.get("a"), s)
		}
		if err := tr.Adjust("both", Params{"kind": "y"}, operator); err == nil {
			t.Error("a parameter that is not live was changed")
		}
		if err := tr.Adjust("both", Params{TTL: "2m"}, operator); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if left := time.Until(tr.state("both").Until); left != 2*time.Minute {
			t.Errorf("%s left after a new time-to-live", left)
		}
		// The record of the first change still knows how a was found, whatever came after.
		if err := tr.Adjust("both", Params{"skip": "b"}, operator); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if tr.world.get("b") != 2 || len(tr.ledger.Unresolved()) != 1 {
			t.Errorf("a step that the new plan lacks: b is %d, %d records", tr.world.get("b"), len(tr.ledger.Unresolved()))
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		tr.clean()
	})
}

func TestFailedAdjustmentEndsTheFault(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", nil)
		synctest.Wait()
		tr.world.break_("apply b", errBroken)
		if err := tr.Adjust("both", Params{TTL: "2m"}, operator); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		tr.clean()
	})
}

func TestPanicInAFaultIsItsError(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		var told any
		tr.config.Panicked = func(value any, _ []byte) { told = value }
		tr.world.boom["apply b"] = true
		tr.inject("both", nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		tr.clean()
		if told != "boom in apply b" {
			t.Errorf("told of %v", told)
		}
	})
}

func TestMomentaryFaultWaitsForItsUndo(t *testing.T) {
	inBubble(t, func(w *world) []Fault { return []Fault{numbers{w, "moment", []string{"a"}, true}} }, func(t *testing.T, tr *trial) {
		tr.world.pending["a"] = 30 // longer than failing undos are given
		tr.inject("moment", nil)
		synctest.Wait()
		if s := tr.state("moment"); s.State != Reverting || s.Detail != "not there yet" {
			t.Fatalf("right after: %+v", s)
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		tr.clean()
	})
}

func TestConditionsAreOnlyForTheStart(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.config.Conditions = func(Info) []Check { return []Check{{Text: "steady", Answer: Warns, Reason: "red"}} }
		plan, err := tr.Preflight(context.Background(), "both", nil)
		if err != nil || len(plan.Checks) != 1 {
			t.Fatalf("%+v, %v", plan.Checks, err)
		}
		tr.inject("both", nil)
		synctest.Wait()
		if tr.state("both").State != Active {
			t.Error("a warning kept the fault from beginning")
		}
		if plan, _ = tr.Preflight(context.Background(), "both", nil); len(plan.Checks) != 0 {
			t.Errorf("while it is on: %+v", plan.Checks)
		}
	})
}

func TestDryRunSaysWhatItCannotKnow(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		_, checks, err := tr.DryRun(context.Background(), "both", nil)
		if err != nil || len(checks) != 2 || !strings.Contains(checks[0].Text, "set a") {
			t.Fatalf("%+v, %v", checks, err)
		}
		if tr.world.called("apply a") > 0 || len(tr.kinds()) > 0 {
			t.Error("a dry run did something")
		}
	})
}

func TestOrdersAtTheWrongTime(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		for name, err := range map[string]error{
			"unknown fault": tr.Inject("nothing", nil, operator),
			"bad parameter": tr.Inject("both", Params{"to": "many", "x": "1"}, operator),
			"adjust idle":   tr.Adjust("both", nil, operator),
			"settle idle":   tr.Decide("both", event.Retry, operator),
		} {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if err := tr.Revert("both", operator); err != nil {
			t.Errorf("revert of what is off: %v", err)
		}
	})
}

// A fault that somebody else has ended is not shown as active, and its end is not ours.
func TestVanishedFaultIsOver(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", nil)
		synctest.Wait()
		tr.world.break_("look b", errBroken) // not knowing is no reason
		time.Sleep(12 * time.Second)
		synctest.Wait()
		if s := tr.state("both"); s.State != Active {
			t.Fatalf("while b cannot be read: %+v", s)
		}
		tr.world.set("b", 2)
		tr.world.break_("look b", nil)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		tr.clean()
		if e, ok := tr.last().Data.(event.FaultReverted); !ok || e.Cause != event.CauseEndedByOthers || tr.state("both").State != Idle {
			t.Errorf("last event %+v", e)
		}
		if e := tr.events[2]; e.Kind() != "fault_reverting" || e.Text() != "Numbers both was ended by somebody else: b is not as squall had left it" {
			t.Errorf("undo event %+v", e)
		}
	})
}

func TestRetryIsToldOnceAndShownEachTime(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", nil)
		synctest.Wait()
		tr.world.break_("undo a", errBroken)
		if err := tr.Revert("both", operator); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if want := []event.Kind{"fault_started", "fault_active", "fault_reverting", "fault_retried"}; !slices.Equal(tr.kinds(), want) {
			t.Errorf("told %v, want %v", tr.kinds(), want)
		}
		if s := tr.state("both"); !strings.Contains(s.Detail, "gives up in 1 min") || !strings.HasSuffix(s.Detail, "broken") {
			t.Errorf("detail %q", s.Detail)
		}
	})
}

func TestChangeSaysWhatChanged(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.inject("both", nil)
		synctest.Wait()
		if err := tr.Adjust("both", Params{"to": "9", TTL: "90s"}, operator); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, want := tr.last().Text(), "Numbers both changed: to 7 → 9, lasts 1 min → 1 min 30 s"; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	})
}

func TestPartIsAFinding(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		tr.world.fail["apply b"] = &PartialError{What: "b refuses"}
		tr.inject("both", nil)
		synctest.Wait()
		if s, e := tr.state("both"), tr.last(); s.State != Active || e.Kind() != "fault_active" || !strings.HasSuffix(e.Text(), "(set b to 7: b refuses)") && !strings.HasSuffix(e.Text(), "(b refuses)") {
			t.Errorf("state %+v, told %+v", s, e.Text())
		}
	})
}

// A mistake of the engine's own surroundings must not take the process down with a fault in place.
func TestPanicOfTheEngineLeavesTheRecord(t *testing.T) {
	inBubble(t, both, func(t *testing.T, tr *trial) {
		told := make(chan any, 1)
		tr.config.Panicked = func(value any, _ []byte) { told <- value }
		emit := tr.config.Emit
		tr.config.Emit = func(by event.Actor, data any) error {
			if _, ok := data.(event.FaultActive); ok {
				panic("boom")
			}
			return emit(by, data)
		}
		tr.inject("both", nil)
		synctest.Wait()
		if value := <-told; value != "boom" {
			t.Errorf("told of %v", value)
		}
		if left := errtree.All[*NotRevertedError](tr.Stop(squall)); len(left) != 2 || left[0].Remedy == "" {
			t.Errorf("not reverted %v", left)
		}
		if open := tr.ledger.Unresolved(); len(open) != 2 {
			t.Errorf("%d open records", len(open))
		}
	})
}
