package load

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/load/metric"
)

func TestKeepAliveOffOpensAConnectionPerRequest(t *testing.T) {
	server := newWireServer(t, nil)
	o := testOptions(server.url())
	o.KeepAlive = false
	g := newTestGateway(t, o)
	for range 5 {
		if out := sendOne(g, Webchat); out.Class != metric.OK {
			t.Fatalf("%+v", out)
		}
	}
	if got := server.connections(); got != 5 {
		t.Errorf("%d connections for 5 requests", got)
	}
	if got, _ := server.all()[0].header("Connection"); got != "close" {
		t.Errorf("Connection: %q", got)
	}
	if got := g.conns.count(); got != 0 {
		t.Errorf("%d connections are left open", got)
	}
}

func TestMaxConnsIsRespected(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	server := newWireServer(t, func(r wireRequest, conn net.Conn) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
		accept(r, conn)
	})
	o := testOptions(server.url())
	o.MaxConns = 3
	g := newTestGateway(t, o)
	var all sync.WaitGroup
	for range 24 {
		all.Go(func() {
			if out := sendOne(g, Channel(NumChannels-1)); out.Class != metric.OK {
				t.Errorf("%+v", out)
			}
		})
	}
	all.Wait()
	if got := server.connections(); got > 3 || most > 3 {
		t.Errorf("%d connections, %d requests at once, want at most 3", got, most)
	}
	if got := g.conns.count(); got > 3 || got == 0 {
		t.Errorf("counts %d open connections", got)
	}
}

// Recycling: what is under way ends well on its connection, which is closed then; what comes after
// has a new one.
func TestRecycleOpensNewConnectionsAndClosesTheOld(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := true
	server := newWireServer(t, func(r wireRequest, conn net.Conn) {
		if slow {
			slow = false
			close(arrived)
			<-release
		}
		accept(r, conn)
	})
	g := newTestGateway(t, testOptions(server.url()))
	first := make(chan metric.Outcome)
	go func() { first <- sendOne(g, Webchat) }()
	<-arrived
	for range 3 {
		if err := g.recycle(); err != nil {
			t.Fatal(err)
		}
		if out := sendOne(g, Telegram); out.Class != metric.OK {
			t.Fatalf("%+v", out)
		}
	}
	close(release)
	if out := <-first; out.Class != metric.OK {
		t.Errorf("the request under way ended as %s (%s)", out.Class, out.Detail)
	}
	if got := server.connections(); got != 4 {
		t.Errorf("%d connections, want one before and one after each recycling", got)
	}
	g.sweep(time.Now())
	if got := g.conns.count(); got != 1 {
		t.Errorf("%d connections are open, want the newest only", got)
	}
	g.sweep(time.Now().Add(time.Hour))
	if got := len(g.retired); got != 0 {
		t.Errorf("%d recycled pools are still kept", got)
	}
}

// A gateway may close connections that lie idle. That is no failure: the next message takes
// another connection, and is sent once.
func TestIdleConnectionClosedByTheGatewayIsNoReset(t *testing.T) {
	server := newWireServer(t, nil)
	g := newTestGateway(t, testOptions(server.url()))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { sendOne(g, Webchat) })
	}
	all.Wait()
	before := len(server.all())
	server.mu.Lock()
	for _, conn := range server.conns {
		_ = conn.Close()
	}
	server.mu.Unlock()
	endsArrive(t, g)
	if out := sendOne(g, Webchat); out.Class != metric.OK {
		t.Errorf("class %s (%s), want ok on a new connection", out.Class, out.Detail)
	}
	if got := len(server.all()) - before; got != 1 {
		t.Errorf("the message was sent %d times", got)
	}
	if got := g.conns.count(); got != 1 {
		t.Errorf("%d connections are open, want 1", got)
	}
	// One that is alive is used again, at the latest when it is seen that the gateway leaves it open.
	if aside := g.hosts.Load()[Webchat].closing.aside.Load(); aside != nil {
		aside.since = time.Now().Add(-restsFor)
		sendOne(g, Webchat)
	}
	connections := server.connections()
	if out := sendOne(g, Webchat); out.Class != metric.OK || server.connections() != connections {
		t.Errorf("class %s, %d new connections", out.Class, server.connections()-connections)
	}
}

// endsArrive waits until something lies on every connection that no request asked for: its end, or an answer.
func endsArrive(t *testing.T, g *gateway) {
	t.Helper()
	g.conns.mu.Lock()
	defer g.conns.mu.Unlock()
	for conn := range g.conns.open {
		if !eventually(conn.closedByPeer) {
			t.Error("the end of the connection did not arrive")
		}
	}
}

// A gateway that closes after each answer and does not say so is slow, not broken, however soon the next message.
func TestConnectionClosedAfterEachAnswerIsNoReset(t *testing.T) {
	for name, end := range map[string]func(net.Conn){
		"closed": func(conn net.Conn) { _ = conn.Close() },
		"reset": func(conn net.Conn) {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			over := make(chan struct{}, 1) // the answer was read, so that a reset does not overtake it
			server := newWireServer(t, func(r wireRequest, conn net.Conn) {
				accept(r, conn)
				<-over
				end(conn)
			})
			t.Cleanup(func() { close(over) })
			g := newTestGateway(t, testOptions(server.url()))
			for range 50 {
				if out := sendOne(g, Webchat); out.Class != metric.OK {
					t.Fatalf("class %s (%s), want ok", out.Class, out.Detail)
				}
				over <- struct{}{}
				endsArrive(t, g)
			}
			if got := server.connections(); got != 50 {
				t.Errorf("%d connections for 50 messages", got)
			}
		})
	}
}

// Looking at a connection before each message costs no memory.
func TestLookingAtAConnectionAllocatesNothing(t *testing.T) {
	server := newWireServer(t, nil)
	g := newTestGateway(t, testOptions(server.url()))
	sendOne(g, Webchat)
	for conn := range g.conns.open {
		if n := testing.AllocsPerRun(100, func() {
			if conn.closedByPeer() {
				t.Error("an open connection is taken for a closed one")
			}
		}); n != 0 {
			t.Errorf("%.0f allocations", n)
		}
	}
}

// eventually waits for what another party on this machine does, for a bounded time.
func eventually(done func() bool) bool {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if done() {
			return true
		}
	}
	return done()
}

// An answer that nobody asked for makes a connection useless, too. It is sent once the client has read
// the answer to its request, and must have arrived before the next one is sent: what is still on its
// way nobody can notice.
func TestUnaskedAnswerIsNotTakenForTheNext(t *testing.T) {
	answered := make(chan struct{})
	server := newWireServer(t, func(r wireRequest, conn net.Conn) {
		accept(r, conn)
		<-answered
		_, _ = io.WriteString(conn, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	t.Cleanup(func() { close(answered) }) // before the server waits for its handlers
	g := newTestGateway(t, testOptions(server.url()))
	for range 3 {
		if out := sendOne(g, Webchat); out.Class != metric.OK {
			t.Fatalf("%+v", out)
		}
		answered <- struct{}{}
		endsArrive(t, g)
	}
}
