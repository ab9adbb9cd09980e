package chaos

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

type undo struct {
	Replicas int `json:"replicas"`
}

func TestLedgerRemembersAcrossProcesses(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Record("scale", "statefulset a/redis", undo{3})
	if err != nil {
		t.Fatal(err)
	}
	second, err := l.Record("scale", "deployment a/qdrant", undo{2})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Resolve(first); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	again, err := OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	open := again.Unresolved()
	if len(open) != 1 || open[0].ID != second || string(open[0].Undo) != `{"replicas":2}` {
		t.Fatalf("open records after restart: %+v, want only %s with 2 replicas", open, second)
	}
	third, err := again.Record("scale", "deployment a/qdrant", undo{2})
	if err != nil {
		t.Fatal(err)
	}
	if third == first || third == second {
		t.Errorf("id %s was given out twice", third)
	}
	for range 2 { // closing twice is fine
		if err := again.Resolve(second); err != nil {
			t.Fatal(err)
		}
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if open, err := ReadLedger(dir); err != nil || len(open) != 1 || open[0].ID != third {
		t.Errorf("read ledger: %+v, %v, want only %s", open, err, third)
	}
}

// A crash may cut the file anywhere. Whatever is left must never show a record that was not
// completely written, and never lose one that was.
func TestLedgerCutAnywhere(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := l.Record("rule", "rule 1", undo{1})
	if err != nil {
		t.Fatal(err)
	}
	whole := size(t, dir)
	if err := l.Resolve(id); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(b) + 1 {
		// The newline may be missing: the record itself is complete one byte earlier.
		want := 0
		if cut >= whole-1 && cut < len(b)-1 {
			want = 1
		}
		if open := parseLedger(b[:cut], nil).open; len(open) != want {
			t.Fatalf("cut at %d of %d: %d open records, want %d", cut, len(b), len(open), want)
		}
		torn := t.TempDir()
		if err := os.WriteFile(filepath.Join(torn, LedgerFile), b[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := OpenLedger(torn, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Record("rule", "rule 2", undo{1}); err != nil {
			t.Fatal(err)
		}
		if got := len(again.Unresolved()); got != want+1 {
			t.Fatalf("cut at %d: %d open records after one more, want %d", cut, got, want+1)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		// A cut within a line is named, now and whenever it is read, and costs no record that comes after it.
		inLine := cut > 0 && cut < whole-1 || cut > whole && cut < len(b)-1
		open, err := ReadLedger(torn)
		if errors.As(err, new(*DamagedError)) != inLine || len(open) != want+1 {
			t.Fatalf("cut at %d: read back %d open records (%v), want %d", cut, len(open), err, want+1)
		}
	}
}

func TestNoLedgerMeansNothingOpen(t *testing.T) {
	if open, err := ReadLedger(t.TempDir()); err != nil || len(open) != 0 {
		t.Errorf("got %v, %v", open, err)
	}
}

func size(t *testing.T, dir string) int {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

func FuzzParseLedger(f *testing.F) {
	f.Add([]byte(line(`{"id":"rule-1","kind":"rule","object":"x","undo":{}}`) + line(`{"closed":"rule-1"}`)))
	f.Add([]byte(line(`{"id":"rule-1","kind":"rule","object":"x","undo":{}}`)[:40]))
	f.Add([]byte("\n\n{}\n[]\nnull"))
	f.Fuzz(func(t *testing.T, b []byte) {
		found := parseLedger(b, nil)
		if len(found.open) > found.written {
			t.Errorf("%d open of %d written", len(found.open), found.written)
		}
		// Whatever is in the file, a record behind it on a line of its own is found.
		after := parseLedger(append(bytes.Clone(b), "\n"+line(`{"id":"new-1","kind":"a","object":"o","undo":{}}`)...), nil).open
		if len(after) == 0 || after[len(after)-1].ID != "new-1" {
			t.Errorf("a record behind %q is lost", b)
		}
	})
}

// full is a disk that takes no more than so many bytes.
type full struct {
	ledgerFile
	room int
}

func (f *full) Write(b []byte) (int, error) {
	n := min(len(b), f.room)
	f.room -= n
	if _, err := f.ledgerFile.Write(b[:n]); err != nil {
		return 0, err
	}
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

// A disk that is full in the middle of a record: the change is refused, and the record that comes once
// there is room again is not lost.
func TestLedgerOnAFullDisk(t *testing.T) {
	for room := range 40 {
		dir := t.TempDir()
		l, err := OpenLedger(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		first, err := l.Record("scale", "statefulset a/redis", undo{3})
		if err != nil {
			t.Fatal(err)
		}
		disk := l.file
		l.file = &full{disk, room}
		if _, err := l.Record("scale", "deployment a/lost", undo{2}); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("a record on a full disk: %v", err)
		}
		l.file = &full{disk, room / 2}
		if err := l.Resolve(first); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("closing a record on a full disk: %v", err)
		}
		l.file = disk
		second, err := l.Record("scale", "deployment a/qdrant", undo{2})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		open, err := ReadLedger(dir)
		if err != nil || len(open) != 2 || open[0].ID != first || open[1].ID != second {
			t.Fatalf("with room for %d bytes: read %+v, %v", room, open, err)
		}
	}
}

// line is a line of the file.
func line(entry string) string {
	return `{"sum":"` + checksum([]byte(entry)) + `","entry":` + entry + "}\n"
}

// TestEveryFlippedBitIsNamed: whatever a bad disk makes of a line, it is no other record, and it is not silent.
func TestEveryFlippedBitIsNamed(t *testing.T) {
	const entry = `{"id":"scale-1","time":"2026-01-01T00:00:00Z","kind":"scale","object":"redis","undo":{"before":2}}`
	whole := []byte(line(entry))
	for at := range len(whole) - 1 { // the newline only ends it
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[at] ^= 1 << bit
			found := parseLedger(flipped, nil)
			open, damaged := found.open, found.damaged
			if len(damaged) == 0 && (len(open) != 1 || string(open[0].Undo) != `{"before":2}` || open[0].Object != "redis" || open[0].ID != "scale-1") {
				t.Fatalf("byte %d, bit %d: %+v in silence:\n%s", at, bit, open, flipped)
			}
		}
	}
}

// TestOrderIsThatOfTheFile: a clock that was set back changes nothing in the order of undoing.
func TestOrderIsThatOfTheFile(t *testing.T) {
	dir := t.TempDir()
	text := line(`{"id":"scale-1","time":"2026-01-01T10:00:00Z","kind":"scale","object":"first","undo":{}}`) +
		line(`{"id":"scale-2","time":"2026-01-01T09:00:00Z","kind":"scale","object":"second","undo":{}}`)
	if err := os.WriteFile(filepath.Join(dir, LedgerFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Record("scale", "third", undo{3}); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, r := range l.Unresolved() {
		order = append(order, r.Object)
	}
	if !slices.Equal(order, []string{"third", "second", "first"}) {
		t.Errorf("undone in the order %s", order)
	}
}

// A damaged line is named, and costs no other record.
func TestDamagedLedger(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, LedgerFile)
	record := func(id string) string {
		return line(`{"id":"` + id + `","time":"2026-01-01T00:00:00Z","kind":"scale","object":"o","undo":{}}`)
	}
	text := record("scale-1") + `{"id":"scale-2","time"` + record("scale-3") + "\n" + "{}\n" + record("scale-4") + `{"id":"sc`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(open []Record, err error) {
		t.Helper()
		var damaged *DamagedError
		if !errors.As(err, &damaged) || !slices.Equal(damaged.Lines, []int{2, 4, 6}) || len(open) != 2 || open[0].ID+open[1].ID != "scale-1scale-4" && open[0].ID+open[1].ID != "scale-4scale-1" {
			t.Errorf("read %+v, %v", open, err)
		}
	}
	check(ReadLedger(dir))
	l, err := OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	check(l.Unresolved(), l.Damaged())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	check(ReadLedger(dir)) // a torn end is still named when a second process reads it
}

// Records that a ledger has lost, at its end or altogether, are told from those that were reverted.
func TestLostRecords(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenLedger(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range 3 {
		id, err := l.Record("rule", "rule", undo{1})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := l.Resolve(ids[0]); err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err != nil {
		t.Error(err)
	}
	if lost := LostRecords(dir, ids); len(lost) != 0 {
		t.Errorf("lost %v of a whole ledger", lost)
	}
	path := filepath.Join(dir, LedgerFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	third := bytes.Index(b, []byte(ids[2]))
	third = bytes.LastIndexByte(b[:third], '\n') + 1
	if err := os.WriteFile(path, b[:third], 0o600); err != nil { // two whole lines are left
		t.Fatal(err)
	}
	if lost := LostRecords(dir, ids); !slices.Equal(lost, ids[2:]) {
		t.Errorf("lost %v, want %v", lost, ids[2:])
	}
	if err := l.Check(); err == nil {
		t.Error("a ledger that was cut short is in its place")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if lost := LostRecords(dir, ids); !slices.Equal(lost, ids) {
		t.Errorf("lost %v, want %v", lost, ids)
	}
	if err := l.Check(); err == nil {
		t.Error("a ledger that was removed is in its place")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
