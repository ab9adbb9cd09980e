package toxiproxy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

// proxyState is a proxy as it was found.
type proxyState struct {
	proxy   client.Proxy
	own     []client.Toxic // of this fault in this session
	squalls []client.Toxic // of another fault or session of squall
	foreign []client.Toxic // of somebody else
	off     *toxicName     // who of squall switched the proxy off, if it is off
}

// readState sorts the toxics of a proxy by who added them.
func (f fault) readState(p client.Proxy) proxyState {
	state := proxyState{proxy: p}
	for _, t := range p.ActiveToxics {
		n, squalls := parseName(t.Name)
		own := squalls && n.session == f.driver.config.Session && n.fault == f.info.ID
		switch {
		case own:
			state.own = append(state.own, t)
		case squalls:
			state.squalls = append(state.squalls, t)
		default:
			state.foreign = append(state.foreign, t)
		}
		if squalls && n.kind == offKind && !p.Enabled && (state.off == nil || own) {
			state.off = &n
		}
	}
	return state
}

// isOurs reports whether this fault switched the proxy off.
func (f fault) isOurs(state proxyState) bool {
	return state.off != nil && state.off.session == f.driver.config.Session && state.off.fault == f.info.ID
}

// facts are what a person should see before they confirm.
func (state proxyState) facts(want desired, traffic chaos.Fact, own bool) []chaos.Fact {
	enabled := "on"
	if !state.proxy.Enabled {
		enabled = "off: connections are refused"
	}
	facts := []chaos.Fact{
		{Name: "Listens on", Text: state.proxy.Listen},
		{Name: "Upstream", Text: state.proxy.Upstream},
		{Name: "State", Text: enabled},
		{Name: "Toxics on it", Text: listToxics(append(slices.Clone(state.foreign), state.squalls...))},
		traffic,
	}
	for _, t := range want.toxics {
		facts = append(facts, chaos.Fact{Name: "Will add", Text: describe(t) + ", as " + t.Name})
	}
	if want.refuse {
		facts = append(facts, chaos.Fact{Name: "Will switch off", Text: "the proxy: connections are closed, new ones refused"})
	}
	ifKilled := "the guard of the run takes it off; Toxiproxy has no expiry"
	if own {
		ifKilled = "it ends, too: this Toxiproxy is a part of squall"
	}
	return append(facts, chaos.Fact{Name: "If squall dies", Text: ifKilled})
}

// describe writes what a toxic does, in Toxiproxy's words.
func describe(t client.Toxic) string {
	if n, ours := parseName(t.Name); ours && n.kind == offKind {
		return "a toxic without effect, which says who switched the proxy off"
	}
	words := []string{t.Type, t.Stream}
	for _, name := range attributeNames(t.Attributes) {
		words = append(words, fmt.Sprintf("%s=%v", name, t.Attributes[name]))
	}
	text := strings.Join(words, " ")
	if t.Toxicity < 1 {
		text += fmt.Sprintf(" for %v of connections", t.Toxicity)
	}
	return text
}

func listToxics(toxics []client.Toxic) string {
	if len(toxics) == 0 {
		return "none"
	}
	texts := make([]string, len(toxics))
	for i, t := range toxics {
		texts[i] = fmt.Sprintf("%s (%s %s)", t.Name, t.Type, t.Stream)
	}
	return strings.Join(texts, ", ")
}

// checks are the conditions of the fault on this proxy.
func (f fault) checks(state proxyState, want desired) []chaos.Check {
	exists := chaos.Check{Text: "proxy " + want.proxy + " exists"}
	others := chaos.Check{Text: "nobody else has toxics on it"}
	if len(state.foreign) > 0 {
		others.Answer, others.Reason = chaos.Warns, "there are others, which stay and add to ours: "+listToxics(state.foreign)
	}
	left := chaos.Check{Text: "no other squall has changed it"}
	if len(state.squalls) > 0 {
		left.Answer, left.Reason = chaos.Refuses, f.leftovers(state.squalls, want.proxy)
	}
	return []chaos.Check{exists, f.enabled(state, want), others, left}
}

// leftovers names toxics of squall that are not ours, and how to be rid of them.
func (f fault) leftovers(toxics []client.Toxic, proxy string) string {
	var names, commands []string
	for _, t := range toxics {
		names = append(names, t.Name)
		commands = append(commands, removeCommand(f.driver.api.base, proxy, t.Name))
	}
	return "it has " + strings.Join(names, ", ") + ": wait until that session has ended; if none runs, squall recover reverts it; by hand: " + strings.Join(commands, "; ")
}

// enabled checks that the proxy is on. One that is off for somebody else's reasons must not be
// switched on by our undo.
func (f fault) enabled(state proxyState, want desired) chaos.Check {
	check := chaos.Check{Text: "proxy " + want.proxy + " is on"}
	if state.proxy.Enabled {
		return check
	}
	if f.isOurs(state) {
		check.Text = "proxy " + want.proxy + " is on, or was switched off by this fault"
		return check
	}
	who := "somebody"
	if state.off != nil {
		who = "session " + state.off.session + " of squall (" + state.off.fault + ")"
	}
	check.Answer, check.Reason = chaos.Warns, who+" switched it off: nothing gets through anyway"
	if want.refuse {
		check.Answer = chaos.Refuses
		check.Reason = who + " switched it off, and taking this fault back would switch it on; to switch it on: " +
			enableCommand(f.driver.api.base, want.proxy, true)
	}
	return check
}

// missing lists the proxies that there are instead.
func (f fault) missing(ctx context.Context, name string) (chaos.Check, error) {
	check := chaos.Check{Text: "proxy " + name + " exists", Answer: chaos.Refuses}
	all, err := f.driver.api.proxies(ctx)
	if err != nil {
		return check, err
	}
	check.Reason = "there is no proxy " + name + " at " + f.driver.api.base + ": it has "
	if names := slices.Sorted(maps.Keys(all)); len(names) > 0 {
		check.Reason += strings.Join(names, ", ")
	} else {
		check.Reason += "none"
	}
	return check, nil
}
