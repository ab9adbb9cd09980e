package terminal

// filter takes out of a terminal's input what is no key: replies to somebody's questions (ECMA-48's control strings,
// and control sequences that only report). They may come at any time and cut anywhere, and their digits would be
// keys: of ESC ]11;rgb:1e1e/1e1e/1e1e ESC \ the 1 would inject a fault.
type filter struct {
	state state
	held  []byte // the beginning of a sequence that is not decided yet
	given int    // how much of it was given out: the ESC that a slow reply begins with was taken for the key
	torn  bool   // nothing followed for a while: what comes now may be its rest, or keys
	halts int    // how many x the text of a reply has last: no reply has as many in a row as a hand that wants to halt
}

// surelyHalt is how many x in a row are HALT within half a reply.
const surelyHalt = 3

type state int

const (
	ground  state = iota
	escaped       // after an ESC that was given out, lately
	escape        // after ESC
	control       // in a control sequence: ESC [
	number        // in the number that a reply's control string begins with: ESC ] 1 1
	text          // in the rest of a control string, until BEL or ESC \
	ending        // after an ESC in a control string
)

const (
	esc = 0x1b
	bel = 0x07
	can = 0x18 // Ctrl+X, which halts
	etx = 0x03 // Ctrl+C, which leaves
)

// longestHeld is how long a sequence may be that is not decided. Longer ones are no keys.
const longestHeld = 64

// keys appends to out what of the input is keys. What is not decided yet is held.
func (f *filter) keys(out, in []byte) []byte {
	for _, b := range in {
		out = f.next(out, b)
	}
	return out
}

func (f *filter) next(out []byte, b byte) []byte {
	switch f.state {
	case escaped:
		f.drop()
		if introduces(b) {
			f.hold(escape, esc)
			f.given = 1
			return f.afterEscape(out, b)
		}
	case escape:
		return f.afterEscape(out, b)
	case control:
		return f.inControl(out, b)
	case number:
		return f.inNumber(out, b)
	case text:
		switch b {
		case bel:
			f.drop()
		case can, etx: // no reply has them, and they must work whatever came before
			f.drop()
			return append(out, b)
		case esc:
			f.state = ending
		case 'x', 'X':
			if f.halts++; f.halts == surelyHalt {
				f.drop()
				return append(out, b)
			}
			return out
		}
		f.halts = 0
		return out
	case ending:
		f.drop()
		if b == '\\' {
			return out
		}
		f.hold(escape, esc)
		return f.afterEscape(out, b)
	}
	if b == esc {
		f.hold(escape, b)
		return out
	}
	return append(out, b)
}

// introduces reports whether a sequence that may be a reply begins with ESC and this.
func introduces(b byte) bool { return b == '[' || b == ']' || b == 'P' || b == '_' }

func (f *filter) afterEscape(out []byte, b byte) []byte {
	switch b {
	case '[':
		f.hold(control, b)
	case ']', 'P', '_':
		f.hold(number, b)
	case esc: // the key twice
		out = f.release(out)
		f.hold(escape, b)
	default:
		out = append(f.release(out), b)
		f.drop()
	}
	return out
}

func (f *filter) inControl(out []byte, b byte) []byte {
	switch {
	case b == esc || b < ' ', f.torn && (b == 'x' || b == 'X'): // HALT has to work behind half a reply
		out = f.release(out)
		return f.next(out, b)
	case b >= '@' && b <= '~':
		if f.reports(b) {
			f.drop()
			return out
		}
		if f.torn && f.given > 0 { // Esc and a bracket were keys, and so is this
			f.drop()
			return append(out, b)
		}
		f.torn = false // it is whole now
		return append(f.release(out), b)
	case len(f.held) >= longestHeld:
		f.drop()
		return out
	}
	f.hold(control, b)
	return out
}

// reports reports whether a control sequence that ends so is a reply and no key: cursor position, device attributes
// and status, window, terminal parameters, and what has a private mark.
func (f *filter) reports(final byte) bool {
	if len(f.held) <= 2 {
		return false // a reply has numbers
	}
	switch final {
	case 'R', 'c', 'n', 't', 'x', 'y':
		return true
	}
	return f.held[2] == '?' || f.held[2] == '>' || f.held[2] == '='
}

// inNumber tells a reply from Alt with a bracket: a reply goes on with a number and a semicolon, or with a word.
func (f *filter) inNumber(out []byte, b byte) []byte {
	digits := f.held[2:]
	switch {
	case b >= '0' && b <= '9' && len(digits) < 4:
		f.hold(number, b)
	case f.held[1] == ']' && b == ';' && len(digits) > 0,
		f.held[1] != ']' && b > ' ' && (len(digits) > 0 || b == '>' || b == '!' || b == 'G'):
		f.state, f.held = text, f.held[:0]
	default:
		out = f.release(out)
		return f.next(out, b)
	}
	return out
}

// undecided reports whether the input so far ends within a sequence.
func (f *filter) undecided() bool { return f.state != ground && f.state != escaped }

// pause notes that nothing followed for a while. A lone ESC was the key. Half a sequence is kept, for its rest may still
// come, and its digits must not be keys then; of one that began with an ESC that was given out the bracket was a key.
func (f *filter) pause(out []byte) []byte {
	if len(f.held) == 1 && f.state == escape {
		return f.release(out)
	}
	if f.given == 1 && len(f.held) == 2 && f.held[1] != 'P' && f.held[1] != '_' {
		out = append(out, f.held[1])
		f.given = 2
	}
	f.torn = true
	return out
}

// release gives up waiting: what is held was keys, unless it is half a sequence, and what was begun of a reply is
// dropped.
func (f *filter) release(out []byte) []byte {
	if f.torn {
		f.drop()
		return out
	}
	out = append(out, f.held[f.given:]...)
	alone := len(f.held) == 1
	f.drop()
	if alone {
		f.state = escaped
	}
	return out
}

// forget takes an ESC that was given out for the key that it was, and gives up half a sequence.
func (f *filter) forget() {
	if f.state == escaped || f.torn {
		f.drop()
	}
}

func (f *filter) drop() { f.state, f.held, f.given, f.torn, f.halts = ground, f.held[:0], 0, false, 0 }

func (f *filter) hold(s state, b byte) { f.state, f.held = s, append(f.held, b) }
