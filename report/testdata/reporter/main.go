// Command reporter writes the report of a run: for tests of what that costs.
package main

import (
	"fmt"
	"os"

	"xinbot.ir/squall/report"
)

func main() {
	if _, err := report.Write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
