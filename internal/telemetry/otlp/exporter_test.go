package otlp

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/telemetry"
)

// outcome is what came of a run of 35 s: exports at 0, 10, 20 and 30 s, and the last.
type outcome struct {
	events []event.MetricsExported
	tries  []time.Duration // when the receiver was asked, since the start
	ending time.Duration   // that the run waited for the last export
	all    []any
}

// export runs an exporter against a receiver, with a fake clock.
func export(t *testing.T, h http.HandlerFunc, change func(*Config)) (o outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		began, mu := time.Now(), sync.Mutex{}
		transport := listen(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			mu.Lock()
			o.tries = append(o.tries, time.Since(began))
			mu.Unlock()
			h(w, req)
		}))
		c := newExporter(transport).config
		if change != nil {
			change(&c)
		}
		s, j := busy(t), new(journal)
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
		defer cancel()
		New(c).Run(ctx, func() telemetry.State { return s }, j.record)
		o.ending = time.Since(began) - 35*time.Second
		o.events, o.all = j.exports(), j.events
	})
	return o
}

// Whatever is at the address, the run goes on and ends in time, it is told once why nothing arrives, and how much did at the end.
func TestBadReceivers(t *testing.T) {
	const never = time.Hour
	status := func(code int, message string) []byte {
		raw := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(code))
		return protowire.AppendString(protowire.AppendTag(raw, 2, protowire.BytesType), message)
	}
	say := func(code int, kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		reason  string
		fewest  int           // tries in 35 s and at the end
		most    int           //
		between time.Duration // at least, two tries; 0: whatever
	}{
		"a sign-in page": {say(200, "text/html; charset=utf-8", "<html>sign in"), "answered 200 with text/html, which OTLP does not", 5, 5, 0},
		"JSON":           {say(200, "application/json", "{}"), "answered 200 with application/json", 5, 5, 0},
		"garbage":        {say(200, protobuf, "\xff\xff"), "what is no answer of OTLP", 5, 5, 0},
		"no token":       {say(401, "text/plain", "who are you, hunter2?\nmore"), "answered 401 Unauthorized: who are you, (secret)?: check the token", 5, 5, 0},
		"another path":   {say(404, "text/html", "<html>"), "answered 404 Not Found: nothing takes metrics at this path", 5, 5, 0},
		"bad data":       {say(400, protobuf, string(status(3, "metric \x1b[1m is wrong"))), `answered 400 Bad Request: metric \x1b[1m is wrong`, 5, 5, 0},
		"broken status":  {say(400, protobuf, "\x12\x7f"), "answered 400 Bad Request", 5, 5, 0},
		"server error":   {say(500, "text/plain", ""), "answered 500 Internal Server Error", 5, 5, 0},
		"overloaded":     {say(503, "text/plain", ""), "answered 503 Service Unavailable", 9, 25, 500 * time.Millisecond},
		"bad gateway":    {say(502, "text/html", "<html>"), "answered 502 Bad Gateway", 9, 25, 500 * time.Millisecond},
		"huge answer":    {say(200, protobuf, strings.Repeat("x", largestAnswer+1)), "the answer 200 is longer than 64 KiB", 5, 5, 0},
		"huge failure":   {say(400, "text/plain", strings.Repeat("x", 1<<20)), "answered 400 Bad Request: " + strings.Repeat("x", longestSaid) + " …", 5, 5, 0},
		"elsewhere": {func(w http.ResponseWriter, req *http.Request) {
			if req.Host != "collector.example.org" {
				t.Errorf("%s was asked, with %v", req.Host, req.Header)
			}
			http.Redirect(w, req, "http://other.example.org/v1/metrics", http.StatusTemporaryRedirect)
		}, "answered 307 Temporary Redirect: it sends elsewhere, and no redirect is followed", 5, 5, 0},
		"too fast, for 3 s": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "answered 429 Too Many Requests", 12, 14, 3 * time.Second},
		"too fast, for a minute": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "answered 429 Too Many Requests", 1, 1, never},
		"too fast, until a date": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(15*time.Second).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		}, "answered 503 Service Unavailable", 2, 3, 14 * time.Second},
		"it hangs": {func(_ http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body) // else the server does not see that the client has gone
			<-req.Context().Done()
		}, "no answer in time", 4, 5, 0},
		"it hangs up":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "closed", 9, 25, 500 * time.Millisecond},
		"it is no HTTP":  {hijack("\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00"), "the answer is not HTTP", 9, 25, 500 * time.Millisecond},
		"half an answer": {hijack("HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\nx"), "the connection was closed", 9, 25, 500 * time.Millisecond},
		"endless answer": {func(w http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
			for req.Context().Err() == nil {
				_, _ = fmt.Fprint(w, strings.Repeat("x", 1<<12))
				select {
				case <-time.After(time.Second):
				case <-req.Context().Done():
				}
			}
		}, "no answer in time", 4, 5, 0},
		"some points rejected": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, &collector.ExportMetricsServiceResponse{PartialSuccess: &collector.ExportMetricsPartialSuccess{RejectedDataPoints: 3, ErrorMessage: "too old"}})
		}, "3 data points were rejected: too old", 5, 5, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := export(t, c.answer, nil)
			var states []event.ExportState
			for _, e := range o.events {
				states = append(states, e.State)
			}
			if fmt.Sprint(states) != "[begun failing ended]" || len(o.all) != 3 {
				t.Fatalf("it tells %v, of %d events", states, len(o.all))
			}
			end := o.events[2]
			for _, e := range o.events[1:] {
				if !strings.Contains(e.Reason, c.reason) || strings.Contains(e.Reason, "hunter2") {
					t.Errorf("%s because of %q, want %q", e.State, e.Reason, c.reason)
				}
			}
			if end.Exports != end.Failed || end.Exports < 4 || end.Exports > 5 || end.Partial != (end.Rejected > 0) || !end.Partial && end.Behind < 35 {
				t.Errorf("at the end it tells %+v", end)
			}
			if n := len(o.tries); n < c.fewest || n > c.most {
				t.Errorf("%d tries, want %d to %d: %v", n, c.fewest, c.most, o.tries)
			}
			for i := 1; i < len(o.tries)-1; i++ { // the last export is another matter
				if pause := o.tries[i] - o.tries[i-1]; pause < c.between {
					t.Errorf("asked again after %s, want at least %s: %v", pause, c.between, o.tries)
				}
			}
			if o.ending > lastTimeout {
				t.Errorf("the run waited for %s", o.ending)
			}
		})
	}
}

// hijack answers with bytes of one's own and closes the connection.
func hijack(bytes string) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write([]byte(bytes))
		conn.Close()
	}
}

// A receiver that comes back has all sums, and the run tells for how long it was away.
func TestReceiverComesBack(t *testing.T) {
	took := new(receiver)
	began := time.Time{}
	o := export(t, func(w http.ResponseWriter, req *http.Request) {
		if began.IsZero() {
			began = time.Now()
		}
		if since := time.Since(began); since > 5*time.Second && since < 21*time.Second {
			http.Error(w, "", http.StatusInternalServerError) // not tried again
			return
		}
		took.ServeHTTP(w, req)
	}, nil)
	want := []event.MetricsExported{
		{State: event.ExportBegun},
		{State: event.ExportFailing, Exports: 2, Failed: 1, Reason: "it was answered 500 Internal Server Error"},
		{State: event.ExportWorking, Exports: 4, Failed: 2, Behind: 30},
		{State: event.ExportEnded, Exports: 5, Failed: 2},
	}
	if len(o.events) != len(want) {
		t.Fatalf("it tells %+v", o.events)
	}
	for i, e := range o.events {
		want[i].To, want[i].Every = "http://collector.example.org/v1/metrics", 10
		if e != want[i] {
			t.Errorf("it tells %+v, want %+v", e, want[i])
		}
	}
	if len(took.taken) != 3 || o.ending != 0 {
		t.Errorf("%d were taken, and the run waited for %s", len(took.taken), o.ending)
	}
}

// A receiver that is there now and then does not fill the timeline.
func TestFlappingReceiverIsToldOfWithinBounds(t *testing.T) {
	n := 0
	o := export(t, func(w http.ResponseWriter, _ *http.Request) {
		if n++; n%2 == 0 {
			http.Error(w, "", http.StatusInternalServerError)
		}
	}, func(c *Config) { c.Interval = 900 * time.Millisecond })
	if len(o.events) != mostTold+2 {
		t.Errorf("%d events", len(o.events))
	}
	if end := o.events[len(o.events)-1]; end.Exports != 40 || end.Failed != 20 {
		t.Errorf("at the end it tells %+v", end)
	}
}

// A receiver that takes everything and says something is quoted once, and nothing has failed.
func TestWarningOfAReceiver(t *testing.T) {
	o := export(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, &collector.ExportMetricsServiceResponse{PartialSuccess: &collector.ExportMetricsPartialSuccess{ErrorMessage: "you are on the old plan, hunter2"}})
	}, nil)
	end := o.events[len(o.events)-1]
	if len(o.all) != 3 || end.Failed != 0 || end.Reason != "" {
		t.Errorf("it tells %+v", o.all)
	}
	if w, ok := o.all[1].(event.Warned); !ok || !strings.Contains(w.Warning, "you are on the old plan, (secret)") {
		t.Errorf("it tells %+v", o.all[1])
	}
}

// A receiver that hangs when the run ends is given up soon, and one that no name leads to fails like any other.
func TestDeadReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, j, began := busy(t), new(journal), time.Now()
		e := newExporter(&http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Name: "collector.example.org", IsNotFound: true, Err: "no such host"}
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		e.Run(ctx, func() telemetry.State { return s }, j.record)
		if took := time.Since(began) - 25*time.Second; took > lastTimeout {
			t.Errorf("the run waited for %s", took)
		}
		all := j.exports()
		if len(all) != 3 || all[2].Failed != all[2].Exports || !strings.Contains(all[2].Reason, "collector.example.org") {
			t.Errorf("it tells %+v", all)
		}
	})
}
