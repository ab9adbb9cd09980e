package chaos

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// LedgerFile is the name of the ledger in a run directory.
const LedgerFile = "ledger.jsonl"

// Record is a change that is about to be made, with all that is needed to revert it from
// another process.
type Record struct {
	ID     string          `json:"id"`
	Time   time.Time       `json:"time"`
	Kind   string          `json:"kind"`   // whose undo it is, such as "rule"
	Object string          `json:"object"` // what is changed, in words for the screen
	Undo   json.RawMessage `json:"undo"`   // shape by Kind
}

// ledgerLine is one line of the file: an entry, and the checksum that tells it from a damaged one.
type ledgerLine struct {
	Sum   string          `json:"sum"`
	Entry json.RawMessage `json:"entry"`
}

// ledgerEntry is a record, or the resolution of one.
type ledgerEntry struct {
	*Record
	Closed string `json:"closed,omitempty"` // id of the record that was undone and verified
}

// checksum is the CRC-32C (Castagnoli, RFC 3385) of an entry as it stands in the file.
func checksum(entry []byte) string {
	return fmt.Sprintf("%08x", crc32.Checksum(entry, crc32.MakeTable(crc32.Castagnoli)))
}

// Ledger is the write-ahead log of changes made to what is not ours. A change may be made once
// Record has returned, and is forgotten only after Resolve. It is safe for concurrent use.
type Ledger struct {
	mu         sync.Mutex
	file       ledgerFile
	size       int64    // of the whole lines in the file
	unresolved []Record // in the order of the file
	next       int
	damaged    error // a *DamagedError, or nil
}

// ledgerFile is what a ledger needs of a file that is opened for appending.
type ledgerFile interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// DamagedError means that whole lines of a ledger cannot be read. What they record may still be changed
// on the target, and only a person can find out.
type DamagedError struct {
	Path  string
	Lines []int // counted from 1
}

func (d *DamagedError) Error() string {
	lines := make([]string, len(d.Lines))
	for i, n := range d.Lines {
		lines[i] = strconv.Itoa(n)
	}
	return fmt.Sprintf("read ledger %s: damaged lines: %s: what they record is unknown; look at the target and revert by hand what is still changed, then delete these lines",
		d.Path, strings.Join(lines, ", "))
}

// OpenLedger opens a run directory's ledger, or begins one. A torn last line, left by a crash, is
// not a record: its change was never allowed to begin. It is cut off. Damaged lines are no error here:
// see [Ledger.Damaged].
func OpenLedger(dir string) (*Ledger, error) {
	path := filepath.Join(dir, LedgerFile)
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	records, written, damaged := parseLedger(b)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	l := &Ledger{file: file, size: int64(len(b)), unresolved: records, next: written}
	if len(damaged) > 0 {
		l.damaged = &DamagedError{path, damaged}
	}
	if err := l.endLastLine(b); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return l, nil
}

// endLastLine makes sure that the next record begins on a line of its own: a last line that is whole but
// for its newline gets one, and one that is torn goes.
func (l *Ledger) endLastLine(b []byte) error {
	last := b[bytes.LastIndexByte(b, '\n')+1:]
	if len(last) == 0 {
		return nil
	}
	if _, ok := parseLine(last); ok {
		if err := l.write([]byte{'\n'}); err != nil {
			return fmt.Errorf("write ledger: %w", err)
		}
		return nil
	}
	if err := l.file.Truncate(l.size - int64(len(last))); err != nil {
		return fmt.Errorf("cut torn line off ledger: %w", err)
	}
	l.size -= int64(len(last))
	return nil
}

// Damaged is a [*DamagedError] when lines of the ledger could not be read, else nil.
func (l *Ledger) Damaged() error { return l.damaged }

// Record records a change before it is made. When it returns without an error the record is on
// the disk.
func (l *Ledger) Record(kind, object string, undo any) (id string, err error) {
	raw, err := json.Marshal(undo)
	if err != nil {
		return "", fmt.Errorf("record %s in ledger: %w", object, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	r := Record{ID: kind + "-" + strconv.Itoa(l.next), Time: time.Now().UTC(), Kind: kind, Object: object, Undo: raw}
	if err := l.append(ledgerEntry{Record: &r}); err != nil {
		return "", fmt.Errorf("record %s in ledger: %w", object, err)
	}
	l.unresolved = append(l.unresolved, r)
	return r.ID, nil
}

// Resolve records that a change was reverted and that this was verified. Resolving twice is fine.
func (l *Ledger) Resolve(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.unresolved, func(r Record) bool { return r.ID == id })
	if at < 0 {
		return nil
	}
	if err := l.append(ledgerEntry{Closed: id}); err != nil {
		return fmt.Errorf("resolve %s in ledger: %w", l.unresolved[at].Object, err)
	}
	l.unresolved = slices.Delete(l.unresolved, at, at+1)
	return nil
}

func (l *Ledger) append(entry ledgerEntry) error {
	raw, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	line, err := json.Marshal(ledgerLine{checksum(raw), raw})
	if err != nil {
		return err
	}
	return l.write(append(line, '\n'))
}

// write appends whole lines and flushes them to the disk. Lines that are written only in part, by a disk
// that is full, are taken off again, so that they swallow nothing that comes after them.
func (l *Ledger) write(lines []byte) error {
	_, err := l.file.Write(lines)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(l.size))
	}
	l.size += int64(len(lines))
	return nil
}

// Unresolved lists the changes that were not reverted, newest first: the order in which to undo them. It is the
// file's order, for clocks are set back.
func (l *Ledger) Unresolved() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	records := slices.Clone(l.unresolved)
	slices.Reverse(records)
	return records
}

// Empty reports whether nothing was ever recorded.
func (l *Ledger) Empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next == 0
}

// Close closes the file. Unresolved records stay in it.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}

// ReadLedger lists a run directory's unresolved records without touching the file. A run without a ledger has
// none. With lines that cannot be read the error is a [*DamagedError], and the records are the others.
func ReadLedger(dir string) ([]Record, error) {
	path := filepath.Join(dir, LedgerFile)
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	open, _, damaged := parseLedger(b)
	if len(damaged) > 0 {
		return open, &DamagedError{path, damaged}
	}
	return open, nil
}

// parseLedger returns the unresolved records in the order in which they were written, how many were ever
// written, and the numbers of the lines that are damaged. A last line without its newline is torn rather
// than damaged: its change never began.
func parseLedger(b []byte) (open []Record, written int, damaged []int) {
	for number := 1; len(b) > 0; number++ {
		text, rest, whole := bytes.Cut(b, []byte{'\n'})
		b = rest
		entry, ok := parseLine(text)
		switch {
		case !ok && whole && len(bytes.TrimSpace(text)) > 0:
			damaged = append(damaged, number)
		case entry.Closed != "":
			open = slices.DeleteFunc(open, func(r Record) bool { return r.ID == entry.Closed })
		case entry.Record != nil:
			open = append(open, *entry.Record)
			written++
		}
	}
	return open, written, damaged
}

// parseLine reads one line; not ok when it is damaged, or neither a record nor the resolution of one.
func parseLine(text []byte) (entry ledgerEntry, ok bool) {
	var line ledgerLine
	if json.Unmarshal(text, &line) != nil || checksum(line.Entry) != line.Sum || json.Unmarshal(line.Entry, &entry) != nil {
		return ledgerEntry{}, false
	}
	if entry.Closed == "" && (entry.Record == nil || entry.ID == "") {
		return ledgerEntry{}, false
	}
	return entry, true
}
