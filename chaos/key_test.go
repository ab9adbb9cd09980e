package chaos

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// testKey is a key for a test, made as the program makes it.
func testKey(t *testing.T) Key {
	t.Helper()
	key, err := ReadKey(filepath.Join(t.TempDir(), "state", "key"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeyIsMadeOnceAndIsTheUsersOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "key")
	keys := make([]Key, 8)
	var work sync.WaitGroup
	for i := range keys { // several at their first use
		work.Go(func() { keys[i], _ = ReadKey(path) })
	}
	work.Wait()
	for _, k := range keys {
		if len(k) != keySize || !bytes.Equal(k, keys[0]) {
			t.Fatalf("keys %x and %x", k, keys[0])
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("beside it: %v, %v", entries, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(link); err == nil {
		t.Error("a link is taken for a key")
	}
}

// written is a ledger with two records, the first resolved.
func written(t *testing.T, key Key) (lines []string) {
	t.Helper()
	dir := t.TempDir()
	l, err := OpenLedger(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	first, err := l.Record("scale", "statefulset a/redis", undo{3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Record("scale", "deployment a/qdrant", undo{2}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Resolve(first), l.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, LedgerFile))
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimRight(string(b), "\n"), "\n")
}

func TestForeignLedgers(t *testing.T) {
	key := testKey(t)
	own := written(t, key)
	other := written(t, key)
	theirs := written(t, testKey(t))
	unsigned := written(t, nil)
	closing := line(`{"ledger":"x","line":4,"closed":"scale-2"}`)
	for name, test := range map[string]struct {
		text    []string
		foreign []int
		open    int
	}{
		"own":                         {own, nil, 1},
		"another user's":              {theirs, []int{1, 2, 3}, 1},
		"without a key":               {unsigned, []int{1, 2, 3}, 1},
		"a line of another own one":   {[]string{own[0], other[1]}, []int{2}, 2},
		"a resolution taken out":      {[]string{own[0], own[1]}, nil, 2}, // as after a crash: reverting twice is fine
		"a line taken out":            {[]string{own[0], own[2]}, []int{2}, 1},
		"another order":               {[]string{own[1], own[0], own[2]}, []int{1, 2}, 1},
		"a resolution that is forged": {append(slices.Clone(own[:2]), own[2]+"\n", closing), []int{4}, 1},
		"an undo that was changed":    {[]string{own[0], line(strings.Replace(entryOf(own[1]), `{"replicas":2}`, `{"replicas":9}`, 1))}, []int{2}, 2},
	} {
		found := parseLedger([]byte(strings.Join(test.text, "")), key)
		if !slices.Equal(found.foreign, test.foreign) || len(found.open) != test.open || len(found.damaged) > 0 {
			t.Errorf("%s: foreign lines %v, want %v; %d open, want %d; damaged %v", name, found.foreign, test.foreign, len(found.open), test.open, found.damaged)
		}
	}
}

func entryOf(line string) string {
	_, entry, _ := strings.Cut(strings.TrimSpace(line), `"entry":`)
	return strings.TrimSuffix(entry, "}")
}

// A line that a bad disk took does not make those behind it somebody else's.
func TestDamageIsNoForgery(t *testing.T) {
	key := testKey(t)
	own := written(t, key)
	found := parseLedger([]byte(own[0]+"garbage\n"+own[2]+"\n"), key)
	if !slices.Equal(found.damaged, []int{2}) || len(found.foreign) != 0 {
		t.Errorf("damaged %v, foreign %v", found.damaged, found.foreign)
	}
}

func TestJoinNumbers(t *testing.T) {
	for want, numbers := range map[string][]int{"": nil, "3": {3}, "1 to 3, 5, 7 to 8": {1, 2, 3, 5, 7, 8}} {
		if got := joinNumbers(numbers); got != want {
			t.Errorf("%v is %q, want %q", numbers, got, want)
		}
	}
}
