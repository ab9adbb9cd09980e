package load

import (
	"crypto/tls"
	"net/url"
	"time"

	"xinbot.ir/squall/load/metric"
)

// Options is what a generator needs for its whole life; [Settings] is what may change.
type Options struct {
	Workload Workload
	Gateway  [NumChannels]*url.URL // full webhook URL per channel; nil: that channel cannot be sent
	Keys     *Keyring              // what messages are signed with, and the token of the admin API

	Orchestrator *url.URL // base URL of the admin API; nil, or no token in Keys, switches the admin flows off
	Knowledge    bool     // also drive the older POST /v1/brands/{id}/knowledge

	Conversation ConversationLength // messages of a conversation; one by default

	Timeout     time.Duration                    // of one request, connect included; 10 s by default
	Drain       time.Duration                    // longest wait for requests in flight when stopping; 5 s by default
	MaxConns    int                              // connections per gateway host; 0: as many as virtual users need
	KeepAlive   bool                             // reuse connections; true by default
	MaxInFlight int                              // open model: most requests in flight at once; 10,000 by default
	TLS         *tls.Config                      // nil: Go's defaults
	Proxy       func(*url.URL) (*url.URL, error) // nil: no proxy
	UserAgent   string                           // "squall/<version>"
	Seed        uint64                           // of every random choice

	// Part tells the generators of one run apart, 0 to MaxParts-1. With the same run id and seed, two of them
	// never share a sender, an event id or a random stream: the platform drops equal event ids.
	Part int

	RunID   string                        // part of the request ids that the platform echoes
	Ledger  Ledger                        // of rule states; nil switches rule toggling off
	OnError func(error)                   // called when something could not be done and the run goes on; may be nil
	Observe func(metric.Observation)      // called once a second from the window's own goroutine; may be nil
	OnPanic func(value any, stack []byte) // called when one of the generator's goroutines panics
}

// MaxParts is how many generators one run may have.
const MaxParts = 1 << 16

// firstSender is the number of the part's first sender. A part has room for 2^40, and the random streams of
// the open model count down from the other end.
func (o *Options) firstSender() uint64 { return uint64(o.Part) << 40 }
