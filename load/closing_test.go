package load

import (
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"xinbot.ir/squall/load/metric"
)

// A gateway that closes each connection after its answer, and does not say so, resets next to nothing: after a few
// closed ones connections are used once. When it keeps them open again, so do we.
func TestGatewayThatClosesItsConnections(t *testing.T) {
	var mu sync.Mutex
	closes := true
	server := newWireServer(t, func(r wireRequest, conn net.Conn) {
		accept(r, conn)
		mu.Lock()
		defer mu.Unlock()
		if closes {
			_ = conn.Close()
		}
	})
	g := newTestGateway(t, testOptions(server.url()))
	client := g.hosts.Load()[Webchat]
	failed := 0
	const n = 300
	for range n {
		if out := sendOne(g, Webchat); out.Class != metric.OK {
			failed++
		}
	}
	if failed > closesNoticed {
		t.Errorf("%d of %d messages were reset, want at most %d", failed, n, closesNoticed)
	}
	if !client.closing.noticed() {
		t.Error("connections are still kept")
	}
	// Whatever is set aside is closed by the gateway, and no message is lost with it.
	for range 20 {
		client.closing.next.Store(0) // it is time to see
		if out := sendOne(g, Webchat); out.Class != metric.OK {
			t.Fatalf("outcome %+v", out)
		}
		aside := client.closing.aside.Load()
		if aside == nil {
			t.Fatal("no connection was set aside")
		}
		for !aside.closed() {
			runtime.Gosched()
		}
		aside.since = time.Now().Add(-restsFor) // it has rested
	}
	mu.Lock()
	closes = false
	mu.Unlock()
	client.closing.next.Store(0)
	for range 3 {
		if aside := client.closing.aside.Load(); aside != nil {
			aside.since = time.Now().Add(-restsFor)
		}
		if out := sendOne(g, Webchat); out.Class != metric.OK {
			t.Fatalf("outcome %+v", out)
		}
	}
	before := server.connections()
	for range 20 {
		if out := sendOne(g, Webchat); out.Class != metric.OK {
			t.Fatalf("outcome %+v", out)
		}
	}
	if opened := server.connections() - before; opened != 0 {
		t.Errorf("%d connections were opened to a gateway that keeps them", opened)
	}
}
