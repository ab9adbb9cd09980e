package load

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"syscall"
	"testing"
	"time"

	"xinbot.ir/squall/load/metric"
)

func TestDescriptorsAreKeptBack(t *testing.T) {
	for limit, want := range map[uint64]int{100: 50, 200: 104, 1024: 928, 1 << 63: 1<<31 - 1 - 96} {
		if got := forLoad(limit); got != want {
			t.Errorf("of %d descriptors load has %d, want %d", limit, got, want)
		}
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	conns := newConnections(new(transfer))
	conns.limit = 2
	d, err := newDialer(at, Options{Timeout: time.Second}, conns)
	if err != nil {
		t.Fatal(err)
	}
	open := make([]net.Conn, 2)
	for i := range open {
		if open[i], err = d.dial(at.Host, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.dial(at.Host, 0); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("a third of two: %v", err)
	} else if class, _ := classify(err); class != metric.LocalLimit {
		t.Errorf("a third of two is of class %v", class)
	}
	_ = open[0].Close()
	_ = open[0].Close() // twice is once
	for range 3 {       // a dial that fails gives its descriptor back
		if _, refused := d.dial("127.0.0.1:1", 0); !errors.Is(refused, syscall.ECONNREFUSED) {
			t.Errorf("a closed port: %v", refused)
		}
	}
	if open[0], err = d.dial(at.Host, 0); err != nil {
		t.Errorf("once one is closed: %v", err)
	}
	if err := conns.closeAll(); err != nil || conns.taken != 0 {
		t.Errorf("%d taken, %v", conns.taken, err)
	}
}
