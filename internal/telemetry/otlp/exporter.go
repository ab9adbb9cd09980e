// Package otlp sends what a run says of itself to a receiver of OpenTelemetry's protocol while the run goes on: by HTTP, in
// protobuf, with exponential histograms. A receiver that is slow, wrong or away costs nothing but what it misses.
package otlp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/telemetry"
)

// Bounds of what exporting can cost.
const (
	lastTimeout = 5 * time.Second // of the export at the end of the run
	firstDelay  = time.Second     // between two tries of an export; doubled each time, give or take a half
	mostTold    = 20              // times that exports begin to fail or work again; the end tells how many there were
)

// Config is what an exporter is made of.
type Config struct {
	URL       string      // that requests are sent to, whole
	Headers   http.Header // of each request
	Gzip      bool
	Interval  time.Duration     // between two exports
	Timeout   time.Duration     // of an export, its repetitions included
	Resource  map[string]string // attributes of the resource, over those that squall has itself
	UserAgent string
	Transport http.RoundTripper
	Redact    func(string) string // takes secrets out
}

// Exporter sends the metrics of one run.
type Exporter struct {
	config  Config
	encoder encoder
	client  *client

	notBefore time.Time // no try before that,
	refusal   error     // because of this failure
	told      int
	sums      event.MetricsExported
	failing   bool
	delivered time.Time // when the last export was that arrived, or the run began
	warned    bool
}

// New returns an exporter. Nothing is sent yet.
func New(c Config) *Exporter {
	return &Exporter{
		config: c, encoder: encoder{c.Resource, c.Redact}, client: newClient(c),
		sums: event.MetricsExported{To: c.URL, Every: c.Interval.Seconds()},
	}
}

// Run exports what read gives, at once and then at each interval, until ctx has ended; then once more, for which it takes at
// most five seconds. One export is under way at a time: one that takes longer than the interval stands for those that fell
// due meanwhile. What comes of it is recorded when it changes, and at the end.
func (e *Exporter) Run(ctx context.Context, read func() telemetry.State, record func(data any)) {
	e.delivered = time.Now()
	e.tell(record, event.ExportBegun, "")
	ticker := time.NewTicker(e.config.Interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		e.export(ctx, e.config.Timeout, read(), record)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	state := read()
	state.Status = session.Finished // all that is left to do is to write this down
	reason := e.export(context.WithoutCancel(ctx), min(e.config.Timeout, lastTimeout), state, record)
	e.sums.Behind = 0
	if reason != "" && !e.sums.Partial {
		e.sums.Behind = time.Since(e.delivered).Seconds()
	}
	e.tell(record, event.ExportEnded, reason)
}

// export makes one export and records whether that works. It returns why it did not arrive whole. One that ctx ends says nothing:
// the next has all that it had.
func (e *Exporter) export(ctx context.Context, timeout time.Duration, s telemetry.State, record func(data any)) (reason string) {
	got, err := e.send(ctx, timeout, s)
	if ctx.Err() != nil {
		return ""
	}
	e.sums.Exports++
	e.sums.Partial = got.rejected > 0
	switch {
	case err != nil:
		reason = e.config.Redact(err.Error())
	case got.rejected > 0:
		e.sums.Rejected += got.rejected
		reason = e.config.Redact(fmt.Sprintf("%d data points were rejected: %s", got.rejected, cmp.Or(got.said, "it does not say why")))
	case got.said != "" && !e.warned:
		e.warned = true
		record(event.Warned{Warning: e.config.Redact("The receiver of metrics took them and says: " + got.said)})
	}
	if reason != "" {
		e.sums.Failed++
	}
	if failing := reason != ""; failing != e.failing {
		e.failing = failing
		e.change(record, reason)
	}
	if err == nil {
		e.delivered = time.Now()
	}
	return reason
}

// change tells that exports begin to fail, or work again.
func (e *Exporter) change(record func(data any), reason string) {
	if e.told++; e.told > mostTold {
		return
	}
	state := event.ExportFailing
	e.sums.Behind = 0
	if reason == "" {
		state, e.sums.Behind = event.ExportWorking, time.Since(e.delivered).Seconds()
	}
	e.tell(record, state, reason)
}

func (e *Exporter) tell(record func(data any), state event.ExportState, reason string) {
	told := e.sums
	told.State, told.Reason = state, reason
	record(told)
}

// send tries until a state is taken, refused for good, or the time is over.
func (e *Exporter) send(ctx context.Context, timeout time.Duration, s telemetry.State) (receipt, error) {
	request := e.encoder.request(s, time.Now())
	packed, err := e.client.pack(request)
	if err != nil {
		return receipt{}, fmt.Errorf("encode metrics: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	delays := &backoff.ExponentialBackOff{InitialInterval: firstDelay, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: e.config.Timeout}
	delays.Reset()
	for {
		if end, _ := ctx.Deadline(); !e.notBefore.Before(end) || !sleep(ctx, time.Until(e.notBefore)) {
			return receipt{}, e.refusal
		}
		got, err := e.client.post(ctx, packed)
		again := new(transientError)
		if !errors.As(err, &again) {
			got.rejected = min(got.rejected, points(request))
			return got, err
		}
		delay := delays.NextBackOff()
		if again.after > 0 {
			delay = again.after
		}
		e.notBefore, e.refusal = time.Now().Add(delay), err
	}
}

// sleep waits, and reports whether ctx still goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(0, d))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
