package echo

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Record is what the server has seen since it started. Latencies are in
// milliseconds, from the first byte of a request read to the answer written.
type Record struct {
	Accepted    int64     `json:"accepted"`
	Rejected    int64     `json:"rejected"` // signature did not match
	Connections int64     `json:"connections"`
	PeakConns   int64     `json:"peak_connections"`
	LastMessage time.Time `json:"last_message"` // when its first byte was read
	P50         float64   `json:"p50_ms"`
	P95         float64   `json:"p95_ms"`
	P99         float64   `json:"p99_ms"`
	Max         float64   `json:"max_ms"`
}

// highest is the longest time the ledger can tell, in microseconds; longer
// ones count as this one.
const highest = int64(time.Minute / time.Microsecond)

// ledger gathers a Record.
type ledger struct {
	accepted, rejected atomic.Int64
	conns, peakConns   atomic.Int64
	last               atomic.Int64 // Unix nanoseconds

	mu    sync.Mutex
	times *hdrhistogram.Histogram // microseconds
}

func newLedger() *ledger { return &ledger{times: hdrhistogram.New(1, highest, 3)} }

func (l *ledger) answered(start, end time.Time) {
	l.last.Store(start.UnixNano())
	us := min(max(end.Sub(start).Microseconds(), 1), highest)
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.times.RecordValue(us) // within range by the line above
}

func (l *ledger) record() Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	ms := func(us int64) float64 { return float64(us) / 1e3 }
	return Record{
		Accepted: l.accepted.Load(), Rejected: l.rejected.Load(),
		Connections: l.conns.Load(), PeakConns: l.peakConns.Load(),
		LastMessage: time.Unix(0, l.last.Load()),
		P50:         ms(l.times.ValueAtQuantile(50)),
		P95:         ms(l.times.ValueAtQuantile(95)),
		P99:         ms(l.times.ValueAtQuantile(99)),
		Max:         ms(l.times.Max()),
	}
}

// recordingListener hands out connections that time their answers.
type recordingListener struct {
	net.Listener
	ledger *ledger
}

func (l recordingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	n := l.ledger.conns.Add(1)
	for {
		peak := l.ledger.peakConns.Load()
		if n <= peak || l.ledger.peakConns.CompareAndSwap(peak, n) {
			break
		}
	}
	return &recordingConn{Conn: c, ledger: l.ledger}, nil
}

// recordingConn times from the first read after an answer to the next answer.
// The server reads and writes a connection from one goroutine, an answer fits
// one write, and no generator here pipelines.
type recordingConn struct {
	net.Conn
	ledger *ledger
	start  time.Time
	closed sync.Once
}

func (c *recordingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.start.IsZero() {
		c.start = time.Now()
	}
	return n, err
}

func (c *recordingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if !c.start.IsZero() {
		c.ledger.answered(c.start, time.Now())
		c.start = time.Time{}
	}
	return n, err
}

// leaveOut keeps the answer under way out of the record: it is not to a message.
func (c *recordingConn) leaveOut() { c.start = time.Time{} }

func (c *recordingConn) Close() error {
	c.closed.Do(func() { c.ledger.conns.Add(-1) })
	return c.Conn.Close()
}
