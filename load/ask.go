package load

import (
	"context"
	"errors"
	"net/url"

	"github.com/valyala/fasthttp"

	"xinbot.ir/squall/load/metric"
)

// Answer is what a gateway answered when it was asked.
type Answer struct {
	Status int
	Date   string // header; "" without one
}

// Ask gets a path of a gateway once, over a connection of its own, with the client that sends the messages: what goes
// wrong with them goes wrong here, and is told in the same words. ours reports an error of this machine's.
func Ask(ctx context.Context, o Options, gateway *url.URL, path string) (a Answer, ours bool, err error) {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	o.KeepAlive = false
	target := GatewayURL(gateway, path)
	conns := newConnections(new(transfer))
	stop := context.AfterFunc(ctx, func() { _ = conns.closeAll() }) // the request's own error is told
	defer stop()
	client, err := newHostClient(target, o, conns)
	if err != nil {
		return Answer{}, true, err
	}
	var (
		req  fasthttp.Request
		resp fasthttp.Response
	)
	address(&req, &o, target)
	if err := client.do(&req, &resp, new(metric.Outcome)); err != nil {
		if ctx.Err() != nil {
			return Answer{}, true, ctx.Err()
		}
		class, says := classify(rootCause(resp.RemoteAddr(), err))
		return Answer{}, class == metric.LocalLimit, errors.New(says)
	}
	return Answer{Status: resp.StatusCode(), Date: string(resp.Header.Peek("Date"))}, false, nil
}
