package load

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// gateway sends signed messages. It owns one connection pool per host and a pool of envelopes, the
// buffers that a message needs while it is under way.
type gateway struct {
	options   Options
	templates [][NumChannels]template // by brand number, then channel
	hosts     atomic.Pointer[hostPools]
	conns     *connections
	envelopes sync.Pool
	aborting  atomic.Bool // draining ended: what fails now was interrupted by us
	retiredMu sync.Mutex
	retired   []retiredPools
	runID     string
}

// hostPools are the connection pools by channel; channels on one host share one.
type hostPools [NumChannels]*fasthttp.HostClient

// envelope is everything one message needs between being built and being answered.
type envelope struct {
	requests [NumChannels]*fasthttp.Request // prepared: method, URL, fixed headers
	signers  [NumChannels]*signer
	response fasthttp.Response
	body     []byte
	header   []byte
	now      timestamp
	id       []byte // the request id; its last 16 characters change with every message
}

func newGateway(o Options) (*gateway, error) {
	g := &gateway{options: o, conns: newConnections(), runID: o.RunID}
	for _, tenant := range o.Workload.Tenants {
		for _, brand := range tenant.Brands {
			var row [NumChannels]template
			for c, spec := range o.Workload.Channels {
				var err error
				if row[c], err = newTemplate(tenant, brand, spec, o.Workload.Message, o.RunID); err != nil {
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
	if _, err := g.newEnvelope(); err != nil {
		return nil, err
	}
	g.envelopes.New = func() any {
		e, _ := g.newEnvelope() // succeeded above with the same options
		return e
	}
	return g, nil
}

func newHostPools(o Options, conns *connections) (*hostPools, error) {
	var pools hostPools
	byHost := map[string]*fasthttp.HostClient{}
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

func (g *gateway) newEnvelope() (*envelope, error) {
	e := &envelope{id: []byte("squall-" + g.runID + "-0123456789abcdef")}
	for c, target := range g.options.Gateway {
		if target == nil {
			continue
		}
		spec := g.options.Workload.Channels[c]
		var err error
		if e.signers[c], err = newSigner(spec, g.options.Secrets[c]); err != nil {
			return nil, err
		}
		e.requests[c] = g.prepare(target)
	}
	return e, nil
}

func (g *gateway) prepare(target *url.URL) *fasthttp.Request {
	req := &fasthttp.Request{}
	req.Header.DisableNormalizing()
	req.Header.SetMethod(fasthttp.MethodPost)
	req.SetRequestURI(target.String())
	req.Header.SetContentType("application/json")
	req.Header.SetUserAgent(g.options.UserAgent)
	for name, value := range g.options.Workload.Message.Headers {
		req.Header.Set(name, value)
	}
	req.SetTimeout(g.options.Timeout)
	if !g.options.KeepAlive {
		req.SetConnectionClose()
	}
	return req
}

// send builds, signs and sends one message, reads the answer to its end, and fills in the outcome.
// It allocates nothing beyond what the HTTP client needs.
func (g *gateway) send(o *Outcome, c Channel, brand int, sender uint64, rng *rand.Rand) {
	e := g.envelopes.Get().(*envelope)
	defer g.envelopes.Put(e)

	req := e.requests[c]
	spec := &g.options.Workload.Channels[c]
	e.body = g.templates[brand][c].append(e.body[:0], sender, e.now.at(time.Now()), rng)
	e.header = e.signers[c].sign(e.header[:0], e.body)
	req.SetBodyRaw(e.body)
	req.Header.SetBytesV(spec.Header, e.header)
	req.Header.SetBytesV("X-Request-ID", e.nextID(rng))

	o.Series = SeriesID(c)
	o.Sent = time.Now()
	if o.Due.IsZero() {
		o.Due = o.Sent
	}
	err := g.hosts.Load()[c].Do(req, &e.response)
	o.Done = time.Now()
	g.judge(o, &e.response, err)
}

func (e *envelope) nextID(rng *rand.Rand) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], rng.Uint64())
	hex.Encode(e.id[len(e.id)-16:], raw[:])
	return e.id
}

func (g *gateway) judge(o *Outcome, answer *fasthttp.Response, err error) {
	if err != nil {
		err = cause(answer.RemoteAddr(), err)
		o.Class, o.Detail = classify(err), sample(err)
		if g.aborting.Load() {
			o.Class, o.Detail = Interrupted, ""
		}
		return
	}
	o.Status = answer.StatusCode()
	o.Body = accepted(answer.Body())
	switch {
	case o.Status != expectations()[Gateway].status:
		o.Class = BadStatus
	case !o.Body:
		o.Class = BadBody
	}
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
			client.CloseIdleConnections()
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
