//go:build linux

// Command bench measures squall's generator against a bare echo server, next to
// k6 and whichever of wrk, hey and Locust are installed, and prints one table
// of aims and what was measured. It is a benchmark and not a test: it fails
// when it cannot measure, not when an aim is missed.
//
// Everything runs on loopback: the generator on one core, the server on
// another. `make bench` builds what it needs and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// The echo server is this same program in a process of its own.
	if len(args) > 0 && args[0] == echoCommand {
		return runEcho(ctx, args[1:], out)
	}
	return runBench(ctx, args, out)
}

// measurement is one chapter of the benchmark.
type measurement struct {
	name string
	run  func(context.Context, *lab) ([]row, error)
}

// measurements returns the chapters in the order of the table.
var measurements = []measurement{
	{"throughput", measureThroughput},
	{"memory", measureMemory},
	{"latency", measureLatency},
	{"console", measureConsole},
	{"sources", measureSources},
	{"code", measureCode},
}

func runBench(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	short := flags.Bool("short", false, "one quick round of everything, for a first impression")
	only := flags.String("only", "", "one chapter: throughput, memory, latency, console, sources or code")
	write := flags.String("write", "", "also write the tables into this Markdown `file`, between its bench markers")
	squall := flags.String("squall", "bin/squall", "the `program` to measure")
	k6 := flags.String("k6", "bin/k6", "the k6 `program`; empty leaves it out")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	}

	l, err := newLab(*squall, *k6, *short, os.Stderr)
	if err != nil {
		return err
	}
	defer l.close()

	started := time.Now()
	doc := document{machine: describeMachine(ctx, l), short: *short}
	known := false
	var failed error // a chapter that cannot be measured does not cost the others
	for _, m := range measurements {
		if *only != "" && *only != m.name {
			continue
		}
		known = true
		rows, err := m.run(ctx, l)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("measure %s: %w", m.name, err))
		}
		doc.rows = append(doc.rows, rows...)
		if ctx.Err() != nil {
			return failed
		}
	}
	if !known {
		return fmt.Errorf("there is no chapter %q", *only)
	}
	doc.took = time.Since(started)

	if err := doc.print(out); err != nil || failed != nil {
		return errors.Join(failed, err)
	}
	if *write != "" {
		return doc.writeInto(*write)
	}
	return nil
}
