package kube

import _ "embed"

// The scripts run in containers with whatever shell those have: POSIX sh, with nothing beside tc and
// sleep. What differs from run to run comes as arguments and never into the text, so nothing can be
// injected.
var (
	// shapeScript sets a qdisc and starts the timer that removes it:
	// DEVICE HANDLE SECONDS add|replace QDISC...
	//go:embed scripts/shape.sh
	shapeScript string
	// unshapeScript removes the qdisc with the handle: DEVICE HANDLE
	//go:embed scripts/unshape.sh
	unshapeScript string
	// probeScript describes what a container has: tc, rights, routes and qdiscs.
	//go:embed scripts/probe.sh
	probeScript string
	// holdScript keeps an ephemeral container as long as it is needed: DEVICE PREFIX IDLE LIFE
	//go:embed scripts/hold.sh
	holdScript string
)

// shell is the command line of a script.
func shell(script string, args ...string) []string {
	return append([]string{"sh", "-c", script, "squall"}, args...)
}
