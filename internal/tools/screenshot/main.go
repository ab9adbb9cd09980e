// Command screenshot turns a terminal's screen, as ANSI text on standard input, into an SVG picture
// on standard output. The picture in the README is made with it from the real program:
//
//	tmux capture-pane -e -p | go run ./internal/tools/screenshot -theme dark >docs/console.svg
//
// Blocks, lines and Braille dots are drawn as shapes, so that the picture looks the same whatever
// fonts a reader has; letters are fitted to the cells.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out, problems io.Writer) error {
	flags := flag.NewFlagSet("screenshot", flag.ContinueOnError)
	flags.SetOutput(problems)
	name := flags.String("theme", "dark", "background of the picture: dark or light")
	title := flags.String("title", "squall", "what the picture shows, for readers who cannot see it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	look, known := themes[*name]
	if !known {
		return fmt.Errorf("choose theme %q: must be dark or light", *name)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read the screen: %w", err)
	}
	w := bufio.NewWriter(out)
	writeSVG(w, parse(string(text)), look, *title)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}
