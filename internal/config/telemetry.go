package config

import (
	"net"
	"strconv"
)

// Telemetry is whom squall tells of a run while it goes on.
type Telemetry struct {
	MetricsAddr string // HOST:PORT or :PORT to show metrics at; "" for none
}

func (l *resolver) telemetry() Telemetry {
	return Telemetry{MetricsAddr: read(l, metricsAddr, parseListen)}
}

// warnings are about what others on the network can see.
func (t Telemetry) warnings(warn func(format string, args ...any)) {
	if host, _, err := net.SplitHostPort(t.MetricsAddr); err == nil && host != "" && !isLoopback(host) {
		warn("the metrics of this run can be read by anybody who reaches %s: leave the host out for a loopback address", t.MetricsAddr)
	}
}

// parseListen accepts an address to listen on.
func parseListen(text string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	_, outside := strconv.ParseUint(port, 10, 16)
	return orRefused(text, err == nil && outside == nil)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
