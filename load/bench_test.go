package load

import (
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"xinbot.ir/squall/load/metric"
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
		UserAgent: "squall/test", RunID: "test", Seed: 1, Keys: new(Keyring),
	}
	for c, spec := range w.Channels {
		o.Gateway[c] = GatewayURL(gateway, spec.Path)
		_ = o.Keys.Set(Channel(c), Key{Current: "dev-" + spec.Name})
	}
	return o
}

// BenchmarkMessage is the hot path: build, sign, send, read the answer, record.
func BenchmarkMessage(b *testing.B) {
	g, err := newGateway(testOptions(acceptAll(b)), new(transfer))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = g.abort() }()
	s := metric.NewRecorder(registry, 1).Shard(0)
	from := newSender(&g.options, 7, 1)
	var o metric.Outcome
	b.ReportAllocs()
	for b.Loop() {
		o = metric.Outcome{}
		g.send(&o, &from)
		s.Record(&o, false)
		if o.Class != metric.OK {
			b.Fatal(o.Class, o.Detail)
		}
	}
}

// BenchmarkBuildAndSign is the part of the hot path that is ours: body and signature.
func BenchmarkBuildAndSign(b *testing.B) {
	o := testOptions(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	g, err := newGateway(o, new(transfer))
	if err != nil {
		b.Fatal(err)
	}
	kept := g.envelopes[Webchat]
	r := kept.get()
	from := newSender(&o, 7, 1)
	b.ReportAllocs()
	for b.Loop() {
		r.fill(&g.templates[0][Webchat], kept, &from)
	}
	b.SetBytes(int64(len(r.body)))
}

// BenchmarkSnapshot is what the console pulls ten times a second.
func BenchmarkSnapshot(b *testing.B) {
	g, err := New(testOptions(acceptAll(b)))
	if err != nil {
		b.Fatal(err)
	}
	if err := g.Start(Settings{VUs: 10, Think: Think{time.Second, time.Second}, SpikeFactor: 5}); err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := g.Stop(b.Context()); err != nil {
			b.Error(err)
		}
	}()
	b.ReportAllocs()
	for b.Loop() {
		g.Snapshot()
	}
}

// BenchmarkOpenModel is the hot path of the open model, at a rate that is never reached.
func BenchmarkOpenModel(b *testing.B) {
	o := testOptions(acceptAll(b))
	o.MaxInFlight = 64
	g, err := New(o)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	if err := g.Start(Settings{Rate: MaxRate, SpikeFactor: 1}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for target := g.Snapshot().Sent + 100; g.Snapshot().Sent < target; {
			time.Sleep(100 * time.Microsecond)
		}
	}
	b.ReportMetric(float64(g.Snapshot().Sent)/b.Elapsed().Seconds(), "msg/s")
	if err := g.Stop(b.Context()); err != nil {
		b.Error(err)
	}
}

// TestHotPathAllocatesNothing holds what makes the generator fast: a message is built, signed and
// recorded in memory that is already there.
func TestHotPathAllocatesNothing(t *testing.T) {
	o := testOptions(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	g := newTestGateway(t, o)
	var filled [NumChannels]*pooledRequest
	for c, kept := range g.envelopes {
		filled[c] = kept.get()
	}
	from := newSender(&o, 7, 1)
	s := metric.NewRecorder(registry, 1).Shard(0)
	shares := []cumulative{newCumulative(DefaultMix())}
	sent := time.Unix(1000, 0)
	out := metric.Outcome{Due: sent, Sent: sent, Done: sent.Add(time.Millisecond), Status: Gateway.Status, Body: true}
	message := func() {
		from.next(0, shares, ConversationLength{Min: 1, Max: 3})
		c := from.channel
		filled[c].fill(&g.templates[0][c], g.envelopes[c], &from)
		out.Series = metric.SeriesID(c)
		s.Record(&out, true)
	}
	for range 1000 {
		message()
	}
	if got := testing.AllocsPerRun(1000, message); got != 0 {
		t.Errorf("%v allocations per message", got)
	}
	failed := out
	failed.Class, failed.Status = metric.BadStatus, 503
	s.Record(&failed, false)
	if got := testing.AllocsPerRun(1000, func() { s.Record(&failed, false) }); got != 0 {
		t.Errorf("%v allocations per failure", got)
	}
}
