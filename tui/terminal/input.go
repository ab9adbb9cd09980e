package terminal

import (
	"io"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// How long the rest of a sequence is waited for: a key that begins as one does, such as Esc, comes that much later.
const (
	keyGap   = 50 * time.Millisecond
	replyGap = time.Second     // while a reply is due
	replyDue = 5 * time.Second // since the terminal was asked
	pasteGap = time.Second     // within a paste
	tornGap  = 200 * time.Millisecond
)

// oneRead is so much less than Bubble Tea asks for, 256 bytes, that what was read is always given out at once: Bubble
// Tea waits for the file to have more before it asks again.
const oneRead = 96

// slowest is how long after its last byte the rest of a reply may come.
const slowest = 2 * time.Second

// Input is a terminal's keys, without its replies. It is a file to those who look for the terminal's mode.
type Input struct {
	*os.File
	filter  filter
	keys    []byte // that were read and not given out
	dueTill time.Time
	paused  time.Time // when an ESC was given out as a key, or half a sequence was all there was
	burst   burst
	paste   paste
	typing  atomic.Bool

	// Dropped is told how many keys came faster than a hand types, and were dropped; nil: nobody is. Set it before
	// the first Read.
	Dropped func(keys int)
}

// SetTyping says whether text is being typed: then a paste is what it looks like.
func (in *Input) SetTyping(typing bool) { in.typing.Store(typing) }

// NewInput takes the replies out of what comes from a terminal.
func NewInput(file *os.File) *Input { return &Input{File: file} }

// Read reads keys. It returns nothing when there were only replies, so that the caller looks again whether it should
// go on.
func (in *Input) Read(p []byte) (int, error) {
	if len(in.keys) == 0 {
		if err := in.fill(); err != nil {
			return 0, err
		}
		in.dropBurst()
	}
	n := copy(p, in.keys)
	in.keys = in.keys[n:]
	return n, nil
}

// dropBurst drops keys that no hand can have typed.
func (in *Input) dropBurst() {
	if in.typing.Load() { // and the key that comes right behind a pasted text is no part of it
		in.burst = burst{}
		return
	}
	left, dropped := in.burst.of(in.keys, time.Now())
	if dropped == 0 {
		return
	}
	in.keys = append(in.keys[:0], left...) // left is made anew
	if in.Dropped != nil {
		in.Dropped(dropped)
	}
}

// fill reads once, and then for as long as a sequence is not decided.
func (in *Input) fill() error {
	var buf [oneRead]byte
	in.keys = in.keys[:0]
	for {
		n, err := in.File.Read(buf[:])
		if time.Since(in.paused) > slowest {
			in.filter.forget()
		}
		before := len(in.keys)
		in.keys = in.filter.keys(in.keys, buf[:n])
		in.keys = in.paste.read(in.keys, before, time.Now())
		switch {
		case err != nil && len(in.keys) == 0:
			return err
		case err != nil || !in.filter.undecided() && !in.paste.open || len(in.keys) >= oneRead:
			return nil //nolint:nilerr // keys are given out first; the next read has the error again
		}
		if in.paste.open {
			if !in.ready(pasteGap) {
				in.keys = in.paste.end(in.keys)
				return nil
			}
			continue
		}
		gap := keyGap
		if in.filter.state == text || in.filter.state == ending || in.filter.given > 0 || time.Now().Before(in.dueTill) {
			gap = replyGap
		}
		if !in.ready(gap) {
			in.keys = in.filter.pause(in.keys)
			in.paused = time.Now()
			return nil
		}
	}
}

// ready waits until there is something to read.
func (in *Input) ready(within time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(in.Fd()), Events: unix.POLLIN}}
	for end := time.Now().Add(within); ; {
		left := time.Until(end)
		if left <= 0 {
			return false
		}
		n, err := unix.Poll(fds, int(left.Milliseconds())+1)
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}

// collect reads what comes for at most a time, or until done says so of all of it, and returns it. Keys among it are
// dropped: nothing is on screen yet that they could be meant for.
func (in *Input) collect(within time.Duration, done func([]byte) bool) []byte {
	var all []byte
	var buf [256]byte
	for end := time.Now().Add(within); in.ready(time.Until(end)); {
		n, err := in.File.Read(buf[:])
		all = append(all, buf[:n]...)
		if err != nil || done(all) {
			break
		}
	}
	in.filter.keys(nil, all)
	return all
}

var _ io.Reader = (*Input)(nil)
