package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/cause"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/printable"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
	"xinbot.ir/squall/load"
)

// checkup looks at a platform from the outside and says what it finds.
type checkup struct {
	*commands
	resolved config.Resolved
	failed   int
}

// checkResult of a check: a sign and a word.
type checkResult string

const (
	good checkResult = "✓ ok  "
	warn checkResult = "! warn"
	fail checkResult = "✗ fail"
)

func (c *checkup) report(result checkResult, what, text string) {
	if result == fail {
		c.failed++
	}
	fmt.Fprintf(c.Out, "  %s  %-15s  %s\n", result, what, printable.Line(text))
}

// checkEndpoint goes the way of a request step by step, so that the first step that fails is the one that is
// named. Through a proxy the steps are the proxy's, and only the answer is looked at.
func (c *checkup) checkEndpoint(ctx context.Context, what string, u *url.URL, ask ask) {
	ctx, cancel := context.WithTimeout(ctx, c.resolved.Options.Timeout)
	defer cancel()
	if proxy := c.proxyFor(u); proxy != nil {
		c.report(good, what, "through proxy "+proxy.Host)
	} else if !c.checkDNS(ctx, what, u) || !c.checkConnection(ctx, what, u) {
		return
	}
	c.checkHealth(ctx, what, u, ask)
}

func (c *checkup) proxyFor(u *url.URL) *url.URL {
	if c.resolved.Options.Proxy == nil {
		return nil
	}
	proxy, err := c.resolved.Options.Proxy(u)
	if err != nil {
		return nil
	}
	return proxy
}

func (c *checkup) checkDNS(ctx context.Context, what string, u *url.URL) bool {
	if net.ParseIP(u.Hostname()) != nil {
		return true
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	if err != nil {
		c.report(fail, what, fmt.Sprintf("look up %s: %v", u.Hostname(), cause.Plain(err)))
		return false
	}
	c.report(good, what, u.Hostname()+" is "+strings.Join(addresses, ", "))
	return true
}

// checkConnection opens a TCP connection and, for https, shakes hands on it.
func (c *checkup) checkConnection(ctx context.Context, what string, u *url.URL) bool {
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	}
	began := time.Now()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		c.report(fail, what, fmt.Sprintf("connect to %s: %v", address, cause.Plain(err)))
		return false
	}
	defer conn.Close()
	c.report(good, what, fmt.Sprintf("connected to %s in %s", address, units.Latency(time.Since(began))))
	if u.Scheme != "https" {
		return true
	}
	settings := c.tlsConfig()
	settings.ServerName = u.Hostname()
	secure := tls.Client(conn, settings)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.report(fail, what, fmt.Sprintf("TLS handshake: %v", cause.Plain(err)))
		return false
	}
	state := secure.ConnectionState()
	leaf := state.PeerCertificates[0]
	text := fmt.Sprintf("%s, certificate valid until %s", tls.VersionName(state.Version), leaf.NotAfter.Format(time.DateOnly))
	if left := leaf.NotAfter.Sub(c.Now()); left < 14*24*time.Hour {
		c.report(warn, what, fmt.Sprintf("%s: in %s", text, units.Duration(left.Round(time.Hour))))
	} else {
		c.report(good, what, text)
	}
	return true
}

func (c *checkup) tlsConfig() *tls.Config {
	if c.resolved.Options.TLS != nil {
		return c.resolved.Options.TLS.Clone()
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}
}

// healthPath is asked of both hosts. A gateway need not have the route.
const healthPath = "/health"

// ask gets [healthPath] of a host in the way that the load talks to it.
type ask func(ctx context.Context, u *url.URL) (load.Answer, error)

func (c *checkup) askGateway(ctx context.Context, u *url.URL) (load.Answer, error) {
	answer, ours, err := load.Ask(ctx, c.resolved.Options, u, healthPath)
	if ours && err != nil {
		err = fmt.Errorf("this machine, not the platform: %w", err)
	}
	return answer, err
}

func (c *checkup) askAPI(ctx context.Context, u *url.URL) (load.Answer, error) {
	transport := &http.Transport{TLSClientConfig: c.tlsConfig(), DisableKeepAlives: true}
	if c.resolved.Options.Proxy != nil {
		transport.Proxy = func(r *http.Request) (*url.URL, error) { return c.resolved.Options.Proxy(r.URL) }
	}
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, load.GatewayURL(u, healthPath).String(), http.NoBody)
	if err != nil {
		return load.Answer{}, err
	}
	request.Header.Set("User-Agent", c.resolved.Options.UserAgent)
	response, err := client.Do(request)
	if err != nil {
		return load.Answer{}, cause.Plain(err)
	}
	return load.Answer{Status: response.StatusCode, Date: response.Header.Get("Date")}, response.Body.Close()
}

// checkHealth asks for the health of a host. An answer of any status shows that HTTP works. The answer's Date header
// tells the time over there.
func (c *checkup) checkHealth(ctx context.Context, what string, u *url.URL, ask ask) {
	sent := c.Now()
	answer, err := ask(ctx, u)
	if err != nil {
		c.report(fail, what, fmt.Sprintf("GET %s: %v", healthPath, err))
		return
	}
	received := c.Now()
	text := fmt.Sprintf("GET %s answers %d in %s", healthPath, answer.Status, units.Latency(received.Sub(sent)))
	switch {
	case answer.Status >= 500:
		c.report(fail, what, text)
	case answer.Status >= 300:
		c.report(warn, what, text)
	default:
		c.report(good, what, text)
	}
	c.checkClockSkew(what, answer.Date, sent, received)
}

// checkClockSkew compares clocks. The Date header has whole seconds and was written between sent and received,
// so a difference is only known to within that time and a second.
func (c *checkup) checkClockSkew(what, date string, sent, received time.Time) {
	there, err := http.ParseTime(date)
	if err != nil {
		c.report(warn, what, "no Date header: clocks cannot be compared")
		return
	}
	var skew time.Duration
	switch {
	case there.After(received):
		skew = there.Sub(received)
	case there.Add(time.Second).Before(sent):
		skew = there.Add(time.Second).Sub(sent)
	}
	switch {
	case skew.Round(time.Second) == 0:
		c.report(good, what, "clocks agree to the second")
	case skew.Abs() <= maxSkew:
		c.report(good, what, fmt.Sprintf("its clock is %s %s ours", units.Duration(skew.Abs().Round(time.Second)), skewText(skew)))
	default:
		c.report(warn, what, fmt.Sprintf("its clock is %s %s ours: times in reports will not match", units.Duration(skew.Abs().Round(time.Second)), skewText(skew)))
	}
}

func skewText(skew time.Duration) string {
	if skew > 0 {
		return "ahead of"
	}
	return "behind"
}

// checkFaults makes the preflight of every fault that can run here.
func (c *checkup) checkFaults(ctx context.Context) {
	f, err := app.OpenFaults(c.resolved, false, session.NewRunID(), io.Discard)
	if err != nil {
		c.report(fail, "faults", err.Error())
		return
	}
	infos := f.Infos()
	if len(infos) == 0 {
		c.report(warn, "faults", "none beside the channel spike: set --toxiproxy, or --namespace and --allow-namespace")
		return
	}
	for _, info := range infos {
		plan, err := f.Preflight(ctx, chaos.ScheduledFault{Fault: info.ID})
		switch refused := plan.Refused(); {
		case err != nil:
			c.report(fail, info.ID, err.Error())
		case len(refused) > 0:
			for _, check := range refused {
				c.report(fail, info.ID, check.String())
			}
		default:
			c.report(good, info.ID, fmt.Sprintf("by %s on %s: %s", cmp.Or(plan.Driver, info.Driver), plan.Scope, plan.Params))
		}
	}
}

// checkRotation looks at what following a rotation needs in the cluster.
func (c *checkup) checkRotation(ctx context.Context) {
	checks, err := app.CheckRotation(ctx, c.resolved)
	if err != nil {
		c.report(fail, "rotation", err.Error())
	}
	for _, check := range checks {
		switch {
		case check.Problem == nil:
			c.report(good, "rotation", check.What+": "+check.Found)
		case check.Needless:
			c.report(warn, "rotation", check.What+": not asked by themselves: "+check.Problem.Error())
		default:
			c.report(fail, "rotation", check.What+": "+check.Problem.Error())
		}
	}
}

// findingResults are the signs of findings.
var findingResults = map[evidence.Level]checkResult{evidence.OK: good, evidence.Warning: warn, evidence.Failing: fail}

// checkMonitoring asks what the platform says of itself, and whether what faults wait for can come.
func (c *checkup) checkMonitoring(ctx context.Context) {
	f, err := app.OpenFaults(c.resolved, false, session.NewRunID(), io.Discard)
	if err != nil {
		return // checkFaults has said so
	}
	findings, err := f.CheckMonitoring(ctx)
	if err != nil {
		c.report(fail, "monitoring", err.Error())
	}
	if len(findings) == 0 && err == nil {
		c.report(warn, "monitoring", "none: what the platform says of itself is not read; set --prometheus or --scrape")
	}
	for _, found := range findings {
		c.report(findingResults[found.Level()], found.Source, findingText(found))
	}
}

// findingText is a finding with what would help.
func findingText(f evidence.Finding) string {
	if remedy := f.Remedy(); remedy != "" {
		return f.Text() + ": " + remedy
	}
	return f.Text()
}
