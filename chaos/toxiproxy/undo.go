package toxiproxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/chaos"
)

// Kinds of steps, which find their undoers.
const (
	KindToxic = "toxic"
	KindProxy = "proxy"
)

// Undoers remove toxics and switch proxies on again, from the ledger's records alone. A record of
// another API than the given one, the operator's own, is a [*chaos.OtherTargetError]. The timeout is of
// each call; 0: 5 s.
func Undoers(own *url.URL, timeout time.Duration) chaos.Undoers {
	p := instance{own, timeout}
	return chaos.Undoers{KindToxic: toxicUndoer{p}, KindProxy: proxyUndoer{p}}
}

// instance is the API that records must be of.
type instance struct {
	own     *url.URL // nil: none
	timeout time.Duration
}

// api is the client of a record's API.
func (p instance) api(record string) (api, error) {
	own := ""
	if p.own != nil {
		own = p.own.String()
	}
	if trimmed(own) != trimmed(record) {
		foreign := &chaos.OtherTargetError{Record: place(record), Flag: "--toxiproxy " + shellescape.Quote(record)}
		if own != "" {
			foreign.Own = place(own)
		}
		return api{}, foreign
	}
	return newAPI(record, p.timeout), nil
}

func place(api string) string { return "Toxiproxy at " + api }

func trimmed(address string) string { return strings.TrimRight(address, "/") }

// toxicRecord is all that removing a toxic needs.
type toxicRecord struct {
	URL   string `json:"url"` // of the API
	Proxy string `json:"proxy"`
	Toxic string `json:"toxic"`
}

// proxyRecord is all that switching a proxy on needs.
type proxyRecord struct {
	URL   string `json:"url"` // of the API
	Proxy string `json:"proxy"`
	Mark  string `json:"mark"` // the toxic without effect that says that squall switched it off
}

// readToxic reads a record. One that does not name a toxic of squall is refused: nothing else may be
// removed, whatever the ledger says.
func readToxic(undo json.RawMessage) (r toxicRecord, err error) {
	if err := json.Unmarshal(undo, &r); err != nil {
		return r, fmt.Errorf("read record of a toxic: %w", err)
	}
	if _, ours := parseName(r.Toxic); !ours {
		return r, fmt.Errorf("read record of a toxic: %q is no toxic of squall's", r.Toxic)
	}
	return r, checkPlace("toxic", r.URL, r.Proxy)
}

func readProxy(undo json.RawMessage) (r proxyRecord, err error) {
	if err := json.Unmarshal(undo, &r); err != nil {
		return r, fmt.Errorf("read record of a proxy: %w", err)
	}
	return r, checkPlace("proxy", r.URL, r.Proxy)
}

func checkPlace(what, base, proxy string) error {
	u, err := url.Parse(base)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("read record of a %s: %q is no address of an API", what, base)
	case proxy == "", proxy == ".", proxy == "..": // the dots would make another path
		return fmt.Errorf("read record of a %s: %q is no name of a proxy", what, proxy)
	}
	return nil
}

// toxicUndoer removes toxics.
type toxicUndoer struct{ instance instance }

// Undo removes the toxic. One that is gone, with its proxy or without, is fine.
func (u toxicUndoer) Undo(ctx context.Context, undo json.RawMessage, _ bool) error {
	r, err := readToxic(undo)
	if err != nil {
		return err
	}
	api, err := u.instance.api(r.URL)
	if err != nil {
		return err
	}
	if err := markerInUse(ctx, api, r); err != nil {
		return err
	}
	removing := api.remove(ctx, r.Proxy, r.Toxic)
	// Whatever the answer was: a removal that gave none may have been made, so it is read back.
	_, err = api.toxic(ctx, r.Proxy, r.Toxic)
	switch {
	case isMissing(err):
		return nil
	case removing == nil && err == nil:
		err = errors.New("it is still there")
	case removing == nil:
		err = fmt.Errorf("read it back: %w", err)
	case err != nil && timedOut(removing) && timedOut(err):
		err = fmt.Errorf("%w: %s", removing, saysHung)
	default:
		err = removing
	}
	return fmt.Errorf("remove toxic %s from proxy %s at %s: %w", r.Toxic, r.Proxy, r.URL, err)
}

// Describe says which toxic goes.
func (toxicUndoer) Describe(undo json.RawMessage) (chaos.Change, error) {
	r, err := readToxic(undo)
	return chaos.Change{Object: "toxic " + r.Toxic + " on proxy " + r.Proxy, Place: place(r.URL), Undo: "remove it"}, err
}

// saysHung is what a Toxiproxy may do that gives no answer in time.
const saysHung = "Toxiproxy is still at it, or it hangs and has to be restarted"

func timedOut(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

// Remedy is the command that removes the toxic.
func (toxicUndoer) Remedy(undo json.RawMessage) string {
	r, err := readToxic(undo)
	if err != nil {
		return unreadable
	}
	if n, ours := parseName(r.Toxic); ours && n.kind == offKind { // the mark alone would leave the proxy off
		return enableCommand(r.URL, r.Proxy, true) + "; " + removeCommand(r.URL, r.Proxy, r.Toxic)
	}
	return removeCommand(r.URL, r.Proxy, r.Toxic)
}

// proxyUndoer switches proxies on.
type proxyUndoer struct{ instance instance }

// Describe says which proxy goes on.
func (proxyUndoer) Describe(undo json.RawMessage) (chaos.Change, error) {
	r, err := readProxy(undo)
	return chaos.Change{Object: "proxy " + r.Proxy, Place: place(r.URL), Undo: "switch it on"}, err
}

// Undo switches the proxy on. One that is on already, or gone, is fine. One that is off without squall's
// marker was switched off by somebody else: that is a [*chaos.ConflictError].
func (u proxyUndoer) Undo(ctx context.Context, undo json.RawMessage, overwrite bool) error {
	r, err := readProxy(undo)
	if err != nil {
		return err
	}
	api, err := u.instance.api(r.URL)
	if err != nil {
		return err
	}
	p, err := api.proxy(ctx, r.Proxy)
	switch {
	case isMissing(err) || err == nil && p.Enabled:
		return nil
	case err == nil && !overwrite && !hasMarker(p.ActiveToxics, r.Mark):
		return &chaos.ConflictError{Object: "proxy " + r.Proxy, Found: "it off without squall's mark", Left: "it off with the mark " + r.Mark, Before: "on"}
	case err == nil:
		err = setEnabled(ctx, api, r.Proxy, true)
	default:
		err = fmt.Errorf("switch on proxy %s: %w", r.Proxy, err)
	}
	if isMissing(err) { // since it was read
		return nil
	}
	return err
}

// markerInUse refuses to remove the marker of a proxy that is still off, or may be: without it nobody could tell who
// switched it off.
func markerInUse(ctx context.Context, api api, r toxicRecord) error {
	if n, ours := parseName(r.Toxic); !ours || n.kind != offKind {
		return nil
	}
	p, err := api.proxy(ctx, r.Proxy)
	switch {
	case isMissing(err):
		return nil
	case err != nil: // a removal that is sent to a Toxiproxy which hangs is carried out when it goes on
		if timedOut(err) {
			err = fmt.Errorf("%w: %s", err, saysHung)
		}
		return fmt.Errorf("remove toxic %s from proxy %s at %s: see first whether the proxy is on: %w", r.Toxic, r.Proxy, r.URL, err)
	case !p.Enabled && hasMarker(p.ActiveToxics, r.Toxic):
		return fmt.Errorf("remove toxic %s from proxy %s at %s: it marks the proxy as switched off by squall, which it still is: what switched it off is not in the ledger, and has to be switched on first", r.Toxic, r.Proxy, r.URL)
	}
	return nil
}

// hasMarker reports whether a toxic of that name is among them.
func hasMarker(toxics client.Toxics, mark string) bool {
	return slices.ContainsFunc(toxics, func(t client.Toxic) bool { return t.Name == mark })
}

// Remedy is the command that switches the proxy on.
func (proxyUndoer) Remedy(undo json.RawMessage) string {
	r, err := readProxy(undo)
	if err != nil {
		return unreadable
	}
	return enableCommand(r.URL, r.Proxy, true)
}

// unreadable is the remedy for a record that cannot be read.
const unreadable = "toxiproxy-cli list, then look for toxics whose names begin with squall-"
