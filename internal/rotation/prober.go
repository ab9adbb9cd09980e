package rotation

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"xinbot.ir/squall/internal/event"
)

// Bounds of what probes may cost the gateway.
const (
	DefaultRate  = 2.0 // probes a second for each channel and signature
	MaxRate      = 10.0
	MostReplicas = 16 // that are asked by themselves
	probeTimeout = 2 * time.Second
	listInterval = time.Second
	mostAnswered = 64 << 10 // bytes of an answer that are read
)

// Messages makes the probes of a channel.
type Messages interface {
	// Request is a new message, signed with a secret, or not at all.
	Request(ctx context.Context, secret string, signed bool) (*http.Request, error)
}

// Replicas reaches each replica of the gateway by itself.
type Replicas interface {
	List(ctx context.Context) ([]Replica, error)
	// Dial opens a connection to a replica. Its errors, and those of the connection, are a [WayError] when they say nothing of the
	// replica.
	Dial(ctx context.Context, name string) (net.Conn, error)
}

// Keys are the secrets of a channel as they are now; next is "" while it is not known.
type Keys func(channel string) (old, next string)

// Prober asks a gateway which signatures it accepts: each probe on a connection of its own, so that a load balancer spreads
// them, and apart from the traffic of the run.
type Prober struct {
	Channels map[string]Messages
	Keys     Keys
	Rate     float64 // probes a second for each channel and signature
	Started  time.Time
	TLS      *tls.Config
	Proxy    func(*url.URL) (*url.URL, error) // nil: none
	Replicas Replicas                         // nil: they cannot be reached

	Answered func(Probe)                      // called from several goroutines
	Listed   func(now float64, all []Replica) // likewise
	Trouble  func(what string, problem error) // likewise: replicas cannot be listed or reached, or not all of them are asked
	wrong    string                           // a secret that nobody has
	ways     ways
}

// Run sends probes until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	var secret [16]byte
	_, _ = rand.Read(secret[:]) // never fails
	p.wrong = hex.EncodeToString(secret[:])
	var work sync.WaitGroup
	defer work.Wait()
	gateway := &http.Transport{DisableKeepAlives: true, TLSClientConfig: p.TLS.Clone()}
	if p.Proxy != nil {
		gateway.Proxy = func(r *http.Request) (*url.URL, error) { return p.Proxy(r.URL) }
	}
	p.ask(ctx, &work, "", gateway)
	if p.Replicas != nil {
		work.Go(func() { p.followReplicas(ctx, &work) })
	}
	<-ctx.Done()
}

// ask probes one place until ctx ends.
func (p *Prober) ask(ctx context.Context, work *sync.WaitGroup, replica string, via http.RoundTripper) {
	every := time.Duration(float64(time.Second) / p.Rate)
	n, all := 0, len(p.Channels)*len(event.Signatures())
	for name, messages := range p.Channels {
		for _, signature := range event.Signatures() {
			first := every * time.Duration(n) / time.Duration(all) // spread over the interval
			n++
			work.Go(func() {
				timer := time.NewTimer(first)
				defer timer.Stop()
				for {
					select {
					case <-ctx.Done():
						return
					case due := <-timer.C:
						p.probe(ctx, name, replica, signature, messages, via)
						timer.Reset(max(0, time.Until(due.Add(jittered(every)))))
					}
				}
			})
		}
	}
}

// jittered is a time that is on average as long as the given one. A front that hands out connections in turn would else give
// each kind of probe to the same replica every time.
func jittered(d time.Duration) time.Duration { return d/2 + time.Duration(mathrand.Int64N(int64(d)+1)) }

// probe sends one message and tells the answer. A next secret that is not known cannot be asked for.
func (p *Prober) probe(ctx context.Context, channel, replica string, signature event.Signature, messages Messages, via http.RoundTripper) {
	old, next := p.Keys(channel)
	secret := map[event.Signature]string{event.SignedOld: old, event.SignedNext: next, event.SignedWrong: p.wrong}[signature]
	if secret == "" && signature != event.Unsigned {
		return
	}
	asked, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := messages.Request(asked, secret, signature != event.Unsigned)
	if err != nil {
		p.Trouble("probe "+channel, err)
		return
	}
	if replica != "" { // a replica speaks plain HTTP: it is its front that speaks TLS
		request.Host, request.URL.Scheme = request.URL.Host, "http"
	}
	sent := time.Now()
	status, err := statusOf(via, request)
	if ctx.Err() != nil {
		return // cut off by us
	}
	if failed := new(WayError); errors.As(err, &failed) {
		if p.ways.tell(replica, failed, time.Now()) {
			p.Trouble(failed.what(replica), failed.Err)
		}
		return
	}
	p.ways.open(replica)
	p.Answered(Probe{At: sent.Sub(p.Started).Seconds(), Channel: channel, Replica: replica, Signature: signature, Answer: AnswerOf(status), Status: status})
}

// statusOf sends a request and reads the answer to its end; 0, and why, when there was none.
func statusOf(via http.RoundTripper, request *http.Request) (int, error) {
	answer, err := via.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if _, err := io.CopyN(io.Discard, answer.Body, mostAnswered); err != nil && err != io.EOF { //nolint:errorlint // CopyN gives it as it is
		return 0, err
	}
	return answer.StatusCode, nil
}

// followReplicas asks every replica for as long as it is there.
func (p *Prober) followReplicas(ctx context.Context, work *sync.WaitGroup) {
	asked := map[string]context.CancelFunc{}
	defer func() {
		for _, stop := range asked {
			stop()
		}
	}()
	tick := time.NewTicker(listInterval)
	defer tick.Stop()
	told, many := false, false
	for {
		all, err := p.Replicas.List(ctx)
		if ctx.Err() != nil {
			return
		}
		switch {
		case err != nil && !told:
			told = true
			p.Trouble("list the replicas of the gateway", err)
		case err == nil:
			told = false
			if len(all) > MostReplicas && !many {
				many = true
				p.Trouble("ask every replica", fmt.Errorf("there are %d, and %d are asked at most", len(all), MostReplicas))
			}
			p.follow(ctx, work, asked, all)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// follow begins to ask replicas that are new, and stops with those that are gone.
func (p *Prober) follow(ctx context.Context, work *sync.WaitGroup, asked map[string]context.CancelFunc, all []Replica) {
	all = all[:min(len(all), MostReplicas)]
	p.Listed(time.Since(p.Started).Seconds(), all)
	there := map[string]bool{}
	for _, r := range all {
		there[r.Name] = true
		if asked[r.Name] != nil {
			continue
		}
		inside, stop := context.WithCancel(ctx)
		asked[r.Name] = stop
		p.ask(inside, work, r.Name, &http.Transport{
			DisableKeepAlives: true,
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return p.Replicas.Dial(ctx, r.Name) },
		})
	}
	for name, stop := range asked {
		if !there[name] {
			stop()
			delete(asked, name)
		}
	}
}
