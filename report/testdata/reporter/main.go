// Command reporter writes the report of a run and then its own status, as Linux has it: for tests of what a report costs.
// Its resource usage would count the memory of the process that started it, too.
package main

import (
	"fmt"
	"os"

	"xinbot.ir/squall/report"
)

func main() {
	status, err := write(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%s", status)
}

func write(dir string) (status []byte, err error) {
	if _, err := report.Write(dir); err != nil {
		return nil, err
	}
	return os.ReadFile("/proc/self/status")
}
