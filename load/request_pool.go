package load

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// pooledRequest is everything one message of a channel needs between being built and being answered. A
// run holds as many as messages are in flight, so it is kept small: one channel's request and
// signer, and one buffer each for body and header.
type pooledRequest struct {
	request  fasthttp.Request // prepared: method, URL, fixed headers
	response fasthttp.Response
	keys     *keys // that the signers are of
	signer   *signer
	next     *signer // of the next secret; nil when there is none
	body     []byte
	header   []byte
	now      timestamp
	id       []byte // the request id; its last 16 characters change with every message
}

// requestPool are the envelopes of one channel that are not in use.
type requestPool struct {
	spec   ChannelSpec
	target *url.URL
	o      *Options
	free   sync.Pool
}

// newRequestPool checks that the channel can be signed.
func newRequestPool(o *Options, c Channel) (*requestPool, error) {
	p := &requestPool{spec: o.Workload.Channels[c], target: o.Gateway[c], o: o}
	first, err := p.newRequest()
	if err != nil {
		return nil, err
	}
	p.free.Put(first)
	return p, nil
}

// get returns a free request, or a new one.
func (p *requestPool) get() *pooledRequest {
	if used, ok := p.free.Get().(*pooledRequest); ok {
		return used
	}
	fresh, err := p.newRequest()
	if err != nil {
		panic(err) // it could be made when the run was prepared, from the same options
	}
	return fresh
}

func (p *requestPool) newRequest() (*pooledRequest, error) {
	env := &pooledRequest{id: []byte("squall-" + p.o.RunID + "-0123456789abcdef")}
	if err := env.sign(p); err != nil {
		return nil, err
	}
	req := &env.request
	address(req, p.o, p.target)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
	for name, value := range p.o.Workload.Message.Headers {
		req.Header.Set(name, value)
	}
	return env, nil
}

// address prepares a request for where it goes, by a proxy or straight.
func address(req *fasthttp.Request, o *Options, target *url.URL) {
	req.Header.DisableNormalizing()
	req.SetRequestURI(target.String())
	req.URI().DisablePathNormalizing = true
	req.Header.SetUserAgent(o.UserAgent)
	if via := forwarding(*o, target); via != nil {
		req.URI().SetPath(target.Scheme + "://" + target.Host + target.EscapedPath())
		if basic := proxyAuthorization(via); basic != "" {
			req.Header.Set("Proxy-Authorization", basic)
		}
	}
	if !o.KeepAlive {
		req.SetConnectionClose()
	}
}

// sign prepares the request for the channel's newest secrets, unless it is already.
func (r *pooledRequest) sign(pool *requestPool) error {
	newest := pool.o.Keys.newest()
	if r.keys == newest {
		return nil
	}
	key := newest.channels[pool.spec.SecretOf]
	current, err := newSigner(pool.spec, key.Current)
	if err != nil {
		return err
	}
	var next *signer
	if key.Next != "" {
		if next, err = newSigner(pool.spec, key.Next); err != nil {
			return err
		}
	}
	r.keys, r.signer, r.next = newest, current, next
	return nil
}

// fill puts a message into the envelope, signed and with a new request id.
func (r *pooledRequest) fill(t *template, pool *requestPool, s *sender) {
	if err := r.sign(pool); err != nil {
		panic(err) // the channel could be signed when the run was prepared; another secret changes nothing
	}
	signer := r.signer
	if share := r.keys.channels[pool.spec.SecretOf].Share; share > 0 && s.rng.Float64() < share {
		signer = r.next
	}
	r.body = t.append(r.body[:0], s, r.now.at(time.Now()))
	r.header = signer.sign(r.header[:0], r.body)
	r.request.SetBodyRaw(r.body)
	r.request.Header.SetBytesV(pool.spec.Header, r.header)
	r.request.Header.SetBytesV("X-Request-ID", r.nextID(s.rng))
}

func (r *pooledRequest) nextID(rng *rand.Rand) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], rng.Uint64())
	hex.Encode(r.id[len(r.id)-16:], raw[:])
	return r.id
}
