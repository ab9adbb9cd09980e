package toxiproxy

import (
	"context"
	"errors"
	"strings"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

// noSession is the version of a Toxiproxy that was not built as a release, such as an embedded one.
const noSession = "git"

// faultRow is one fault of the table.
type faultRow struct {
	info    chaos.Info
	desired func(chaos.Params) desired
}

// desired is the state of a proxy that a fault asks for.
type desired struct {
	proxy   string
	refuse  bool           // connections are refused: the proxy is off
	toxics  []client.Toxic // without names; at most one of each type and stream
	summary string         // the parameters, short
	checks  []chaos.Check  // what can be said without asking
}

// fault is a row, bound to a Toxiproxy.
type fault struct {
	driver *Driver
	faultRow
}

// Info describes the fault.
func (f fault) Info() chaos.Info { return f.info }

// Plan reads the proxy and plans what would be changed on it.
func (f fault) Plan(ctx context.Context, p chaos.Params) (chaos.Plan, error) {
	want, api := f.desired(p), f.driver.api
	plan := chaos.Plan{
		Scope: "proxy " + want.proxy, Params: want.summary, Checks: want.checks,
		Objects: []string{"toxiproxy " + api.base + "/proxies/" + want.proxy},
	}
	if f.driver.config.URL == nil {
		return plan, errors.New("read proxy " + want.proxy + ": no address of Toxiproxy's API is given")
	}
	if _, ok := parseName(f.name(offKind, downstream)); !ok {
		return plan, errors.New("name toxics of session " + f.driver.config.Session + ": must be lower-case letters and digits")
	}
	version, err := api.version(ctx)
	if err != nil {
		return plan, err
	}
	plan.Facts = []chaos.Fact{{Name: "Toxiproxy", Text: strings.TrimSuffix(api.base+", version "+version, ", version "+noSession)}, {Name: "Proxy", Text: want.proxy}}
	proxy, err := api.proxy(ctx, want.proxy)
	if isMissing(err) {
		check, err := f.missing(ctx, want.proxy)
		plan.Checks = append(plan.Checks, check)
		return plan, err
	}
	if err != nil {
		return plan, err
	}
	f.nameToxics(&want)
	seen := f.readState(proxy)
	traffic, used := f.usage(ctx, proxy)
	plan.Facts = append(plan.Facts, seen.facts(want, traffic, f.driver.config.Own)...)
	plan.Checks = append(append(plan.Checks, f.checks(seen, want)...), used...)
	plan.Steps = f.steps(seen, want)
	return plan, nil
}

// name names a toxic of this fault.
func (f fault) name(kind, stream string) string {
	return toxicName{f.driver.config.Session, f.info.ID, kind, stream}.String()
}

// nameToxics gives every toxic its name. A proxy that is to be off gets one without effect, which marks
// who switched it off: Toxiproxy has no other place to store that.
func (f fault) nameToxics(want *desired) {
	for i := range want.toxics {
		t := &want.toxics[i]
		t.Name = f.name(t.Type, t.Stream)
	}
	if want.refuse {
		want.toxics = append(want.toxics, client.Toxic{
			Name: f.name(offKind, downstream), Type: "latency", Stream: downstream, Toxicity: 0,
			Attributes: client.Attributes{"latency": int64(0), "jitter": int64(0)},
		})
	}
}
