// Squall drives load at a chat platform and shows, live, what the platform does under it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"xinbot.ir/squall/internal/cli"
)

func main() {
	arguments := cli.TakeArguments(os.Args[1:])
	if err := cli.NoCoreDumps(); err != nil {
		fmt.Fprintf(os.Stderr, "squall: forbid core dumps: %v\n", err)
	}
	asked := make(chan os.Signal, 4)
	signal.Notify(asked, cli.Signals()...)
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away must not end a run without its report
	os.Exit(cli.Main(context.Background(), cli.IO{
		Args: arguments, Program: cli.Self(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		LookupEnv: os.LookupEnv, Environ: os.Environ(), Now: time.Now,
		Signals: asked, LastSignal: func() { signal.Reset(cli.Signals()...) },
	}))
}
