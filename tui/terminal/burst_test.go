package terminal

import (
	"bytes"
	"testing"
	"time"
)

func TestBursts(t *testing.T) {
	for name, test := range map[string]struct {
		reads   []string // one after the other, at once
		want    string
		dropped int
	}{
		"a key":                       {[]string{"1"}, "1", 0},
		"two hands":                   {[]string{"1\r"}, "1\r", 0},
		"arrows":                      {[]string{"\x1b[A\x1b[A\x1b[B"}, "\x1b[A\x1b[A\x1b[B", 0},
		"a key that is held down":     {[]string{"++++", "++++++"}, "++++++++++", 0},
		"an arrow that is held down":  {[]string{"\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A"}, "\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A", 0},
		"a line of a log":             {[]string{"12:01 q\ry"}, "", 9},
		"a line, read in parts":       {[]string{"12", ":01 q\ry"}, "12", 7},
		"HALT in it":                  {[]string{"12:01 x 1\r"}, "x", 9},
		"Ctrl+X in it":                {[]string{"12:0\x181"}, "\x18", 5},
		"a paste that is marked":      {[]string{"\x1b[200~1234\x1b[201~"}, "\x1b[200~\x1b[201~", 4},
		"characters of several bytes": {[]string{"é漢1"}, "é漢1", 0},
	} {
		var b burst
		var got []byte
		dropped := 0
		now := time.Now()
		for _, read := range test.reads {
			left, n := b.of([]byte(read), now)
			got = append(got, left...)
			dropped += n
			now = now.Add(burstGap / 2)
		}
		if string(got) != test.want || dropped != test.dropped {
			t.Errorf("%s: %q, %d dropped, want %q and %d", name, got, dropped, test.want, test.dropped)
		}
	}
	var b burst
	now := time.Now()
	for _, key := range "quick" { // a fast typist
		if left, dropped := b.of([]byte(string(key)), now); string(left) != string(key) || dropped > 0 {
			t.Errorf("%c: %q, %d dropped", key, left, dropped)
		}
		now = now.Add(2 * burstGap)
	}
}

// While text is typed all of it stays, and the keys right behind it do, too.
func TestTextIsNoBurst(t *testing.T) {
	in := &Input{keys: []byte("12:01 a line of a log\r"), Dropped: func(keys int) { t.Errorf("%d keys were dropped", keys) }}
	in.SetTyping(true)
	in.dropBurst()
	if string(in.keys) != "12:01 a line of a log\r" {
		t.Errorf("of a text %q is left", in.keys)
	}
	in.SetTyping(false)
	in.keys = []byte("qy")
	in.dropBurst()
	if string(in.keys) != "qy" {
		t.Errorf("behind it %q is left", in.keys)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("\x1b[200~é\x1bOP\x1b\x1b["))
	f.Fuzz(func(t *testing.T, keys []byte) {
		if whole := bytes.Join(split(keys), nil); !bytes.Equal(whole, keys) {
			t.Errorf("%q became %q", keys, whole)
		}
	})
}
