package terminal

import (
	"bytes"
	"slices"
	"testing"
)

// replies are what terminals answer to questions, whoever asked.
func replies() []string {
	return []string{
		"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\", "\x1b]10;rgb:ff/ff/ff\a", "\x1b]4;1;rgb:0000/1111/2222\x1b\\", "\x1b]52;c;eDEy\a",
		"\x1b[1;1R", "\x1b[24;80R", "\x1b[?1;2c", "\x1b[>41;354;0c", "\x1b[0n", "\x1b[?2026;2$y", "\x1b[8;24;80t", "\x1b[?1u",
		"\x1bP>|xterm(354)\x1b\\", "\x1bP1$r0m\x1b\\", "\x1bP1+r544e=787465726d\x1b\\", "\x1bP!|00000000\x1b\\", "\x1b_Gi=31;OK\x1b\\",
	}
}

// keys are what a keyboard sends, and what must stay whole.
func keys() []string {
	return []string{
		"x", "1", "é", "\x03", "\x18", "\r", "\t", "\x7f", "\x1b[A", "\x1b[1;2A", "\x1bOP", "\x1b[15~", "\x1b[5~", "\x1b[Z", "\x1b[200~pasted 1\x1b[201~",
		"\x1b[I", "\x1bs", "\x1b\x1b[B", "\x1b[1;5H", "[", "]",
	}
}

// TestRepliesAreNoKeys: in any company, cut anywhere, nothing of a reply is left and nothing of a key is lost.
func TestRepliesAreNoKeys(t *testing.T) {
	for _, reply := range replies() {
		for _, key := range keys() {
			for _, parts := range [][]string{{reply}, {key, reply}, {reply, key}, {key, reply, key, reply, key}} {
				var whole, want []byte
				for _, part := range parts {
					whole = append(whole, part...)
					if part == key {
						want = append(want, part...)
					}
				}
				for cut := range len(whole) + 1 {
					var f filter
					got := f.keys(f.keys(nil, whole[:cut]), whole[cut:])
					if !bytes.Equal(got, want) || f.undecided() {
						t.Fatalf("%q cut at %d: keys %q, want %q (undecided: %t)", whole, cut, got, want, f.undecided())
					}
				}
			}
		}
	}
}

// TestKeysAfterTornReplies: HALT and the way out work whatever was begun.
func TestKeysAfterTornReplies(t *testing.T) {
	for _, reply := range replies() {
		for cut := 1; cut < len(reply)-1; cut++ {
			for _, key := range []byte{can, etx} {
				var f filter
				got := f.keys(nil, append([]byte(reply[:cut]), key))
				if !slices.Contains(got, key) {
					t.Errorf("%q and then %q: keys %q", reply[:cut], key, got)
				}
			}
		}
	}
}

// TestReplyBehindItsEscape: the ESC of a reply that stops there is the key, and the rest is still none.
func TestReplyBehindItsEscape(t *testing.T) {
	for _, reply := range replies() {
		if reply[1] == '_' || reply[1] == 'P' {
			continue // only those that this program asks for are looked for so late
		}
		var f filter
		got := f.release(f.keys(nil, []byte(reply[:1])))
		for _, b := range []byte(reply[1:]) {
			got = f.keys(got, []byte{b})
		}
		if string(got) != "\x1b" || f.undecided() {
			t.Errorf("%q: keys %q", reply, got)
		}
	}
	for _, typed := range []string{"x", "]x", "[x", "[A", "1", "]1x", "\x1b"} {
		var f filter
		got := f.release(f.keys(nil, []byte{esc}))
		if got = f.release(f.keys(got, []byte(typed))); string(got) != "\x1b"+typed {
			t.Errorf("Esc and then %q: keys %q", typed, got)
		}
	}
	var f filter
	got := f.release(f.keys(nil, []byte{esc}))
	f.forget()
	if got = f.keys(got, []byte("]1")); string(got) != "\x1b]1" {
		t.Errorf("long after Esc: keys %q", got)
	}
}

// TestAltWithABracketIsAKey: what begins as a reply and does not go on as one was typed.
func TestAltWithABracketIsAKey(t *testing.T) {
	for _, typed := range []string{"\x1b]x", "\x1b]1x", "\x1bPx", "\x1b_x", "\x1b]\x1b[A"} {
		var f filter
		if got := f.keys(nil, []byte(typed)); string(got) != typed || f.undecided() {
			t.Errorf("%q became %q (undecided: %t)", typed, got, f.undecided())
		}
	}
	for _, held := range []string{"\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b]1"} {
		var f filter
		if got := f.keys(nil, []byte(held)); len(got) != 0 || !f.undecided() || string(f.release(nil)) != held {
			t.Errorf("%q is given out as %q at once", held, got)
		}
	}
}

// FuzzFilter: bytes one by one are the bytes together, and what is no escape sequence comes through.
func FuzzFilter(f *testing.F) {
	for _, text := range slices.Concat(replies(), keys()) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var whole, single filter
		want := whole.keys(nil, in)
		var got []byte
		for _, b := range in {
			got = single.keys(got, []byte{b})
		}
		if !bytes.Equal(got, want) || whole.state != single.state {
			t.Errorf("%q: together %q, one by one %q", in, want, got)
		}
		if !bytes.ContainsRune(in, esc) && !bytes.Equal(want, in) {
			t.Errorf("%q became %q", in, want)
		}
		if len(whole.held) > longestHeld+2 {
			t.Errorf("%d bytes are held", len(whole.held))
		}
	})
}

func TestLightness(t *testing.T) {
	for answer, want := range map[string]struct {
		light float64
		ok    bool
	}{
		"\x1b]11;rgb:0000/0000/0000\x1b\\": {0, true}, "\x1b]11;rgb:ffff/ffff/ffff\a": {1, true}, "]11;rgb:ff/00/00": {0.5, true},
		"\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\\x1b[?62c": {0.149, true},
		"": {}, "\x1b]11;rgb:1/2\a": {}, "\x1b]11;rgb:zz/00/00\a": {}, "\x1b]10;rgb:ff/ff/ff\a": {}, "\x1b]11;rgb://\a": {},
	} {
		light, ok := lightness([]byte(answer))
		if ok != want.ok || light < want.light-0.01 || light > want.light+0.01 {
			t.Errorf("%q is %.3f, %t; want %.3f, %t", answer, light, ok, want.light, want.ok)
		}
	}
}

// TestRepliesInPieces: a reply that comes in pieces, with any time between them, injects nothing: what is a key of it
// at all is the ESC and the bracket that it begins with. Keys behind half a reply are keys, HALT among them.
func TestRepliesInPieces(t *testing.T) {
	harmless := func(keys []byte) bool {
		return !bytes.ContainsFunc(keys, func(r rune) bool { return r != esc && r != '[' && r != ']' })
	}
	pieces := func(reply string, cuts ...int) (f filter, got []byte) {
		from := 0
		for _, cut := range append(cuts, len(reply)) {
			got = f.keys(got, []byte(reply[from:cut]))
			if f.undecided() {
				got = f.pause(got)
			}
			from = cut
		}
		return f, got
	}
	for _, reply := range replies() {
		for first := 1; first < len(reply); first++ {
			for second := first; second < len(reply); second++ {
				if _, got := pieces(reply, first, second); !harmless(got) {
					t.Fatalf("%q in pieces at %d and %d: keys %q", reply, first, second, got)
				}
			}
		}
		var all []int
		for cut := 1; cut < len(reply); cut++ {
			all = append(all, cut)
		}
		if f, got := pieces(reply, all...); !harmless(got) || f.undecided() {
			t.Errorf("%q byte by byte: keys %q", reply, got)
		}
		for cut := 2; cut < len(reply); cut++ {
			f, _ := pieces(reply[:cut])
			if got := f.keys(nil, []byte{can}); !slices.Contains(got, can) {
				t.Errorf("%q and then Ctrl+X: keys %q", reply[:cut], got)
			}
			f, _ = pieces(reply[:cut])
			f.forget()
			if got := f.keys(nil, []byte("1")); string(got) != "1" {
				t.Errorf("%q and long after it a key: %q", reply[:cut], got)
			}
		}
	}
	for _, torn := range []string{"\x1b]11;rgb:1e1e", "\x1bP>|xterm", "\x1b_Gi=1"} { // and keys that come too fast for it to be over
		f, _ := pieces(torn)
		if got := f.keys(nil, []byte("xxx")); string(got) != "x" {
			t.Errorf("%q and then x three times: keys %q", torn, got)
		}
	}
	for _, torn := range []string{"\x1b[1", "\x1b[", "\x1b]1", "\x1b[1;2"} {
		f, _ := pieces(torn)
		if got := f.keys(nil, []byte("x")); string(got) != "x" {
			t.Errorf("%q and then x: keys %q", torn, got)
		}
	}
	if _, got := pieces("\x1b[1;5H", 4); string(got) != "\x1b[1;5H" {
		t.Errorf("a key in pieces became %q", got)
	}
}
