package chaos

import (
	"cmp"
	"crypto/rand"
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
	"sync"
	"time"

	"github.com/gofrs/flock"

	"xinbot.ir/squall/internal/inputfile"
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

	authentic bool // written with the key of the ledger that it was read from
}

// ledgerLine is one line of the file: an entry, the checksum that tells it from a damaged one, and the code that
// tells it from one that another user wrote or changed.
type ledgerLine struct {
	Sum   string          `json:"sum"`
	MAC   string          `json:"mac,omitempty"` // see [Key]; "" without a key
	Entry json.RawMessage `json:"entry"`
}

// ledgerEntry is a record, or the resolution of one.
type ledgerEntry struct {
	Ledger string `json:"ledger"` // random, the same in all lines: a line of another ledger is none of this one
	Line   int    `json:"line"`   // counted from 1: a line that somebody took out, or put elsewhere, shows
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
	lock       *flock.Flock // of the file itself, beside the session's own lock, which somebody can remove
	size       int64        // of the whole lines in the file
	key        Key
	id         string // of this ledger, in every line
	lines      int    // the number of the last line
	path       string
	unresolved []Record // in the order of the file
	next       int
	damaged    error // a *DamagedError, or nil
	foreign    error // a *ForeignLedgerError, or nil
}

// ledgerFile is what a ledger needs of a file that is opened for appending.
type ledgerFile interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
}

// largestLedger bounds what is read of a ledger, in bytes: some ten thousand changes.
const largestLedger = 64 << 20

// ErrLedgerInUse means that a living process writes the ledger.
var ErrLedgerInUse = errors.New("a living session, or another squall recover, has it open")

// OpenLedger opens a run directory's ledger, or begins one. Damaged lines, a torn last one among them, are no error here:
// see [Ledger.Damaged], and [Ledger.Foreign] for those that were not written with the key. Without a key nothing
// that is written can be told from somebody else's.
func OpenLedger(dir string, key Key) (*Ledger, error) {
	path := filepath.Join(dir, LedgerFile)
	if err := inputfile.Regular(path); err != nil {
		return nil, fmt.Errorf("lock ledger: %w", err)
	}
	lock := flock.New(path)
	if held, err := lock.TryLock(); err != nil || !held {
		return nil, fmt.Errorf("lock ledger %s: %w", path, cmp.Or(err, ErrLedgerInUse))
	}
	b, err := inputfile.ReadRegular(path, largestLedger)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("read ledger: %w", err), lock.Unlock())
	}
	found := parseLedger(b, key)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o644)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger: %w", err), lock.Unlock())
	}
	l := &Ledger{
		file: file, lock: lock, path: path, size: int64(len(b)), key: key, id: cmp.Or(found.ledger, rand.Text()), lines: found.lines,
		unresolved: found.open, next: found.written, damaged: found.damage(path), foreign: found.foreignness(path),
	}
	if err := l.endLastLine(b); err != nil {
		return nil, errors.Join(err, file.Close(), lock.Unlock())
	}
	return l, nil
}

// endLastLine makes sure that the next record begins on a line of its own. A torn line stays, so that it is named for
// as long as nobody has looked into it.
func (l *Ledger) endLastLine(b []byte) error {
	if len(b) == 0 || b[len(b)-1] == '\n' {
		return nil
	}
	if err := l.write([]byte{'\n'}); err != nil {
		return fmt.Errorf("end the last line of the ledger: %w", err)
	}
	return nil
}

// Check reports whether the file is in its place with all that was written: when squall is killed, what is missing there
// cannot be reverted.
func (l *Ledger) Check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Lstat(l.path)
	if err != nil {
		return fmt.Errorf("look for the ledger: %w", err)
	}
	held, err := l.file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("look for the ledger: %w", err)
	case !os.SameFile(held, info):
		return fmt.Errorf("look for the ledger: %s is another file than the one that was made", l.path)
	case info.Size() < l.size:
		return fmt.Errorf("look for the ledger: %s has been cut short: %d of %d bytes are left", l.path, info.Size(), l.size)
	}
	return nil
}

// Damaged is a [*DamagedError] when lines of the ledger could not be read, else nil.
func (l *Ledger) Damaged() error { return l.damaged }

// dir is the run directory that the ledger lies in.
func (l *Ledger) dir() string { return filepath.Dir(l.path) }

// Foreign is a [*ForeignLedgerError] when lines of the ledger were not written with its key, else nil.
func (l *Ledger) Foreign() error { return l.foreign }

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
	entry.Ledger, entry.Line = l.id, l.lines+1
	raw, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	line, err := json.Marshal(ledgerLine{checksum(raw), l.key.sign(raw), raw})
	if err != nil {
		return err
	}
	if err := l.write(append(line, '\n')); err != nil {
		return err
	}
	l.lines++
	return nil
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
	if err := errors.Join(l.file.Close(), l.lock.Unlock()); err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}

// ForeignLedger is a [*ForeignLedgerError] when a run directory's ledger has unresolved records and lines that were not
// written with the key, else nil. The file is not touched.
func ForeignLedger(dir string, key Key) error {
	path := filepath.Join(dir, LedgerFile)
	b, err := inputfile.ReadRegular(path, largestLedger)
	if err != nil {
		return nil //nolint:nilerr // whoever opens it says so
	}
	found := parseLedger(b, key)
	if len(found.open) == 0 {
		return nil
	}
	return found.foreignness(path)
}

// ReadLedger lists a run directory's unresolved records without touching the file. A run without a ledger has
// none. With lines that cannot be read the error is a [*DamagedError], and the records are the others.
func ReadLedger(dir string) ([]Record, error) {
	path := filepath.Join(dir, LedgerFile)
	b, err := inputfile.ReadRegular(path, largestLedger)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	found := parseLedger(b, nil)
	return found.open, found.damage(path)
}

// LostRecords are those of the given ids of which a run directory's ledger holds nothing, not even that they were
// reverted: the file is gone, or has lost a part.
func LostRecords(dir string, ids []string) (lost []string) {
	b, err := inputfile.ReadRegular(filepath.Join(dir, LedgerFile), largestLedger)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil // whoever opens it says so
	}
	there := parseLedger(b, nil).ids
	for _, id := range ids {
		if !slices.Contains(there, id) {
			lost = append(lost, id)
		}
	}
	return lost
}
