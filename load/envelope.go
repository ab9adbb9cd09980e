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

// envelope is everything one message of a channel needs between being built and being answered. A
// run holds as many as messages are in flight, so it is kept small: one channel's request and
// signer, and one buffer each for body and header.
type envelope struct {
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

// envelopes are the envelopes of one channel that are not in use.
type envelopes struct {
	spec   ChannelSpec
	target *url.URL
	o      *Options
	free   sync.Pool
}

// newEnvelopes checks that the channel can be signed.
func newEnvelopes(o *Options, c Channel) (*envelopes, error) {
	e := &envelopes{spec: o.Workload.Channels[c], target: o.Gateway[c], o: o}
	first, err := e.make()
	if err != nil {
		return nil, err
	}
	e.free.Put(first)
	return e, nil
}

// take hands out an envelope.
func (e *envelopes) take() *envelope {
	if used, ok := e.free.Get().(*envelope); ok {
		return used
	}
	fresh, err := e.make()
	if err != nil {
		panic(err) // it could be made when the run was prepared, from the same options
	}
	return fresh
}

func (e *envelopes) make() (*envelope, error) {
	env := &envelope{id: []byte("squall-" + e.o.RunID + "-0123456789abcdef")}
	if err := env.sign(e); err != nil {
		return nil, err
	}
	req := &env.request
	req.Header.DisableNormalizing()
	req.Header.SetMethod(fasthttp.MethodPost)
	req.SetRequestURI(e.target.String())
	req.Header.SetContentType("application/json")
	req.Header.SetUserAgent(e.o.UserAgent)
	for name, value := range e.o.Workload.Message.Headers {
		req.Header.Set(name, value)
	}
	if via := forwarding(*e.o, e.target); via != nil {
		req.URI().SetPath(e.target.Scheme + "://" + e.target.Host + e.target.EscapedPath())
		if basic := proxyAuthorization(via); basic != "" {
			req.Header.Set("Proxy-Authorization", basic)
		}
	}
	req.SetTimeout(e.o.Timeout)
	if !e.o.KeepAlive {
		req.SetConnectionClose()
	}
	return env, nil
}

// sign takes the channel's newest secrets into the envelope, if it does not have them already.
func (e *envelope) sign(of *envelopes) error {
	newest := of.o.Keys.newest()
	if e.keys == newest {
		return nil
	}
	key := newest.channels[of.spec.SecretOf]
	current, err := newSigner(of.spec, key.Current)
	if err != nil {
		return err
	}
	var next *signer
	if key.Next != "" {
		if next, err = newSigner(of.spec, key.Next); err != nil {
			return err
		}
	}
	e.keys, e.signer, e.next = newest, current, next
	return nil
}

// fill puts a message into the envelope, signed and with a new request id.
func (e *envelope) fill(t *template, of *envelopes, sender uint64, rng *rand.Rand) {
	if err := e.sign(of); err != nil {
		panic(err) // the channel could be signed when the run was prepared; another secret changes nothing
	}
	signer := e.signer
	if share := e.keys.channels[of.spec.SecretOf].Share; share > 0 && rng.Float64() < share {
		signer = e.next
	}
	e.body = t.append(e.body[:0], sender, e.now.at(time.Now()), rng)
	e.header = signer.sign(e.header[:0], e.body)
	e.request.SetBodyRaw(e.body)
	e.request.Header.SetBytesV(of.spec.Header, e.header)
	e.request.Header.SetBytesV("X-Request-ID", e.nextID(rng))
}

func (e *envelope) nextID(rng *rand.Rand) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], rng.Uint64())
	hex.Encode(e.id[len(e.id)-16:], raw[:])
	return e.id
}
