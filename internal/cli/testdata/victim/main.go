// Command victim is squall, but dies of a panic in a goroutine that nobody guards as soon as a byte comes through
// file descriptor 3: as a mistake in squall would end it.
package main

import (
	"context"
	"os"
	"time"

	"xinbot.ir/squall/internal/cli"
)

func main() {
	go func() {
		if _, err := os.NewFile(3, "order").Read(make([]byte, 1)); err == nil {
			panic("as the test ordered")
		}
	}()
	os.Exit(cli.Main(context.Background(), cli.IO{
		Args: os.Args[1:], Program: cli.Self(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr, LookupEnv: os.LookupEnv, Now: time.Now, Signals: make(chan os.Signal, 4),
	}))
}
