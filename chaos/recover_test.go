package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"xinbot.ir/squall/internal/event"
)

// dead leaves a ledger with a and b changed, as a process that died has left it.
func dead(t *testing.T, w *world) *Ledger {
	t.Helper()
	l, err := OpenLedger(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for object, before := range map[string]int{"a": 1, "b": 2} {
		if _, err := l.Record("number", object, numberUndo{object, before}); err != nil {
			t.Fatal(err)
		}
		w.set(object, 7)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestRecoverPutsBackFromTheLedgerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := dead(t, w)
		for run := range 2 { // twice is fine
			for _, r := range Recover(context.Background(), l, Undoers{"number": w}, RecoverOptions{}) {
				if r.Err != nil {
					t.Errorf("run %d: %v", run, r.Err)
				}
			}
			if w.get("a") != 1 || w.get("b") != 2 || len(l.Unresolved()) > 0 {
				t.Errorf("run %d: a %d, b %d, %d records", run, w.get("a"), w.get("b"), len(l.Unresolved()))
			}
		}
	})
}

// What the dead process had sent arrives after the first look.
func TestRecoverSeesWhatWasStillOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := dead(t, w)
		w.set("a", 1)
		time.AfterFunc(time.Second, func() { w.set("a", 7) })
		Recover(context.Background(), l, Undoers{"number": w}, RecoverOptions{})
		synctest.Wait()
		if w.get("a") != 1 {
			t.Errorf("a is %d", w.get("a"))
		}
	})
}

func TestRecoverAsksBeforeItOverwrites(t *testing.T) {
	for _, c := range []struct {
		name   string
		decide func(*ConflictError) event.Decision
		a      int
		open   int
	}{
		{"nobody to ask", nil, 3, 1},
		{"overwrite", func(*ConflictError) event.Decision { return event.Overwrite }, 1, 0},
		{"keep", func(*ConflictError) event.Decision { return event.Abandon }, 3, 0},
		{"no answer", func(*ConflictError) event.Decision { return event.Retry }, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				l := dead(t, w)
				w.set("a", 3)
				results := Recover(context.Background(), l, Undoers{"number": w}, RecoverOptions{Decide: c.decide})
				if w.get("a") != c.a || w.get("b") != 2 || len(l.Unresolved()) != c.open {
					t.Errorf("a %d, b %d, %d open: %+v", w.get("a"), w.get("b"), len(l.Unresolved()), results)
				}
			})
		})
	}
}

func TestRecoverGivesUpInTimeAndKeepsTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := dead(t, w)
		w.fail["undo a"] = errBroken
		w.boom["undo b"] = true
		began := time.Now()
		results := Recover(context.Background(), l, Undoers{"number": w}, RecoverOptions{})
		for _, r := range results {
			var left *NotRevertedError
			if !errors.As(r.Err, &left) || left.Remedy == "" {
				t.Errorf("%s: %v", r.Object, r.Err)
			}
		}
		if took := time.Since(began); took > time.Minute || len(l.Unresolved()) != 2 {
			t.Errorf("took %s, %d open", took, len(l.Unresolved()))
		}
		w.boom["undo b"], w.pending["b"] = false, 5
		told := 0
		Recover(context.Background(), l, Undoers{"number": w}, RecoverOptions{Progress: func(object, _ string) {
			if object == "b" {
				told++
			}
		}})
		if w.get("b") != 2 || told != 5 || len(l.Unresolved()) != 1 {
			t.Errorf("b %d, told %d times, %d open", w.get("b"), told, len(l.Unresolved()))
		}
	})
}

func TestRecoverDoesNotKnowEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := dead(t, w)
		for _, r := range Recover(context.Background(), l, Undoers{}, RecoverOptions{}) {
			if r.Err == nil {
				t.Error("an unknown kind was recovered")
			}
		}
		if len(l.Unresolved()) != 2 {
			t.Error("its record was closed")
		}
	})
}

// goneUndo undoes nothing: the object is not there any more.
type goneUndo struct{ *world }

func (goneUndo) Undo(context.Context, json.RawMessage, bool) error {
	return &ConflictError{Object: "a", Found: "none of this name", Gone: true}
}

func TestWhatIsGoneIsNeverSaidToBeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		l := dead(t, w)
		for _, r := range Recover(context.Background(), l, Undoers{"number": goneUndo{w}}, RecoverOptions{Decide: func(*ConflictError) event.Decision { return event.Overwrite }}) {
			if r.Err != nil || !r.Abandoned {
				t.Errorf("%+v", r)
			}
		}
	})
}
