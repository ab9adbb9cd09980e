// Package echo is the server that generators are measured against: it verifies
// the signature of a webchat message, answers as the gateway does, and keeps
// its own record of every answer, so that what a generator claims can be
// compared with what happened.
package echo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Paths of the server. Everything else is a message.
const (
	WebhookPath = "/webchat/webhook"
	RecordPath  = "/record"
)

// SignatureHeader carries the lower-case hex HMAC-SHA256 of the raw body.
const SignatureHeader = "X-Webchat-Signature"

const requestIDHeader = "X-Request-ID"

// Config is what a server is started with.
type Config struct {
	Secret string
	// Delay is the mean time the server takes for an answer; the times are
	// uniform between half of it and one and a half. 0 answers at once.
	Delay time.Duration
}

// Server verifies, answers and records. The zero value is not usable; call New.
type Server struct {
	config Config
	http   fasthttp.Server
	ledger *ledger
	macs   sync.Pool // of *mac
}

// mac is a keyed hash and the room for its digest, kept to be used again.
type mac struct {
	hash   hash.Hash
	digest [sha256.Size]byte
	hex    [2 * sha256.Size]byte
}

// New returns a server that is ready to serve.
func New(config Config) *Server {
	s := &Server{config: config, ledger: newLedger()}
	s.macs.New = func() any { return &mac{hash: hmac.New(sha256.New, []byte(config.Secret))} }
	s.http = fasthttp.Server{
		Handler:               s.handle,
		NoDefaultServerHeader: true,
		NoDefaultDate:         true,
		LazyRequestTime:       true,
	}
	return s
}

// Serve answers on l until ctx ends.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- s.http.Serve(recordingListener{l, s.ledger}) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	// Open connections belong to generators that are gone or going.
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := s.http.ShutdownWithContext(stop); err != nil && stop.Err() == nil {
		return fmt.Errorf("shut down %s: %w", l.Addr(), err)
	}
	return nil
}

// Record is what the server has seen so far.
func (s *Server) Record() Record { return s.ledger.record() }

func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	if ctx.IsGet() && string(ctx.Path()) == RecordPath {
		s.handleRecord(ctx)
		return
	}
	if id := ctx.Request.Header.Peek(requestIDHeader); len(id) > 0 {
		ctx.Response.Header.SetBytesV(requestIDHeader, id)
	}
	ctx.SetContentType("application/json")
	if !s.verify(ctx.PostBody(), ctx.Request.Header.Peek(SignatureHeader)) {
		s.ledger.rejected.Add(1)
		ctx.SetStatusCode(fasthttp.StatusUnauthorized)
		ctx.SetBodyString(`{"detail":"invalid signature"}`)
		return
	}
	if d := s.config.Delay; d > 0 {
		time.Sleep(d/2 + rand.N(d))
	}
	s.ledger.accepted.Add(1)
	ctx.SetStatusCode(fasthttp.StatusAccepted)
	ctx.SetBodyString(`{"status":"accepted"}`)
}

func (s *Server) verify(body, signature []byte) bool {
	m := s.macs.Get().(*mac)
	defer s.macs.Put(m)
	m.hash.Reset()
	m.hash.Write(body)
	hex.Encode(m.hex[:], m.hash.Sum(m.digest[:0]))
	return hmac.Equal(m.hex[:], bytes.TrimSpace(signature))
}

func (s *Server) handleRecord(ctx *fasthttp.RequestCtx) {
	if c, ok := ctx.Conn().(*recordingConn); ok {
		c.leaveOut()
	}
	body, err := json.Marshal(s.Record())
	if err != nil {
		ctx.Error(err.Error(), fasthttp.StatusInternalServerError)
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(body)
}
