package kube

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// probe is the result of probing a container for shaping its pod's network.
type probe struct {
	uptime bool   // a clock that does not jump
	tc     string // its version; "" if there is none, or not iproute2's
	admin  bool   // commands in it may change the network
	device string // of the default route; "" if there is none or it could not be read
	qdiscs []qdisc
}

// capNetAdmin is the bit of the right to change the network in /proc/self/status.
const capNetAdmin = 1 << 12

// fallbackDevice is the interface that every network plugin makes.
const fallbackDevice = "eth0"

// errNoShell means that a container has no shell.
var errNoShell = errors.New("the image has no shell")

// probe inspects a container and changes nothing. The error is [errNoShell] if nothing can be run.
func (cl *cluster) probe(ctx context.Context, at containerRef) (probe, error) {
	out, err := cl.exec(ctx, at, shell(probeScript)...)
	var none *notFoundError
	var f *execError
	switch {
	case errors.As(err, &none):
		return probe{}, errNoShell
	case errors.As(err, &f):
		return probe{}, fmt.Errorf("look into %s: %w", at, err)
	case err != nil:
		return probe{}, err
	}
	return parseProbe(out)
}

// unusable returns why the container cannot shape, "" if it can.
func (p probe) unusable() string {
	switch {
	case p.tc == "":
		return "the image has no tc of iproute2"
	case !p.admin:
		return "it lacks the right NET_ADMIN"
	case !p.uptime:
		return "it has no /proc/uptime"
	}
	return ""
}

// parseProbe reads what the probe script prints.
func parseProbe(output string) (p probe, err error) {
	var device4, device6 string
	for line := range strings.Lines(output) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "uptime":
			p.uptime = true
		case "rights":
			rights, err := strconv.ParseUint(rest, 16, 64)
			p.admin = err == nil && rights&capNetAdmin != 0
		case "route":
			if d := defaultRoute(rest); d != "" && device4 == "" {
				device4 = d
			}
		case "route6":
			if d := defaultRoute6(rest); d != "" && device6 == "" {
				device6 = d
			}
		case "tc":
			if strings.Contains(rest, "iproute2") {
				p.tc = rest
			}
		}
	}
	p.device = device4
	if p.device == "" {
		p.device = device6
	}
	p.qdiscs, err = parseQdiscs(output)
	return p, err
}

// defaultRoute is the device of a line of /proc/net/route if that is the default route.
func defaultRoute(line string) string {
	const device, destination, mask = 0, 1, 7
	words := strings.Fields(line)
	if len(words) <= mask || words[destination] != "00000000" || words[mask] != "00000000" {
		return ""
	}
	return validDeviceOr(words[device], "")
}

// defaultRoute6 is the same for /proc/net/ipv6_route, where every system has default routes that
// reject, on lo.
func defaultRoute6(line string) string {
	const destination, length, device = 0, 1, 9
	words := strings.Fields(line)
	if len(words) <= device || strings.Trim(words[destination], "0") != "" || words[length] != "00" || words[device] == "lo" {
		return ""
	}
	return validDeviceOr(words[device], "")
}

var validDevice = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}$`)

func validDeviceOr(device, otherwise string) string {
	if validDevice.MatchString(device) {
		return device
	}
	return otherwise
}
