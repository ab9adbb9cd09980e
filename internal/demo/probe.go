package demo

import (
	"context"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// probeTimeout is as Kubernetes has it by default.
const probeTimeout = time.Second

// probes ask services for their health again and again, as Kubernetes does. What comes of it stands in the services' own
// metrics, and has no other consequence here.
type probes struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func startProbes(every time.Duration, addrs ...string) *probes {
	ctx, cancel := context.WithCancel(context.Background())
	p := &probes{cancel: cancel}
	for _, addr := range addrs {
		p.done.Go(func() {
			to := newHop(addr)
			defer to.close()
			req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(resp)
			for pause(ctx, every) == nil {
				req.Reset()
				resp.Reset()
				req.SetRequestURI("http://" + addr + "/health")
				_ = to.do(req, resp, probeTimeout) // the service counts it
			}
		})
	}
	return p
}

func (p *probes) close(context.Context) error {
	p.cancel()
	p.done.Wait()
	return nil
}
