//go:build !linux

// Command bench measures squall's generator. It reads processor time and memory
// of other processes as Linux tells them.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "bench: measuring needs Linux")
	os.Exit(1)
}
