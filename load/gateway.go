package load

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"xinbot.ir/squall/load/metric"
)

// Gateway is signed webhook messages. Its series are the channels, in their order.
var Gateway = &metric.Flow{
	Name: "gateway", Title: "Gateway", Does: "Gateway messages", Metric: "gateway_latency",
	Status: http.StatusAccepted, Check: "gateway answers 202", BodyCheck: "gateway says accepted", Channels: channelNames(),
}

func channelNames() (names []string) {
	for _, spec := range channels {
		names = append(names, spec.Name)
	}
	return names
}

// gateway sends signed messages. It owns one connection pool per host and the envelopes of each
// channel.
type gateway struct {
	options   Options
	templates [][NumChannels]template // by brand number, then channel
	hosts     atomic.Pointer[hostPools]
	conns     *connections
	envelopes [NumChannels]*requestPool // nil: that channel cannot be sent
	aborting  atomic.Bool               // draining ended: what fails now was interrupted by us
	retiredMu sync.Mutex
	retired   []retiredPools
}

// hostPools are the connection pools by channel; channels on one host share one.
type hostPools [NumChannels]*hostClient

func newGateway(o Options, t *transfer) (*gateway, error) {
	g := &gateway{options: o, conns: newConnections(t)}
	for _, tenant := range o.Workload.Tenants {
		for _, brand := range tenant.Brands {
			var row [NumChannels]template
			for c, spec := range o.Workload.Channels {
				var err error
				if row[c], err = newTemplate(tenant, brand, spec, o.Workload.Message, o.RunID, marked); err != nil {
					return nil, err
				}
			}
			g.templates = append(g.templates, row)
		}
	}
	if len(g.templates) == 0 {
		return nil, fmt.Errorf("prepare messages: the workload names no brand")
	}
	pools, err := newHostPools(o, g.conns)
	if err != nil {
		return nil, err
	}
	g.hosts.Store(pools)
	for c, target := range o.Gateway {
		if target == nil {
			continue
		}
		if g.envelopes[c], err = newRequestPool(&g.options, Channel(c)); err != nil {
			return nil, err
		}
	}
	return g, nil
}

func newHostPools(o Options, conns *connections) (*hostPools, error) {
	var pools hostPools
	byHost := map[string]*hostClient{}
	for c, target := range o.Gateway {
		if target == nil {
			continue
		}
		key := target.Scheme + "://" + target.Host
		if byHost[key] == nil {
			client, err := newHostClient(target, o, conns)
			if err != nil {
				return nil, err
			}
			byHost[key] = client
		}
		pools[c] = byHost[key]
	}
	return &pools, nil
}

// send builds, signs and sends the sender's next message, reads the answer to its end, and fills in the outcome.
// It allocates nothing beyond what the HTTP client needs.
func (g *gateway) send(o *metric.Outcome, s *sender) {
	c := s.channel
	kept := g.envelopes[c]
	r := kept.get()
	defer kept.free.Put(r)
	r.fill(&g.templates[s.brand][c], kept, s)

	o.Series = metric.SeriesID(c)
	err := g.hosts.Load()[c].do(&r.request, &r.response, o)
	if o.Due.IsZero() {
		o.Due = o.Sent
	}
	g.classifyResponse(o, &r.response, err)
}

func (g *gateway) classifyResponse(o *metric.Outcome, answer *fasthttp.Response, err error) {
	if err != nil {
		err = rootCause(answer.RemoteAddr(), err)
		o.Class, o.Detail = classify(err)
		if g.aborting.Load() {
			o.Class, o.Detail = metric.Interrupted, ""
		}
		return
	}
	o.Status = answer.StatusCode()
	o.Body = isAccepted(answer)
	switch {
	case o.Status != Gateway.Status:
		o.Class = metric.BadStatus
	case !o.Body:
		o.Class, o.Detail = metric.BadBody, cmp.Or(g.words(answer), "an empty answer")
		return
	default:
		return
	}
	o.Detail = g.words(answer)
}

// words are what a wrong answer says.
func (g *gateway) words(answer *fasthttp.Response) string {
	body := answer.Body()
	if len(answer.Header.ContentEncoding()) > 0 {
		var err error
		if body, err = answer.BodyUncompressedWithLimit(maxAnswer); err != nil {
			return "an answer that cannot be decompressed"
		}
	}
	h := &answer.Header
	return answerWords(string(h.Peek("Location")), string(h.Peek("Retry-After")), string(h.ContentType()), body, g.options.Keys.Redact)
}

// recycle gives every channel new connections. Requests under way keep theirs to the end; [gateway.sweep]
// closes those then.
func (g *gateway) recycle() error {
	pools, err := newHostPools(g.options, g.conns)
	if err != nil {
		return err
	}
	old := g.hosts.Swap(pools)
	g.retiredMu.Lock()
	g.retired = append(g.retired, retiredPools{old, time.Now()})
	g.retiredMu.Unlock()
	g.sweep(time.Now())
	return nil
}

// retiredPools are connection pools that were recycled.
type retiredPools struct {
	pools *hostPools
	since time.Time
}

// sweep closes what has become idle in recycled pools, and forgets a pool once no request can
// still be using it.
func (g *gateway) sweep(now time.Time) {
	g.retiredMu.Lock()
	defer g.retiredMu.Unlock()
	g.retired = slices.DeleteFunc(g.retired, func(r retiredPools) bool {
		r.pools.closeIdle()
		return now.Sub(r.since) > 2*g.options.Timeout
	})
}

func (p *hostPools) closeIdle() {
	for _, client := range p {
		if client != nil {
			client.pool.CloseIdleConnections()
		}
	}
}

// abort ends every request under way.
func (g *gateway) abort() error {
	g.aborting.Store(true)
	return g.conns.closeAll()
}

// GatewayURL puts a channel's path in the place of the path of a full webhook URL.
func GatewayURL(webhook *url.URL, path string) *url.URL {
	u := *webhook
	u.Path, u.RawPath, u.RawQuery, u.Fragment = "/"+strings.TrimLeft(path, "/"), "", "", ""
	return &u
}
