package load

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xinbot.ir/squall/load/metric"
)

// pipeGateway is a gateway behind in-memory pipes, for tests in a bubble of fake time, where a
// goroutine that waits for a real socket would stop the clock.
type pipeGateway struct {
	answer func(n int) time.Duration // how long request n (from 0) takes; nil: no time

	mu   sync.Mutex
	seen []arrival
}

// arrival is a request as the gateway saw it.
type arrival struct {
	at   time.Time
	path string
	body string
}

func (p *pipeGateway) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		in := bufio.NewReader(theirs)
		for {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return
			}
			p.mu.Lock()
			n := len(p.seen)
			p.seen = append(p.seen, arrival{time.Now(), req.URL.Path, string(body)})
			p.mu.Unlock()
			if p.answer != nil {
				time.Sleep(p.answer(n))
			}
			if _, err := io.WriteString(theirs, "HTTP/1.1 202 Accepted\r\nContent-Length: 21\r\n\r\n{\"status\":\"accepted\"}"); err != nil {
				return
			}
		}
	}()
	return ours, nil
}

func (p *pipeGateway) all() []arrival {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]arrival(nil), p.seen...)
}

func (p *pipeGateway) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.seen)
}

// between is how many requests came in a stretch of time.
func (p *pipeGateway) between(from, to time.Time) (n int) {
	for _, a := range p.all() {
		if !a.at.Before(from) && a.at.Before(to) {
			n++
		}
	}
	return n
}

// message reads the sender and the brand of a body.
func (a arrival) message(tb testing.TB) (sender, brand string) {
	tb.Helper()
	var m struct {
		Sender string `json:"sender_id"`
		Brand  string `json:"brand_id"`
	}
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		tb.Fatal(err)
	}
	return m.Sender, m.Brand
}

// engine is a generator that sends into a pipeGateway.
type engine struct {
	*Generator
	*pipeGateway
	tb testing.TB
}

// inBubble runs a test of the whole engine in fake time.
func inBubble(t *testing.T, gateway *pipeGateway, o Options, test func(e *engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		g.gateway.conns.dial = gateway.dial
		e := &engine{g, gateway, t}
		defer func() {
			e.stop()
			time.Sleep(2 * time.Hour) // lets the gateway's last answers and the client's cleaner end
		}()
		test(e)
	})
}

func pipeOptions() Options {
	return testOptions(&url.URL{Scheme: "http", Host: "gateway.test", Path: "/webchat/webhook"})
}

func (e *engine) begin(s Settings) {
	e.tb.Helper()
	if s.SpikeFactor == 0 {
		s.SpikeFactor = 5
	}
	if err := e.Start(s); err != nil {
		e.tb.Fatal(err)
	}
}

// elapse lets d pass, and then everything that happens at that instant: a test that only sleeps
// looks while goroutines with the same due time are at work.
func elapse(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// change applies an edit of the present settings and waits until it has taken hold.
func (e *engine) change(edit func(*Settings)) {
	e.tb.Helper()
	s := e.plan.Load().settings
	edit(&s)
	if err := e.Apply(s); err != nil {
		e.tb.Fatal(err)
	}
	synctest.Wait()
}

func (e *engine) stop() {
	e.tb.Helper()
	if err := e.Stop(e.tb.Context()); err != nil {
		e.tb.Error(err)
	}
}

// recorded is every request that the generator counted, in whatever way.
func (e *engine) recorded() (n uint64) {
	s := e.Snapshot()
	for _, t := range s.Totals {
		n += t.Latency.Requests
	}
	for _, line := range s.Errors {
		if !line.Class.Failed() {
			n += line.Count
		}
	}
	return n
}

// classes counts errors by class.
type classes [metric.NumErrorClasses]uint64

func byClass(s Snapshot) (sum classes) {
	for _, line := range s.Errors {
		sum[line.Class] += line.Count
	}
	return sum
}

func TestSlowObserverHoldsNoTraffic(t *testing.T) {
	o := pipeOptions()
	o.Observe = func(metric.Observation) { time.Sleep(10 * time.Second) } // a disk that hangs
	inBubble(t, &pipeGateway{}, o, func(e *engine) {
		e.begin(Settings{Rate: 50})
		time.Sleep(30 * time.Second)
		if got := e.count(); got < 1500 {
			t.Errorf("%d requests in 30 s, want 1500", got)
		}
		if got := e.Snapshot().Missed; got != 0 {
			t.Errorf("%d missed", got)
		}
		e.stop()
		if got := e.recorded(); got != uint64(e.count()) {
			t.Errorf("recorded %d of %d", got, e.count())
		}
	})
}

// Windows close with the seconds of the wall clock, so that those of several generators can be merged.
func TestWindowsAreSecondsOfTheWallClock(t *testing.T) {
	for begin, first := range map[time.Duration]time.Duration{
		0:                      time.Second,
		430 * time.Millisecond: 570 * time.Millisecond,
		749 * time.Millisecond: 251 * time.Millisecond,
		750 * time.Millisecond: 1250 * time.Millisecond, // a quarter of a second alone would be too short
		999 * time.Millisecond: 1001 * time.Millisecond,
	} {
		inBubble(t, &pipeGateway{}, pipeOptions(), func(e *engine) {
			elapse(begin)
			e.begin(Settings{VUs: 1, Think: Think{time.Second, time.Second}})
			elapse(5 * time.Second)
			windows := e.Snapshot().Windows
			e.stop()
			if len(windows) < 4 || windows[0].Length != first {
				t.Fatalf("begun at %s: %d windows, the first %s long, want %s", begin, len(windows), windows[0].Length, first)
			}
			for _, w := range windows[1:] {
				if w.Length != time.Second || !w.Start.Equal(w.Start.Truncate(time.Second)) {
					t.Errorf("begun at %s: a window of %s at %s", begin, w.Length, w.Start)
				}
			}
		})
	}
}

// Two generators of one run, with the same run id and seed, share no sender and no event id.
func TestPartsOfARunShareNothing(t *testing.T) {
	senders, events := map[string]int{}, map[string]int{}
	for part := range 3 {
		o := pipeOptions()
		o.Part = part
		gateway := &pipeGateway{}
		inBubble(t, gateway, o, func(e *engine) {
			e.begin(Settings{VUs: 20, Think: Think{100 * time.Millisecond, 200 * time.Millisecond}})
			elapse(2 * time.Second)
			e.change(func(s *Settings) { s.Rate = 200 })
			elapse(2 * time.Second)
			e.stop()
		})
		mine := map[string]bool{}
		for _, request := range gateway.seen {
			var message struct {
				Event  string `json:"event_id"`
				Sender string `json:"sender_id"`
			}
			if err := json.Unmarshal([]byte(request.body), &message); err != nil {
				t.Fatal(err)
			}
			events[message.Event]++
			mine[message.Sender] = true
		}
		if len(mine) < 20 {
			t.Fatalf("part %d has %d senders", part, len(mine))
		}
		for sender := range mine {
			senders[sender]++
		}
	}
	for what, seen := range map[string]map[string]int{"sender": senders, "event": events} {
		for id, n := range seen {
			if n > 1 {
				t.Fatalf("%s %s was used %d times", what, id, n)
			}
		}
	}
	o := pipeOptions()
	o.Part = MaxParts
	if _, err := New(o); err == nil {
		t.Error("a part that is out of bounds is accepted")
	}
}
