package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"
)

func draw(t testing.TB, args []string, in string) string {
	t.Helper()
	var out strings.Builder
	if err := run(args, strings.NewReader(in), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const sample = "\x1b[1msquall\x1b[0m  \x1b[38;2;147;160;176mstaging <&>\x1b[39m ──━╸\n" +
	"\x1b[38;5;25m▁▂▃████\x1b[48;5;160m▄▄\x1b[0m \x1b[31m⠒⠤\x1b[0m ╭╮ \x1b[7m HALT \x1b[27m \x1b[2;4mdim\x1b[0m 日本 ░░\n"

func TestGoldenPicture(t *testing.T) {
	for _, theme := range []string{"dark", "light"} {
		t.Run(theme, func(t *testing.T) {
			golden.RequireEqual(t, []byte(draw(t, []string{"-theme", theme, "-title", "a <sample>"}, sample)))
		})
	}
}

func TestStyles(t *testing.T) {
	rows := parse("a\x1b[1;31mb\x1b[22;39mc\x1b[38:2:1:2:3md\x1b[m\x1b[107me\x1b[0;4;7mf")
	want := []style{
		{},
		{bold: true, fg: colour{indexed, 1}},
		{},
		{fg: colour{direct, 0x010203}},
		{bg: colour{indexed, 15}},
		{line: true, swaps: true},
	}
	if len(rows) != 1 || len(rows[0]) != len(want) {
		t.Fatalf("parsed %+v", rows)
	}
	for i, w := range want {
		if rows[0][i].style != w {
			t.Errorf("cell %d has style %+v, want %+v", i, rows[0][i].style, w)
		}
	}
}

func TestNeighboursBecomeOneShape(t *testing.T) {
	if n := strings.Count(draw(t, nil, strings.Repeat("█", 50)), "<rect"); n != 2 { // the ground and the bar
		t.Errorf("50 full blocks are %d rectangles", n)
	}
}

func TestUnknownTheme(t *testing.T) {
	if err := run([]string{"-theme", "sepia"}, strings.NewReader(""), io.Discard, io.Discard); err == nil {
		t.Error("an unknown theme is accepted")
	}
}

// FuzzPicture draws anything: the picture is always well-formed XML.
func FuzzPicture(f *testing.F) {
	for _, s := range []string{sample, "\x1b[", "\x1b[38;5", "\x1b[38;2;999;0;0mx", "\xff", "\x1b]0;t\x07x", "\x00", "\x1b[;;m<", "🇮🇷"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := xml.NewDecoder(strings.NewReader(draw(t, nil, s)))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("the picture of %q is not XML: %v", s, err)
			}
		}
	})
}
