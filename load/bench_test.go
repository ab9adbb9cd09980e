package load

import (
	"math/rand/v2"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// acceptAll is a gateway that accepts everything.
func acceptAll(tb testing.TB) *url.URL {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetStatusCode(202)
		ctx.SetContentType("application/json")
		ctx.SetBodyString(`{"status":"accepted"}`)
	}, CloseOnShutdown: true}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	tb.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			tb.Error(err)
		}
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return &url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/webchat/webhook"}
}

func testOptions(gateway *url.URL) Options {
	w := DefaultWorkload()
	o := Options{
		Workload: w, KeepAlive: true, Timeout: 5 * time.Second, Drain: time.Second,
		UserAgent: "squall/test", RunID: "test", Seed: 1,
	}
	for c, spec := range w.Channels {
		o.Gateway[c] = GatewayURL(gateway, spec.Path)
		o.Secrets[c] = "dev-" + spec.Name
	}
	return o
}

// BenchmarkMessage is the hot path: build, sign, send, read the answer, record.
func BenchmarkMessage(b *testing.B) {
	g, err := newGateway(testOptions(acceptAll(b)))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = g.abort() }()
	s := newRecorder(1).shard(0)
	rng := rand.New(rand.NewPCG(1, 2))
	var o Outcome
	b.ReportAllocs()
	for b.Loop() {
		o = Outcome{}
		g.send(&o, Webchat, 0, 7, rng)
		s.record(&o, false)
		if o.Class != OK {
			b.Fatal(o.Class, o.Detail)
		}
	}
}

// BenchmarkBuildAndSign is the part of the hot path that is ours: body and signature.
func BenchmarkBuildAndSign(b *testing.B) {
	o := testOptions(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	g, err := newGateway(o)
	if err != nil {
		b.Fatal(err)
	}
	e, err := g.newEnvelope()
	if err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		e.body = g.templates[0][Webchat].append(e.body[:0], 7, e.now.at(now), rng)
		e.header = e.signers[Webchat].sign(e.header[:0], e.body)
	}
	b.SetBytes(int64(len(e.body)))
}
