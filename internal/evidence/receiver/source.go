// Package receiver takes what an Alertmanager sends to a webhook, and keeps it: an Alertmanager has no history of its
// own. It listens on a loopback address unless it is told otherwise.
package receiver

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/time/rate"

	"xinbot.ir/squall/internal/evidence"
)

// Name of the source.
const Name = "receiver"

// Bounds of what a sender can cost.
const (
	maxBody        = 1 << 20 // bytes of a payload
	maxConnections = 32
	readTimeout    = 10 * time.Second
	keptBytes      = 32 << 20 // of payloads
	keptAlerts     = 10_000
	closeTimeout   = time.Second

	perSecond = 20 // payloads that are taken, and
	burst     = 60 // after a time in which fewer came
	calm      = 10 * time.Second
)

// Config is what a receiver is made of.
type Config struct {
	Addr  string // HOST:PORT, or :PORT for a loopback port; "": a free loopback port
	Token string // that senders have to show as a bearer token; "": none
	Hide  func(secret string)
}

// Source is a receiver that listens.
type Source struct {
	token    string
	listener net.Listener

	mu       sync.Mutex
	log      *evidence.AlertLog // nil: nobody runs it
	payloads []received
	bytes    int
	alerts   map[string]evidence.Alert // by key and the time of firing
	cut      bool                      // there was more than is kept
	pace     *rate.Limiter
	gaps     *evidence.GapLog // of the run; nil before it
	refused  int              // payloads, for coming too fast
	last     time.Time        // when one was
}

// received is a payload as it came.
type received struct {
	At      time.Time       `json:"received_at"`
	Payload json.RawMessage `json:"payload"`
}

// Listen takes the address. [Source.Run] answers there; [Source.Close] is for one that is never run.
func Listen(c Config) (*Source, error) {
	addr := c.Addr
	if addr == "" {
		addr = ":0"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen for alerts on %q: it must be HOST:PORT", c.Addr)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("listen for alerts: %w", err)
	}
	if c.Token != "" && c.Hide != nil {
		c.Hide(c.Token)
	}
	return &Source{token: c.Token, listener: listener, alerts: map[string]evidence.Alert{}, pace: rate.NewLimiter(perSecond, burst)}, nil
}

// Name implements evidence.Source.
func (s *Source) Name() string { return Name }

// URL is where senders send to.
func (s *Source) URL() string { return "http://" + s.listener.Addr().String() + "/" }

// Close gives the address up.
func (s *Source) Close() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Check implements evidence.Source.
func (s *Source) Check(context.Context, evidence.Wanted) []evidence.Finding {
	findings := []evidence.Finding{{Kind: evidence.SourceAnswers, Source: Name, Found: "listens on " + s.listener.Addr().String()}}
	if addr, is := s.listener.Addr().(*net.TCPAddr); is && !addr.IP.IsLoopback() && s.token == "" {
		findings = append(findings, evidence.Finding{Kind: evidence.OpenToNetwork, Source: Name, Found: addr.String()})
	}
	return findings
}

// Run implements evidence.Source.
func (s *Source) Run(ctx context.Context, sink evidence.Sink) error {
	alerts := evidence.NewAlertLog(sink)
	s.mu.Lock()
	s.log, s.gaps = alerts, evidence.NewGapLog(Name, sink)
	s.mu.Unlock()
	server := &http.Server{
		Handler: http.HandlerFunc(s.serve), ErrorLog: log.New(io.Discard, "", 0),
		ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: readTimeout, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(netutil.LimitListener(s.listener, maxConnections)) }()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for ctx.Err() == nil {
		select {
		case err := <-ended:
			return fmt.Errorf("receive alerts: %w", err)
		case at := <-ticker.C:
			s.settle(at)
		case <-ctx.Done():
		}
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if server.Shutdown(closing) != nil { // somebody is still sending
		server.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("receive alerts: %w", err)
	}
	return nil
}

// serve takes one payload. Only JSON is taken: a web page can make a browser send anything else to a loopback address.
func (s *Source) serve(w http.ResponseWriter, req *http.Request) {
	kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	switch {
	case req.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "alerts are taken by POST", http.StatusMethodNotAllowed)
		return
	case s.token != "" && subtle.ConstantTimeCompare([]byte(req.Header.Get("Authorization")), []byte("Bearer "+s.token)) != 1:
		http.Error(w, "a bearer token is needed", http.StatusUnauthorized)
		return
	case err != nil || kind != "application/json":
		http.Error(w, "the content type must be application/json", http.StatusUnsupportedMediaType)
		return
	case !s.admit(time.Now()):
		// An Alertmanager sends again after any 5xx, and after no 4xx: 429 would lose the alert.
		w.Header().Set("Retry-After", "1")
		http.Error(w, fmt.Sprintf("more than %d payloads a second", perSecond), http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		status := http.StatusBadRequest
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "the payload cannot be read", status)
		return
	}
	alerts, err := parse(body)
	if err != nil {
		http.Error(w, evidence.Excerpt(err.Error()), http.StatusBadRequest)
		return
	}
	now := time.Now()
	s.keep(now, body, alerts)
	for _, a := range alerts {
		s.log.Report(now, a)
	}
	w.WriteHeader(http.StatusOK)
}

// alertsPanel is under which name a gap of the alerts stands.
const alertsPanel = "alerts"

// admit reports whether a payload that comes at a time is taken. That one is not is a gap, until none was refused for a while.
func (s *Source) admit(at time.Time) bool {
	if s.pace.AllowN(at, 1) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused, s.last = s.refused+1, at
	s.gaps.Open(alertsPanel, at, &evidence.Problem{Cause: evidence.Flooded, Detail: fmt.Sprintf("at most %d payloads a second, the others are refused", perSecond)})
	return false
}

// settle ends the gap when enough time has gone by.
func (s *Source) settle(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.Sub(s.last) >= calm {
		s.gaps.Close(alertsPanel, at)
	}
}

// keep remembers what came; of payloads the newest.
func (s *Source) keep(at time.Time, body []byte, alerts []evidence.Alert) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.payloads = append(s.payloads, received{at, body})
	s.bytes += len(body)
	for s.bytes > keptBytes {
		s.bytes -= len(s.payloads[0].Payload)
		s.payloads = s.payloads[1:]
		s.cut = true
	}
	for _, a := range alerts {
		key := a.Key() + a.FiredAt.String()
		before, known := s.alerts[key]
		switch {
		case known && before.State == evidence.Resolved:
		case !known && len(s.alerts) >= keptAlerts:
			s.cut = true
		default:
			s.alerts[key] = a
		}
	}
}

// Export implements evidence.Source: the alerts as JSON and CSV, and the payloads as they came, a line each.
func (s *Source) Export(_ context.Context, from, to time.Time, dir string) ([]evidence.File, error) {
	s.mu.Lock()
	var all []evidence.Alert
	for _, a := range s.alerts {
		all = append(all, a)
	}
	payloads, cut, refused := slices.Clone(s.payloads), s.cut, s.refused
	var gaps evidence.Gaps
	if s.gaps != nil {
		gaps = s.gaps.Between(from, to)
	}
	s.mu.Unlock()
	for i := range gaps {
		gaps[i].Detail = fmt.Sprintf("%d payloads of the run were refused", refused)
	}
	if cut {
		gaps = append(gaps, evidence.Gap{Source: Name, Problem: evidence.Problem{Cause: evidence.Dropped}, From: from, Until: to})
	}
	files, err := evidence.ExportAlerts(dir, Name, evidence.During(all, from, to))

	raw := evidence.File{Name: "alert-payloads.jsonl", Title: "What the Alertmanager has sent"}
	rawErr := evidence.WriteFile(dir, raw.Name, func(w io.Writer) error {
		out := json.NewEncoder(w)
		for _, p := range payloads {
			if p.At.Before(from) || p.At.After(to) {
				continue
			}
			raw.Rows++
			if err := out.Encode(p); err != nil {
				return err
			}
		}
		return nil
	})
	if rawErr == nil {
		files = append(files, raw)
	}
	for i := range files {
		files[i].Gaps = gaps
	}
	return files, errors.Join(err, rawErr)
}
