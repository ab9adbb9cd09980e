package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Telemetry is whom squall tells of a run while it goes on.
type Telemetry struct {
	MetricsAddr  string // HOST:PORT or :PORT to show metrics at; "" for none
	OTLP         OTLP
	SlackWebhook Secret
	SlackFrom    string // where the webhook was given
}

func (l *resolver) telemetry() Telemetry {
	t := Telemetry{MetricsAddr: read(l, metricsAddr, parseListen), OTLP: l.otlp()}
	t.SlackWebhook, t.SlackFrom = l.slack()
	return t
}

// warnings are about what others on the network can see.
func (t Telemetry) warnings(warn func(format string, args ...any)) {
	if host, _, err := net.SplitHostPort(t.MetricsAddr); err == nil && host != "" && !isLoopback(host) {
		warn("the metrics of this run can be read by anybody who reaches %s: leave the host out for a loopback address", t.MetricsAddr)
	}
	t.OTLP.warnings(warn)
}

// slack is the webhook, and where it was given. Its address is a secret: who has it can write in the channel.
func (l *resolver) slack() (webhook Secret, from string) {
	direct := l.values[slackWebhook]
	text, from := direct.text(), direct.source
	if file := l.values[slackWebhookFile]; l.strongest(slackWebhook, slackWebhookFile) == slackWebhookFile && file.set() {
		raw, err := l.files.Read(l.inside(slackWebhookFile, file.text()))
		if err != nil {
			l.problem("%s: %w", describe(slackWebhookFile, file.source), err)
			return Secret{}, ""
		}
		text, from = string(raw), file.source
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return Secret{}, ""
	}
	u, err := parseURL(text)
	if err != nil || isPlainText(u) {
		l.problem("%s: must be the https URL of an incoming webhook", describe(slackWebhook, from))
		return Secret{}, ""
	}
	return NewSecret(text), from
}

// secrets are those of headers, the webhook whole, and the part of it that is in errors of HTTP.
func (t Telemetry) secrets() []string {
	all := t.OTLP.secrets()
	u, err := url.Parse(t.SlackWebhook.Reveal())
	if err != nil || !t.SlackWebhook.Set() {
		return all
	}
	return append(all, t.SlackWebhook.Reveal(), strings.TrimPrefix(u.Path, "/"))
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
