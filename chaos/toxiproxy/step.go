package toxiproxy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

// steps are the changes from the state found to the desired one. A proxy is switched off after
// its toxics are on, and so on again before they are removed: toxics are best changed on open
// connections.
func (f fault) steps(state proxyState, want desired) (steps []chaos.Step) {
	for _, t := range want.toxics {
		steps = append(steps, f.toxicStep(want.proxy, t))
	}
	if !want.refuse {
		return steps
	}
	// What this fault has put on the proxy before, with other parameters, has no effect on a proxy that
	// is off, and can stay until it is on again: removing a toxic while its connections are being cut is
	// what makes Toxiproxy hang.
	for _, t := range state.own {
		if !slices.ContainsFunc(want.toxics, func(w client.Toxic) bool { return w.Name == t.Name }) {
			step := f.toxicStep(want.proxy, t)
			step.Apply, step.Command = func(context.Context) error { return nil }, ""
			steps = append(steps, step)
		}
	}
	return append(steps, f.offStep(want.proxy, f.name(offKind, downstream)))
}

func (f fault) toxicStep(proxy string, t client.Toxic) chaos.Step {
	api := f.driver.api
	step := chaos.Step{
		Kind: KindToxic, Object: "toxic " + t.Name + " on proxy " + proxy,
		Undo:  toxicRecord{URL: api.base, Proxy: proxy, Toxic: t.Name},
		Apply: func(ctx context.Context) error { return applyToxic(ctx, api, proxy, t) },
		InPlace: func(ctx context.Context) (bool, error) {
			_, err := api.toxic(ctx, proxy, t.Name)
			return isThere(err)
		},
		Command: addCommand(api.base, proxy, t),
	}
	if n, ok := parseName(t.Name); ok && n.kind == offKind {
		step.InPlace = nil // the mark has no effect: without it the proxy is off all the same
	}
	return step
}

// applyToxic adds a toxic, or changes the one of that name, and reads it back. One that is there as it
// should be is left alone: every change draws anew which connections are hit.
func applyToxic(ctx context.Context, api api, proxy string, t client.Toxic) error {
	got, err := api.toxic(ctx, proxy, t.Name)
	switch {
	case err == nil && toxicDifference(got, t) == "":
		return nil
	case err == nil:
		err = api.change(ctx, proxy, t)
	case isMissing(err):
		err = api.add(ctx, proxy, t)
	}
	if err == nil {
		got, err = api.toxic(ctx, proxy, t.Name)
	}
	if difference := toxicDifference(got, t); err == nil && difference != "" {
		err = errors.New("read back, " + difference)
	}
	if err != nil {
		return fmt.Errorf("add toxic %s to proxy %s: %w", t.Name, proxy, err)
	}
	return nil
}

func (f fault) offStep(proxy, mark string) chaos.Step {
	api := f.driver.api
	return chaos.Step{
		Kind: KindProxy, Object: "proxy " + proxy,
		Undo:  proxyRecord{URL: api.base, Proxy: proxy, Mark: mark},
		Apply: func(ctx context.Context) error { return setEnabled(ctx, api, proxy, false) },
		InPlace: func(ctx context.Context) (bool, error) {
			p, err := api.proxy(ctx, proxy)
			if err != nil {
				return isThere(err)
			}
			return !p.Enabled, nil
		},
		Command: enableCommand(api.base, proxy, false),
	}
}

// isThere tells from the error of reading an object whether it is there.
func isThere(err error) (bool, error) {
	if isMissing(err) {
		return false, nil
	}
	return err == nil, err
}

// setEnabled switches a proxy on or off and reads it back. The error of a proxy that is not there is
// Toxiproxy's own.
func setEnabled(ctx context.Context, api api, proxy string, on bool) error {
	word := map[bool]string{true: "on", false: "off"}[on]
	if err := api.enable(ctx, proxy, on); err != nil {
		return fmt.Errorf("switch %s proxy %s: %w", word, proxy, err)
	}
	p, err := api.proxy(ctx, proxy)
	if err != nil {
		return fmt.Errorf("switch %s proxy %s: %w", word, proxy, err)
	}
	if p.Enabled != on {
		return fmt.Errorf("switch %s proxy %s: read back, it is not %s", word, proxy, word)
	}
	return nil
}
