package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// probeMark is how the platform tells a probe from the traffic.
var probeMark = mark{source: "squall-probe", sender: "squall-probe-"}

// ProbeMessages writes messages of one channel that ask a gateway which signatures it accepts. They are those of the traffic,
// but for metadata.source, "squall-probe", and their sender. It is safe for concurrent use.
type ProbeMessages struct {
	spec     ChannelSpec
	target   *url.URL
	headers  map[string]string
	agent    string
	run      string
	template template

	mu     sync.Mutex
	sender sender
	now    timestamp
}

// NewProbeMessages prepares the messages of a channel: for the first brand that uses it, else for the first of all.
func NewProbeMessages(o Options, c Channel) (*ProbeMessages, error) {
	if o.Gateway[c] == nil {
		return nil, fmt.Errorf("probe channel %s: there is no gateway URL for it", c)
	}
	tenant, brand, err := o.Workload.brandOf(c)
	if err != nil {
		return nil, err
	}
	spec := o.Workload.Channels[c]
	t, err := newTemplate(tenant, brand, spec, o.Workload.Message, o.RunID, probeMark)
	if err != nil {
		return nil, err
	}
	if _, err := newSigner(spec, ""); err != nil {
		return nil, err
	}
	return &ProbeMessages{
		spec: spec, target: o.Gateway[c], headers: o.Workload.Message.Headers, agent: o.UserAgent, run: o.RunID, template: t,
		sender: sender{id: uint64(c) + 1, rng: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}, // event ids are not those of the traffic
	}, nil
}

// brandOf is the first brand that uses a channel, else the first of all.
func (w Workload) brandOf(c Channel) (Tenant, Brand, error) {
	var found *Tenant
	var brand Brand
	for i, tenant := range w.Tenants {
		for _, b := range tenant.Brands {
			if uses := b.Channels[c] > 0; uses || found == nil {
				found, brand = &w.Tenants[i], b
				if uses {
					return tenant, brand, nil
				}
			}
		}
	}
	if found == nil {
		return Tenant{}, Brand{}, errors.New("prepare probes: the workload names no brand")
	}
	return *found, brand, nil
}

// Request is a new message, signed with a secret; without one, if signed is false.
func (p *ProbeMessages) Request(ctx context.Context, secret string, signed bool) (*http.Request, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	body := string(p.template.append(nil, &p.sender, p.now.at(time.Now())))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.target.String(), strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make probe of %s: %w", p.spec.Name, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", p.agent)
	for name, value := range p.headers {
		request.Header[name] = []string{value}
	}
	if signed {
		s, err := newSigner(p.spec, secret)
		if err != nil {
			return nil, err
		}
		request.Header[p.spec.Header] = []string{string(s.sign(nil, []byte(body)))} // as it is written, not in its canonical form
	}
	request.Header["X-Request-ID"] = []string{"squall-" + p.run + "-probe-" + fmt.Sprintf("%016x", p.sender.rng.Uint64())}
	return request, nil
}
