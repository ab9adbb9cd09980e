package load

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"xinbot.ir/squall/load/metric"
)

// slowly answers after a while, in two halves.
func slowly(before, between time.Duration) func(wireRequest, net.Conn) {
	return func(_ wireRequest, conn net.Conn) {
		time.Sleep(before)
		first, second := acceptedAnswer[:len(acceptedAnswer)-5], acceptedAnswer[len(acceptedAnswer)-5:]
		_, _ = io.WriteString(conn, first)
		time.Sleep(between)
		_, _ = io.WriteString(conn, second)
	}
}

// The parts of a request add up to its length, each has the time that was spent in it, and only the request that
// opened a connection has the time of opening it.
func TestPartsOfARequest(t *testing.T) {
	const before, between = 40 * time.Millisecond, 300 * time.Millisecond
	authority := newAuthority(t)
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("TLS ", secure), func(t *testing.T) {
			server := newWireServer(t, slowly(before, between))
			o := testOptions(server.url())
			if secure {
				server = newTLSServer(t, &tls.Config{Certificates: []tls.Certificate{authority.issue(t, "127.0.0.1")}})
				server.answer = slowly(before, between)
				o = testOptions(server.secureURL())
				o.TLS = &tls.Config{RootCAs: authority.pool()}
			}
			g := newTestGateway(t, o)
			for i := range 3 {
				out := sendOne(g, Webchat)
				if out.Class != metric.OK || !out.Parted {
					t.Fatalf("outcome %+v", out)
				}
				p := out.Parts
				sum := p[metric.Blocked] + p[metric.Sending] + p[metric.Waiting] + p[metric.Receiving]
				if sum != out.Done.Sub(out.Sent) {
					t.Errorf("the parts are %v, the request %v", sum, out.Done.Sub(out.Sent))
				}
				// The server may have the request before the write of it has returned here, and its first bytes may
				// be read here late: what surely holds are the sums with the part before.
				if sent := p[metric.Sending]; sent <= 0 || sent+p[metric.Waiting] < before || p[metric.Waiting] > before+between {
					t.Errorf("sending %v, waiting %v, want a little more than %v", sent, p[metric.Waiting], before)
				}
				if p[metric.Receiving] <= 0 || p[metric.Sending]+p[metric.Waiting]+p[metric.Receiving] < before+between {
					t.Errorf("sending %v, waiting %v, receiving %v, want about %v", p[metric.Sending], p[metric.Waiting], p[metric.Receiving], between)
				}
				opened := p[metric.Connecting] + p[metric.Handshaking]
				if first := i == 0; (p[metric.Connecting] > 0) != first || (p[metric.Handshaking] > 0) != (first && secure) || opened > p[metric.Blocked] {
					t.Errorf("request %d: connecting %v, TLS %v, blocked %v", i, p[metric.Connecting], p[metric.Handshaking], p[metric.Blocked])
				}
			}
		})
	}
}

// What goes over the connections is counted, byte for byte.
func TestBytesAreCounted(t *testing.T) {
	server := newWireServer(t, nil)
	g := newTestGateway(t, testOptions(server.url()))
	const n = 10
	for range n {
		if out := sendOne(g, Webchat); out.Class != metric.OK {
			t.Fatalf("outcome %+v", out)
		}
	}
	var sent uint64
	for _, r := range server.all() {
		sent += uint64(len(r.line) + len("\r\n") + len(strings.Join(r.headers, "\r\n")) + len("\r\n\r\n") + len(r.body))
	}
	counted := g.conns.transfer
	if got := counted.sent.Load(); got != sent {
		t.Errorf("%d bytes sent, the server got %d", got, sent)
	}
	if got := counted.received.Load(); got != n*uint64(len(acceptedAnswer)) {
		t.Errorf("%d bytes received, the server sent %d", got, n*len(acceptedAnswer))
	}
}

// An answer that is no HTTP is told in our own words, which hold nothing of it.
func TestMalformedAnswers(t *testing.T) {
	for _, answer := range []string{"hush\r\n\r\n", "HTTP/1.1 abc hush\r\n\r\n", "HTTP/1.1 202 OK\r\nhush\r\n\r\n", "HTTP/1.1 202 OK\r\nContent-Length: hush\r\n\r\n"} {
		server := newWireServer(t, func(_ wireRequest, conn net.Conn) {
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		})
		out := sendOne(newTestGateway(t, testOptions(server.url())), Webchat)
		if out.Class == metric.OK || strings.Contains(out.Detail, "hush") || strings.Contains(out.Detail, "contents") {
			t.Errorf("%q: class %v (%s)", answer, out.Class, out.Detail)
		}
	}
}

// An iteration of the closed model is a message and its think time, one of the open model is a message.
func TestIterations(t *testing.T) {
	const answer = 200 * time.Millisecond
	for _, c := range []struct {
		name     string
		settings Settings
		want     time.Duration
	}{
		{"closed", Settings{VUs: 5, Think: Think{time.Second, time.Second}}, time.Second + answer},
		{"open", Settings{Rate: 10}, answer},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := pipeOptions()
			var took []time.Duration
			o.Observe = func(obs metric.Observation) {
				if h := obs.Trends[metric.Iteration]; h != nil && h.TotalCount() > 0 {
					took = append(took, time.Duration(h.Min())*time.Microsecond, time.Duration(h.Max())*time.Microsecond)
				}
			}
			inBubble(t, &pipeGateway{answer: func(int) time.Duration { return answer }}, o, func(e *engine) {
				e.begin(c.settings)
				elapse(20 * time.Second)
			})
			if len(took) < 20 {
				t.Fatalf("%d seconds have iterations", len(took)/2)
			}
			for _, d := range took {
				if d < c.want*99/100 || d > c.want*101/100 {
					t.Fatalf("an iteration of %v, want %v", d, c.want)
				}
			}
		})
	}
}

// The parts of a call of the admin API are measured as those of a message.
func TestPartsOfACall(t *testing.T) {
	var trace callTrace
	sent := time.Now()
	if _, ok := trace.parts(sent, sent); ok {
		t.Error("parts of a call that reported none")
	}
	at := func(ms int) time.Time { return sent.Add(time.Duration(ms) * time.Millisecond) }
	trace.got, trace.wrote, trace.answered, trace.connecting = at(5), at(7), at(27), 3*time.Millisecond
	p, ok := trace.parts(sent, at(30))
	want := metric.Parts{metric.Blocked: 5e6, metric.Connecting: 3e6, metric.Sending: 2e6, metric.Waiting: 20e6, metric.Receiving: 3e6}
	if !ok || p != want {
		t.Errorf("parts %v, want %v", p, want)
	}
	trace.wrote = at(29) // the answer came first
	if p, _ := trace.parts(sent, at(30)); p[metric.Waiting] != 0 || p[metric.Sending] != 22*time.Millisecond {
		t.Errorf("parts %v of an early answer", p)
	}
}
