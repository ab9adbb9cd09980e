package main

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// colour is what SGR selected: none, one of 256, or a true colour.
type colour struct {
	kind  colourKind
	value uint32 // index, or 0xRRGGBB
}

type colourKind uint8

const (
	own     colourKind = iota // the terminal's
	indexed                   // of 256
	direct                    // true colour
)

// style is how a cell looks.
type style struct {
	fg, bg                   colour
	bold, faint, line, swaps bool
}

// cell is one character and its columns.
type cell struct {
	text  string
	width int
	style style
}

// parse reads ANSI text into rows of cells. Sequences that do not set a style are left out.
func parse(text string) (rows [][]cell) {
	var now style
	text = strings.TrimRight(strings.ReplaceAll(strings.ToValidUTF8(text, " "), "\r\n", "\n"), "\n")
	for line := range strings.SplitSeq(text, "\n") {
		var row []cell
		state := ansi.NormalState
		for line != "" {
			seq, width, n, next := ansi.DecodeSequence(line, state, nil)
			if n <= 0 {
				break
			}
			switch {
			case width > 0:
				row = append(row, cell{seq, width, now})
			case strings.HasPrefix(seq, "\x1b[") && strings.HasSuffix(seq, "m"):
				now = now.apply(seq[2 : len(seq)-1])
			}
			line, state = line[n:], next
		}
		rows = append(rows, row)
	}
	return rows
}

// apply follows the parameters of one SGR sequence. Unknown ones change nothing.
func (s style) apply(params string) style {
	codes := strings.FieldsFunc(params, func(r rune) bool { return r == ';' || r == ':' })
	if len(codes) == 0 {
		return style{}
	}
	for i := 0; i < len(codes); i++ {
		code, err := strconv.Atoi(codes[i])
		if err != nil {
			return s
		}
		switch code {
		case 0:
			s = style{}
		case 1:
			s.bold = true
		case 2:
			s.faint = true
		case 22:
			s.bold, s.faint = false, false
		case 4:
			s.line = true
		case 24:
			s.line = false
		case 7:
			s.swaps = true
		case 27:
			s.swaps = false
		case 38, 48:
			c, used := extended(codes[i+1:])
			i += used
			if code == 38 {
				s.fg = c
			} else {
				s.bg = c
			}
		case 39:
			s.fg = colour{}
		case 49:
			s.bg = colour{}
		default:
			s = s.basic(code)
		}
	}
	return s
}

// basic follows the 16 old colours.
func (s style) basic(code int) style {
	for _, r := range []struct {
		first, index int
		back         bool
	}{{30, 0, false}, {90, 8, false}, {40, 0, true}, {100, 8, true}} {
		if code < r.first || code > r.first+7 {
			continue
		}
		c := colour{indexed, uint32(code - r.first + r.index)}
		if r.back {
			s.bg = c
		} else {
			s.fg = c
		}
	}
	return s
}

// extended reads what follows 38 or 48 and how many parameters it took.
func extended(codes []string) (c colour, used int) {
	numbers := make([]uint32, 0, 4)
	for _, code := range codes[:min(len(codes), 4)] {
		n, err := strconv.ParseUint(code, 10, 8)
		if err != nil {
			return colour{}, len(codes)
		}
		numbers = append(numbers, uint32(n))
	}
	switch {
	case len(numbers) >= 2 && numbers[0] == 5:
		return colour{indexed, numbers[1]}, 2
	case len(numbers) >= 4 && numbers[0] == 2:
		return colour{direct, numbers[1]<<16 | numbers[2]<<8 | numbers[3]}, 4
	}
	return colour{}, len(codes)
}
