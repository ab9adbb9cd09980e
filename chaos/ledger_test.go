package chaos

import (
	"os"
	"path/filepath"
	"testing"
)

type undo struct {
	Replicas int `json:"replicas"`
}

func TestLedgerRemembersAcrossProcesses(t *testing.T) {
	dir := t.TempDir()
	l, err := OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Intend("scale", "statefulset a/redis", undo{3})
	if err != nil {
		t.Fatal(err)
	}
	second, err := l.Intend("scale", "deployment a/qdrant", undo{2})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(first); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}

	again, err := OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	open := again.Open()
	if len(open) != 1 || open[0].ID != second || string(open[0].Undo) != `{"replicas":2}` {
		t.Fatalf("open records after restart: %+v, want only %s with 2 replicas", open, second)
	}
	third, err := again.Intend("scale", "deployment a/qdrant", undo{2})
	if err != nil {
		t.Fatal(err)
	}
	if third == first || third == second {
		t.Errorf("id %s was given out twice", third)
	}
	for range 2 { // closing twice is fine
		if err := again.Close(second); err != nil {
			t.Fatal(err)
		}
	}
	if err := again.Release(); err != nil {
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
	l, err := OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	id, err := l.Intend("rule", "rule 1", undo{1})
	if err != nil {
		t.Fatal(err)
	}
	whole := size(t, dir)
	if err := l.Close(id); err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(b) + 1 {
		open, _ := parseLedger(b[:cut])
		// The newline may be missing: the record itself is complete one byte earlier.
		want := 0
		if cut >= whole-1 && cut < len(b)-1 {
			want = 1
		}
		if len(open) != want {
			t.Fatalf("cut at %d of %d: %d open records, want %d", cut, len(b), len(open), want)
		}
		torn := t.TempDir()
		if err := os.WriteFile(filepath.Join(torn, LedgerFile), b[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := OpenLedger(torn)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Intend("rule", "rule 2", undo{1}); err != nil {
			t.Fatal(err)
		}
		if got := len(again.Open()); got != want+1 {
			t.Fatalf("cut at %d: %d open records after one more, want %d", cut, got, want+1)
		}
		if err := again.Release(); err != nil {
			t.Fatal(err)
		}
		if open, err := ReadLedger(torn); err != nil || len(open) != want+1 {
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
	f.Add([]byte(`{"id":"rule-1","kind":"rule","object":"x","undo":{}}` + "\n" + `{"closed":"rule-1"}` + "\n"))
	f.Add([]byte(`{"id":"rule-1"`))
	f.Add([]byte("\n\n{}\n[]\nnull"))
	f.Fuzz(func(t *testing.T, b []byte) {
		open, written := parseLedger(b)
		if len(open) > written {
			t.Errorf("%d open of %d written", len(open), written)
		}
	})
}
