package session

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/load"
)

// killed leaves a run with the lamp off in its ledger, as a session that was killed does. The events come behind its
// first.
func killed(t *testing.T, events ...any) (dir string, key chaos.Key) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "run")
	w, err := rundir.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, data := range append([]any{event.RunStarted{Target: "staging"}}, events...) {
		if err := w.Event(event.Make(time.Now(), float64(i), squall, data)); err != nil {
			t.Fatal(err)
		}
	}
	if key, err = chaos.ReadKey(filepath.Join(filepath.Dir(dir), "key")); err != nil {
		t.Fatal(err)
	}
	ledger, err := chaos.OpenLedger(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Record("lamp", "lamp", "on"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ledger.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return dir, key
}

func darkLamp() *lamp {
	l := newLamp()
	l.set(false)
	return l
}

// guardOptions undo quickly.
func guardOptions(l *lamp, key chaos.Key) RecoverOptions {
	return RecoverOptions{
		Options: load.Options{Keys: new(load.Keyring)}, Undoers: chaos.Undoers{"lamp": l}, Key: key,
		How: chaos.RecoverOptions{RecheckDelay: time.Millisecond, RevertTimeout: time.Millisecond},
	}
}

func journalOf(t *testing.T, dir string) (texts []string) {
	t.Helper()
	run, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range run.Events {
		texts = append(texts, e.By.String()+": "+e.Text())
	}
	return texts
}

// ended is what a guard hears of a process that has ended.
func ended() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// A person can remove lock and ledger of a living session by hand. Its guard goes by the session's process, and leaves
// the journal alone until that has ended.
func TestGuardOfALivingSessionWithoutItsFiles(t *testing.T) {
	dir, key := killed(t, event.FaultActive{Injection: event.Injection{Fault: "redis_outage", Title: "Redis outage", Run: 1}, Records: []string{"gone"}})
	if err := os.Remove(filepath.Join(dir, chaos.LedgerFile)); err != nil {
		t.Fatal(err)
	}
	written := func() string {
		text, err := os.ReadFile(filepath.Join(dir, rundir.JournalFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := written()
	synctest.Test(t, func(t *testing.T) {
		dead, over := make(chan struct{}), make(chan error, 1)
		l := darkLamp()
		go func() { over <- Guard(t.Context(), dir, dead, func() {}, guardOptions(l, key)) }()
		time.Sleep(time.Minute)
		if now := written(); now != before {
			t.Errorf("while the session lived the guard wrote %s", strings.TrimPrefix(now, before))
		}
		close(dead)
		if err := <-over; err != nil {
			t.Error(err)
		}
		if now := strings.TrimPrefix(written(), before); !strings.Contains(now, "Redis outage") {
			t.Errorf("once it was dead the guard wrote %q", now)
		}
	})
}

// A guard waits while the session lives, reverts when it was killed, and says so in the journal, even behind a line
// that the kill has cut off.
func TestGuardRevertsWhatAKilledSessionHasLeft(t *testing.T) {
	dir, key := killed(t)
	torn, err := os.OpenFile(filepath.Join(dir, rundir.JournalFile), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.WriteString(`{"kind":"not`); err != nil {
		t.Fatal(err)
	}
	_ = torn.Close()
	session := flock.New(filepath.Join(dir, LockFile))
	if held, err := session.TryLock(); err != nil || !held {
		t.Fatal(held, err)
	}
	l := darkLamp()
	over := make(chan error, 1)
	waiting := make(chan struct{})
	go func() { over <- Guard(t.Context(), dir, ended(), func() { close(waiting) }, guardOptions(l, key)) }()
	<-waiting
	if l.get() {
		t.Fatal("it was reverted while the session was alive")
	}
	if err := session.Unlock(); err != nil { // as the system does for a process that was killed
		t.Fatal(err)
	}
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if open, err := chaos.ReadLedger(dir); err != nil || len(open) > 0 || !l.get() {
		t.Errorf("lamp on: %v, open %+v, %v", l.get(), open, err)
	}
	if texts := strings.Join(journalOf(t, dir), "\n"); !strings.Contains(texts, "guard: Reverted after squall had ended: lamp") {
		t.Errorf("the journal says\n%s", texts)
	}
}

// A run directory that was removed under its guard: the copy of it goes once all is reverted, and stays while it is the only
// record of what is not.
func TestGuardKeepsTheOnlyRecord(t *testing.T) {
	for _, away := range []bool{false, true} {
		temporary := t.TempDir()
		t.Setenv("TMPDIR", temporary)
		dir, key := killed(t)
		options := guardOptions(darkLamp(), key)
		if away {
			options.Undoers = nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		ready := func() {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		}
		_ = Guard(ctx, dir, ended(), ready, options) // while it is away the guard would try for an hour
		cancel()
		copies, err := filepath.Glob(filepath.Join(temporary, "squall-guard-*"))
		if err != nil || len(copies) > 1 || (len(copies) == 1) != away {
			t.Fatalf("away: %v, copies: %q, %v", away, copies, err)
		}
		if away {
			if open, err := chaos.ReadLedger(copies[0]); err != nil || len(open) != 1 {
				t.Errorf("the copy has %v, %v", open, err)
			}
		}
	}
}

// A fault that its guard has reverted is over in the journal, and so in the report: no sooner than all that it had changed
// is back.
func TestGuardEndsTheFault(t *testing.T) {
	fault := event.Injection{Fault: "redis_outage", Title: "Redis outage", Run: 1}
	for _, away := range []bool{false, true} {
		dir, key := killed(t)
		open, err := chaos.ReadLedger(dir)
		if err != nil || len(open) != 1 {
			t.Fatal(open, err)
		}
		now := time.Now()
		if err := rundir.AppendEvent(dir, event.Make(now, 1, squall, event.FaultActive{Injection: fault, Records: []string{open[0].ID}})); err != nil {
			t.Fatal(err)
		}
		options := guardOptions(darkLamp(), key)
		if away {
			options.Undoers = nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_ = Guard(ctx, dir, ended(), func() {}, options) // while it is away the guard would try for an hour
		cancel()
		run, err := rundir.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		i := timeline.Of(run.Events).Injections[0]
		if over := i.Reverted != nil; over == away || over && (i.Reverted.Data.Cause != event.CauseKilled || i.Reverted.By.Role != event.RoleGuard) {
			t.Errorf("away: %v, reverted: %+v", away, i.Reverted)
		}
	}
}

// What a run could not revert when it ended by itself, it has told its operator: nobody touches it behind their back.
func TestGuardLeavesARunThatEndedByItself(t *testing.T) {
	dir, key := killed(t, event.RunEnded{Cause: event.EndAsked})
	l := darkLamp()
	if err := Guard(t.Context(), dir, ended(), func() {}, guardOptions(l, key)); err != nil || l.get() {
		t.Errorf("lamp on: %v, %v", l.get(), err)
	}
}

// A target that is away: the guard says so once and goes on until it is told to end, or the target is back.
func TestGuardGoesOn(t *testing.T) {
	dir, key := killed(t)
	l := darkLamp()
	close(l.stuck)
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if err := Guard(ctx, dir, ended(), func() {}, guardOptions(l, key)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a guard of what cannot be reverted ended with %v", err)
	}
	texts := strings.Join(journalOf(t, dir), "\n")
	if strings.Count(texts, "guard: Not reverted: lamp: the switch is broken") != 1 {
		t.Errorf("the journal says\n%s", texts)
	}
	l.stuck = make(chan struct{})
	if err := Guard(t.Context(), dir, ended(), func() {}, guardOptions(l, key)); err != nil || !l.get() {
		t.Errorf("once it can: lamp on: %v, %v", l.get(), err)
	}
}

// The ledger of a living session is locked by itself: somebody can remove the lock file.
func TestARemovedLockFileKillsNobody(t *testing.T) {
	dir, key := killed(t)
	ledger, err := chaos.OpenLedger(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	l := darkLamp()
	if _, err := Recover(t.Context(), dir, guardOptions(l, key)); !errors.Is(err, ErrAlive) || l.get() {
		t.Errorf("lamp on: %v, %v", l.get(), err)
	}
}
