package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ledgerContents is what stands in a ledger's file.
type ledgerContents struct {
	ledger  string   // the id in its lines
	lines   int      // the number of its last line
	open    []Record // unresolved, in the order in which they were written
	written int      // records that were ever written
	ids     []string // of those
	damaged []int    // numbers of lines in the file, from 1
	foreign []int    // the same, of lines that were not written with the key, or not at this place
}

// parseLedger reads the file of a ledger. A last line that is cut off is damaged like any other: a write that a crash
// cut short was never followed by its change, but a file that lost its end later looks the same.
func parseLedger(b []byte, key Key) (c ledgerContents) {
	gap := false // lines before this one are damaged, and so their number is not known
	for number := 1; len(b) > 0; number++ {
		text, rest, _ := bytes.Cut(b, []byte{'\n'})
		b = rest
		entry, ok := parseLine(text, key)
		if !ok {
			if len(bytes.TrimSpace(text)) > 0 {
				c.damaged = append(c.damaged, number)
				gap = true
			}
			continue
		}
		if c.ledger == "" {
			c.ledger = entry.Ledger
		}
		inPlace := entry.Ledger == c.ledger && (entry.Line == c.lines+1 || gap && entry.Line > c.lines)
		if !entry.authentic || !inPlace {
			entry.authentic = false
			c.foreign = append(c.foreign, number)
		}
		c.lines, gap = max(c.lines, entry.Line), false
		c.add(entry)
	}
	return c
}

// parsedEntry is an entry, and whether it was written with the key.
type parsedEntry struct {
	ledgerEntry
	authentic bool
}

// add takes in the next entry. Only a resolution that is as authentic as its record counts: else anybody who can
// write the file could make squall forget a change.
func (c *ledgerContents) add(e parsedEntry) {
	if e.Closed != "" {
		c.open = slices.DeleteFunc(c.open, func(r Record) bool { return r.ID == e.Closed && (e.authentic || !r.authentic) })
		return
	}
	r := *e.Record
	r.authentic = e.authentic
	c.open = append(c.open, r)
	c.ids = append(c.ids, r.ID)
	c.written++
}

// damage is a [*DamagedError], or nil.
func (c *ledgerContents) damage(path string) error {
	if len(c.damaged) == 0 {
		return nil
	}
	return &DamagedError{path, c.damaged}
}

// foreignness is a [*ForeignLedgerError], or nil.
func (c *ledgerContents) foreignness(path string) error {
	if len(c.foreign) == 0 {
		return nil
	}
	return &ForeignLedgerError{path, c.foreign}
}

// parseLine reads one line; not ok when it is damaged, or neither a record nor the resolution of one.
func parseLine(text []byte, key Key) (entry parsedEntry, ok bool) {
	var line ledgerLine
	if json.Unmarshal(text, &line) != nil || checksum(line.Entry) != line.Sum || json.Unmarshal(line.Entry, &entry.ledgerEntry) != nil {
		return parsedEntry{}, false
	}
	if entry.Closed == "" && (entry.Record == nil || entry.ID == "") {
		return parsedEntry{}, false
	}
	entry.authentic = key.verify(line.Entry, line.MAC)
	return entry, true
}

// DamagedError means that whole lines of a ledger cannot be read. What they record may still be changed
// on the target, and only a person can find out.
type DamagedError struct {
	Path  string
	Lines []int // counted from 1
}

func (d *DamagedError) Error() string {
	return fmt.Sprintf("read ledger %s: damaged lines: %s: what they record is unknown; squall recover --scan finds what is still changed at the target, or look there yourself; then delete these lines",
		d.Path, joinNumbers(d.Lines))
}

// ForeignLedgerError means that lines of a ledger were not written by a squall of this user, or were changed, moved
// or taken out since. What they say is somebody else's word.
type ForeignLedgerError struct {
	Path  string
	Lines []int // counted from 1
}

func (f *ForeignLedgerError) Error() string {
	return fmt.Sprintf("read ledger %s: not written by this user's squall on this machine, or changed since: lines %s", f.Path, joinNumbers(f.Lines))
}

// joinNumbers names rising numbers, those that follow each other as "2 to 5".
func joinNumbers(numbers []int) string {
	var texts []string
	for first := 0; first < len(numbers); {
		last := first
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		text := strconv.Itoa(numbers[first])
		if last > first {
			text += " to " + strconv.Itoa(numbers[last])
		}
		texts = append(texts, text)
		first = last + 1
	}
	return strings.Join(texts, ", ")
}
