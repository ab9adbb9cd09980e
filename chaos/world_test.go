package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// world is a target whose objects have numbers, with switches for what can go wrong. Its undo works
// from the record alone, as a driver's does.
type world struct {
	mu      sync.Mutex
	objects map[string]int
	fail    map[string]error         // "apply a", "undo a": the next calls fail
	slow    map[string]time.Duration // "plan", "apply a", "undo a"
	boom    map[string]bool          // the call panics
	calls   []string
	refuse  []Check
	pending map[string]int // undo of an object is pending so many times
	late    time.Duration  // a failed apply takes effect this much later
}

func newWorld() *world {
	return &world{
		objects: map[string]int{"a": 1, "b": 2}, fail: map[string]error{}, slow: map[string]time.Duration{},
		boom: map[string]bool{}, pending: map[string]int{},
	}
}

func (w *world) call(ctx context.Context, name string) error {
	w.mu.Lock()
	w.calls = append(w.calls, name)
	wait, err, boom := w.slow[name], w.fail[name], w.boom[name]
	w.mu.Unlock()
	if boom {
		panic("boom in " + name)
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (w *world) set(object string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[object] = n
}

func (w *world) get(object string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.objects[object]
}

func (w *world) break_(call string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail[call] = err
}

func (w *world) called(name string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == name {
			n++
		}
	}
	return n
}

// numberUndo is the record of a changed number. Faults use 5 and more; what is below comes from
// somebody else.
type numberUndo struct {
	Object string
	Before int
}

const lowestOfOurs = 5

func (w *world) Describe(undo json.RawMessage) (Change, error) {
	var u numberUndo
	err := json.Unmarshal(undo, &u)
	return Change{Object: u.Object, Place: "the world", Undo: "put it back"}, err
}

// Undo puts a number back, unless somebody else has changed it.
func (w *world) Undo(ctx context.Context, undo json.RawMessage, overwrite bool) error {
	var u numberUndo
	if err := json.Unmarshal(undo, &u); err != nil {
		return err
	}
	if err := w.call(ctx, "undo "+u.Object); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending[u.Object] > 0 {
		w.pending[u.Object]--
		return &PendingError{What: "not there yet"}
	}
	switch now := w.objects[u.Object]; {
	case now == u.Before:
	case now < lowestOfOurs && !overwrite:
		return &ConflictError{Object: u.Object, Found: strconv.Itoa(now), Left: "a number of ours", Before: strconv.Itoa(u.Before)}
	default:
		w.objects[u.Object] = u.Before
	}
	return nil
}

// Remedy is what a person would do.
func (w *world) Remedy(undo json.RawMessage) string { return "set " + string(undo) }

// numbers is a fault that sets objects to a number.
type numbers struct {
	world     *world
	id        string
	objects   []string
	momentary bool
}

func (f numbers) Info() Info {
	return Info{
		ID: f.id, Title: "Numbers " + f.id, Driver: "test",
		Params: []Param{
			{Name: "to", Label: "To", Type: Whole, Default: "7", Live: true},
			{Name: "kind", Label: "Kind", Type: Choice, Choices: []string{"x", "y"}, Default: "x"},
			{Name: "skip", Label: "Skip", Type: Choice, Choices: []string{"none", "a", "b"}, Default: "none", Live: true},
			TTLParam(time.Minute, "SECONDS"),
		},
	}
}

func (f numbers) Plan(ctx context.Context, p Params) (Plan, error) {
	if err := f.world.call(ctx, "plan"); err != nil {
		return Plan{}, err
	}
	plan := Plan{Scope: strings.Join(f.objects, " and "), Params: "to " + p["to"], OneShot: f.momentary, Checks: f.world.refuse}
	for _, o := range f.objects {
		plan.Objects = append(plan.Objects, "world/"+o)
		if p["skip"] == o {
			continue
		}
		before, to := f.world.get(o), p.Whole("to")
		plan.Steps = append(plan.Steps, Step{
			Kind: "number", Object: o, Undo: numberUndo{o, before}, Command: "set " + o,
			Apply: func(ctx context.Context) error {
				err := f.world.call(ctx, "apply "+o)
				if err != nil {
					if f.world.late > 0 {
						time.AfterFunc(f.world.late, func() { f.world.set(o, to) })
					}
					return fmt.Errorf("set %s to %d: %w", o, to, err)
				}
				f.world.set(o, to)
				return nil
			},
			InPlace: func(ctx context.Context) (bool, error) {
				return f.world.get(o) >= lowestOfOurs, f.world.call(ctx, "look "+o)
			},
		})
	}
	return plan, nil
}

var operator = event.By(event.RoleOperator)

// trial is an engine on a world, with what it told.
type trial struct {
	*Engine
	t      *testing.T
	world  *world
	dir    string
	ledger *Ledger
	mu     sync.Mutex
	events []event.Event
	deaf   error // Emit fails
}

func newTrial(t *testing.T, faults ...Fault) *trial {
	t.Helper()
	w := faults[0].(numbers).world
	dir := t.TempDir()
	ledger, err := OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial{t: t, world: w, dir: dir, ledger: ledger}
	tr.Engine = New(Config{Faults: faults, Undoers: Undoers{"number": w}, Ledger: ledger, Emit: tr.emit})
	return tr
}

func (tr *trial) emit(by event.Actor, data any) error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.deaf != nil {
		return tr.deaf
	}
	tr.events = append(tr.events, event.Make(time.Time{}, 0, by, data))
	return nil
}

func (tr *trial) kinds() (all []event.Kind) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, e := range tr.events {
		all = append(all, e.Kind())
	}
	return all
}

func (tr *trial) last() event.Event {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.events[len(tr.events)-1]
}

func (tr *trial) state(id string) Status {
	for _, s := range tr.Snapshot() {
		if s.Info.ID == id {
			return s
		}
	}
	tr.t.Fatalf("no fault %s", id)
	return Status{}
}

func (tr *trial) inject(id string, p Params) {
	tr.t.Helper()
	if err := tr.Inject(id, p, operator); err != nil {
		tr.t.Fatal(err)
	}
}

// clean checks that nothing is left anywhere.
func (tr *trial) clean() {
	tr.t.Helper()
	if a, b := tr.world.get("a"), tr.world.get("b"); a != 1 || b != 2 {
		tr.t.Errorf("a is %d and b is %d: not as they were", a, b)
	}
	open, err := ReadLedger(tr.dir)
	if err != nil || len(open) > 0 {
		tr.t.Errorf("open records %+v, %v", open, err)
	}
}

var errBroken = errors.New("broken")
