package demo

import (
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports of what goes away and comes back: proxies and the gateway's replicas. They lie below those that systems give to
// outgoing connections: while a fault has a proxy switched off, any of these could take its port, and it could not be
// switched on again.
const (
	firstPort = 20_000
	lastPort  = 29_999
	portTries = 50
)

// onLowPort calls listen with loopback addresses of the range until one is free.
func onLowPort(listen func(addr string) error) (err error) {
	for range portTries {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		if err = listen(net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return nil
		}
	}
	return err
}
