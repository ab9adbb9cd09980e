package toxiproxy

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"time"

	"xinbot.ir/squall/chaos"
)

// Scan finds what sessions of squall have left on a Toxiproxy, by the names of toxics. Proxies that were switched off
// come before the toxics that say so.
func Scan(ctx context.Context, own *url.URL, timeout time.Duration) (found []chaos.Found, err error) {
	api := newAPI(own.String(), timeout)
	proxies, err := api.proxies(ctx)
	if err != nil {
		return nil, err
	}
	var toxics []chaos.Found
	for _, name := range slices.Sorted(maps.Keys(proxies)) {
		for _, t := range proxies[name].ActiveToxics {
			n, ours := parseName(t.Name)
			if !ours {
				continue
			}
			if n.kind == offKind && !proxies[name].Enabled {
				off, err := chaos.MakeFound(n.session, KindProxy, proxyRecord{URL: api.base, Proxy: name, Mark: t.Name})
				if err != nil {
					return nil, err
				}
				found = append(found, off)
			}
			toxic, err := chaos.MakeFound(n.session, KindToxic, toxicRecord{URL: api.base, Proxy: name, Toxic: t.Name})
			if err != nil {
				return nil, err
			}
			toxics = append(toxics, toxic)
		}
	}
	return append(found, toxics...), nil
}
