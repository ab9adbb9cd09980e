package terminal

import (
	"bytes"
	"slices"
	"time"
	"unicode/utf8"
)

// A paste into a terminal that does not mark pastes would be read as keys: a line of a log can inject a fault and
// confirm it.
const (
	burstKeys = 3                     // so many different keys at once can be a hand's
	burstGap  = 10 * time.Millisecond // keys that are no further apart are of one burst
)

// pasteMarks begin and end a paste where the terminal marks it (bracketed paste): its text is no key then.
var pasteMarks = [][]byte{[]byte("\x1b[200~"), []byte("\x1b[201~")}

// paste is whether a marked paste goes on. Bubble Tea waits for its end as long as it takes, and no key works until then: of a
// paste whose end got lost, on a line that dropped for a moment, say, the end is made here.
type paste struct {
	open bool
	last time.Time // something of it was read
}

// read notes the marks in what was read, which is keys from an index on. One key by itself after a pause is a hand's, and the
// paste is over before it.
func (p *paste) read(keys []byte, from int, now time.Time) []byte {
	fresh := keys[from:]
	if len(fresh) == 0 {
		return keys
	}
	begins, ends := bytes.LastIndex(keys, pasteMarks[0]), bytes.LastIndex(keys, pasteMarks[1])
	torn := p.open && ends < 0 && now.Sub(p.last) > tornGap && strokeLength(fresh) == len(fresh)
	if begins >= 0 || ends >= 0 {
		p.open = begins > ends
	}
	p.last = now
	if torn {
		p.open = false
		return slices.Insert(keys, from, pasteMarks[1]...)
	}
	return keys
}

// end makes the end of a paste that does not go on.
func (p *paste) end(keys []byte) []byte {
	p.open = false
	return append(keys, pasteMarks[1]...)
}

// burst knows the keys that came just now.
type burst struct {
	last   time.Time
	count  int
	key    []byte // of the burst, while all of it is one key that is held down
	varied bool   // it is more than one key
}

// of takes what is left of keys that came at a time: all of them, unless no hand can have typed them. Then only HALT
// and the marks of a paste stay, and dropped says how many went.
func (b *burst) of(keys []byte, now time.Time) (left []byte, dropped int) {
	if now.Sub(b.last) > burstGap {
		*b = burst{}
	}
	b.last = now
	strokes := split(keys)
	for _, stroke := range strokes {
		if b.count > 0 && !bytes.Equal(stroke, b.key) {
			b.varied = true
		}
		b.key = append(b.key[:0], stroke...)
		b.count++
	}
	if b.count <= burstKeys || !b.varied {
		return keys, 0
	}
	for _, stroke := range strokes {
		if isHalt(stroke) || isPasteMark(stroke) {
			left = append(left, stroke...)
			continue
		}
		dropped++
	}
	return left, dropped
}

func isHalt(stroke []byte) bool {
	return len(stroke) == 1 && (stroke[0] == 'x' || stroke[0] == 'X' || stroke[0] == can)
}

func isPasteMark(stroke []byte) bool {
	return bytes.Equal(stroke, pasteMarks[0]) || bytes.Equal(stroke, pasteMarks[1])
}

// split cuts input into keys: control sequences (ECMA-48: ESC [, parameters, a final byte), ESC with the key that it
// is for, and characters.
func split(keys []byte) (strokes [][]byte) {
	for len(keys) > 0 {
		n := strokeLength(keys)
		strokes = append(strokes, keys[:n])
		keys = keys[n:]
	}
	return strokes
}

func strokeLength(keys []byte) int {
	if keys[0] != esc || len(keys) == 1 {
		_, n := utf8.DecodeRune(keys)
		return n
	}
	switch keys[1] {
	case '[':
		for n := 2; n < len(keys); n++ {
			if keys[n] >= 0x40 && keys[n] <= 0x7e {
				return n + 1
			}
		}
		return len(keys)
	case 'O':
		return min(3, len(keys))
	}
	_, n := utf8.DecodeRune(keys[1:])
	return 1 + n
}
