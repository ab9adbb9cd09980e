// Command k6 is k6 itself, at the version that this module pins.
package main

import "go.k6.io/k6/cmd"

func main() {
	cmd.Execute()
}
