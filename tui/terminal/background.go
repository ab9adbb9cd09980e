package terminal

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"
)

// answerWithin is how long a terminal may take to say its background. One that says nothing is taken for dark.
const answerWithin = 250 * time.Millisecond

// The question for the background (xterm's OSC 11), and one that every terminal answers (primary device attributes,
// DA1), behind whose answer no other is to be waited for.
const (
	askBackground = "\x1b]11;?\x1b\\"
	askAttributes = "\x1b[c"
)

// Dark reports whether a terminal's background is dark, and whether anything said so. It asks the terminal, where its
// kind can be asked, and then the variable COLORFGBG. An answer that comes later is no key: the input drops it.
func Dark(in *Input, out *os.File, lookupEnv func(string) (string, bool)) (dark, known bool) {
	if answer := ask(in, out, lookupEnv); answer != nil {
		if light, ok := lightness(answer); ok {
			return light < 0.5, true
		}
	}
	if colours, _ := lookupEnv("COLORFGBG"); strings.Contains(colours, ";") {
		if n, err := strconv.Atoi(colours[strings.LastIndexByte(colours, ';')+1:]); err == nil {
			return n != 7 && (n < 9 || n > 15), true
		}
	}
	return true, false
}

// ask returns what the terminal answers; nil when it was not asked.
func ask(in *Input, out *os.File, lookupEnv func(string) (string, bool)) []byte {
	kind, _ := lookupEnv("TERM")
	for _, silent := range []string{"screen", "tmux", "dumb", "linux"} { // multiplexers answer for another terminal, or not at all
		if strings.HasPrefix(kind, silent) {
			return nil
		}
	}
	if !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil
	}
	defer func() { _ = term.Restore(int(in.Fd()), before) }()
	if _, err := fmt.Fprint(out, askBackground, askAttributes); err != nil {
		return nil
	}
	in.dueTill = time.Now().Add(replyDue)
	return in.collect(answerWithin, func(all []byte) bool {
		_, attributes, found := bytes.Cut(all, []byte("\x1b[?"))
		return found && bytes.IndexByte(attributes, 'c') >= 0
	})
}

// lightness reads the answer "]11;rgb:rrrr/gggg/bbbb" and returns how light the colour is, from 0 to 1, as the mean of
// its strongest and its weakest part (the L of HSL).
func lightness(answer []byte) (float64, bool) {
	_, colour, found := strings.Cut(string(answer), "]11;rgb:")
	if !found {
		return 0, false
	}
	if end := strings.IndexAny(colour, "\a\x1b"); end >= 0 {
		colour = colour[:end]
	}
	parts := strings.Split(colour, "/")
	if len(parts) != 3 {
		return 0, false
	}
	low, high := 1.0, 0.0
	for _, part := range parts {
		n, err := strconv.ParseUint(part, 16, 16)
		if err != nil {
			return 0, false
		}
		share := float64(n) / float64(uint64(1)<<(4*len(part))-1)
		low, high = min(low, share), max(high, share)
	}
	return (low + high) / 2, true
}
