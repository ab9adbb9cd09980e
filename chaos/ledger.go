package chaos

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// LedgerFile is the name of the ledger in a run directory.
const LedgerFile = "ledger.jsonl"

// Record is a change that is about to be made, with all that is needed to take it back from
// another process.
type Record struct {
	ID     string          `json:"id"`
	Time   time.Time       `json:"time"`
	Kind   string          `json:"kind"`   // whose undo it is, such as "rule"
	Object string          `json:"object"` // what is changed, in words for the screen
	Undo   json.RawMessage `json:"undo"`   // shape by Kind
}

// line is one line of the file: a record, or the closing of one.
type line struct {
	*Record
	Closed string `json:"closed,omitempty"` // id of the record that was undone and verified
}

// Ledger is the write-ahead log of changes made to what is not ours. A change may be made once
// Intend has returned, and is forgotten only after Close. It is safe for concurrent use.
type Ledger struct {
	mu   sync.Mutex
	file *os.File
	open map[string]Record
	next int
}

// OpenLedger opens a run directory's ledger, or begins one. A torn last line, left by a crash, is
// not a record: its change was never allowed to begin.
func OpenLedger(dir string) (*Ledger, error) {
	path := filepath.Join(dir, LedgerFile)
	records, written, err := readLedger(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &Ledger{file: file, open: map[string]Record{}, next: written}
	for _, r := range records {
		l.open[r.ID] = r
	}
	if err := l.endTornLine(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return l, nil
}

// endTornLine makes sure that the next record begins on a line of its own.
func (l *Ledger) endTornLine() error {
	info, err := l.file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := l.file.ReadAt(last, info.Size()-1); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	if last[0] == '\n' {
		return nil
	}
	if _, err := l.file.Write([]byte{'\n'}); err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return nil
}

// Intend records a change before it is made. When it returns without an error the record is on
// the disk.
func (l *Ledger) Intend(kind, object string, undo any) (id string, err error) {
	raw, err := json.Marshal(undo)
	if err != nil {
		return "", fmt.Errorf("record %s in ledger: %w", object, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	r := Record{ID: kind + "-" + strconv.Itoa(l.next), Time: time.Now().UTC(), Kind: kind, Object: object, Undo: raw}
	if err := l.append(line{Record: &r}); err != nil {
		return "", fmt.Errorf("record %s in ledger: %w", object, err)
	}
	l.open[r.ID] = r
	return r.ID, nil
}

// Close records that a change was taken back and that this was verified. Closing twice is fine.
func (l *Ledger) Close(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.open[id]
	if !ok {
		return nil
	}
	if err := l.append(line{Closed: id}); err != nil {
		return fmt.Errorf("close %s in ledger: %w", r.Object, err)
	}
	delete(l.open, id)
	return nil
}

func (l *Ledger) append(entry line) error {
	b, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	if _, err := l.file.Write(append(b, '\n')); err != nil {
		return err
	}
	return l.file.Sync()
}

// Open lists the changes that were not taken back, newest first: the order in which to undo.
func (l *Ledger) Open() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	records := make([]Record, 0, len(l.open))
	for _, r := range l.open {
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b Record) int { return b.Time.Compare(a.Time) })
	return records
}

// Release closes the file and leaves the records as they are.
func (l *Ledger) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}

// ReadLedger lists a run directory's open records without touching the file. A run without a
// ledger has none.
func ReadLedger(dir string) ([]Record, error) {
	records, _, err := readLedger(filepath.Join(dir, LedgerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return records, err
}

// readLedger returns the open records in the order in which they were written, and how many were
// ever written.
func readLedger(path string) (open []Record, written int, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, fmt.Errorf("read ledger: %w", err)
	}
	open, written = parseLedger(b)
	return open, written, nil
}

// parseLedger skips lines that are no JSON: they are torn, and their change never began.
func parseLedger(b []byte) (open []Record, written int) {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, len(b)+1)
	for lines.Scan() {
		var entry line
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			continue
		}
		switch {
		case entry.Closed != "":
			open = slices.DeleteFunc(open, func(r Record) bool { return r.ID == entry.Closed })
		case entry.Record != nil && entry.ID != "":
			open = append(open, *entry.Record)
			written++
		}
	}
	return open, written
}
