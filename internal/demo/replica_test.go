package demo

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// keptOpen is a client that sends everything over one connection, as long as that lives.
type keptOpen struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func dial(t *testing.T, address string) *keptOpen {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &keptOpen{t, conn, bufio.NewReader(conn)}
}

// ask sends a request without a body and returns the answer, or why there is none.
func (k *keptOpen) ask() (*http.Response, error) {
	k.t.Helper()
	if _, err := io.WriteString(k.conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(k.r, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp, err
}

func (k *keptOpen) answers() bool {
	k.t.Helper()
	_, err := k.ask()
	return err == nil
}

// refusal connects, waits for an answer without asking for one, and returns the error of either. (Whoever asked would be reset
// by any close.)
func refusal(t *testing.T, address string) error {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute)) // only so that a mistake cannot hang
	_, err = conn.Read(make([]byte, 1))
	return err
}

// held counts the connections of a replica.
func held(r *replica) int {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return len(r.server.conns)
}

func undisturbed(b *behaviour) { b.probeEvery = time.Hour }

func TestConnectionsGoToTheReplicasInTurn(t *testing.T) {
	p := startTest(t, Config{Replicas: 3}, undisturbed)
	replicas := p.Platform.gateway.replicas
	for i := range 7 {
		c := dial(t, p.gateway())
		for range 3 { // over the same connection: it stays where it is
			if !c.answers() {
				t.Fatalf("connection %d got no answer", i)
			}
		}
	}
	for i, want := range []int{3, 2, 2} {
		if got := held(replicas[i]); got != want {
			t.Errorf("%s has %d connections, want %d", replicas[i].name, got, want)
		}
	}
}

func TestReplicasCanBeReachedOneByOne(t *testing.T) {
	p := startTest(t, Config{}, undisturbed)
	all := p.Replicas()
	if len(all) != 2 {
		t.Fatalf("%d replicas by default", len(all))
	}
	before := time.Now()
	for i, r := range all {
		if want := []string{"gateway-1", "gateway-2"}[i]; r.Name != want || !r.Ready || r.Started.After(before) || time.Since(r.Started) > time.Hour {
			t.Errorf("%+v, want %s ready and started a moment ago", r, want)
		}
		body := map[string]string{"X-Webchat-Signature": sign("dev-web", webchatBody)}
		if got := p.call("POST", "http://"+r.Address+"/webchat/webhook", body, webchatBody); got.status != http.StatusAccepted {
			t.Errorf("%s answered %d", r.Name, got.status)
		}
	}
	// Whoever is asked shows the metrics of the whole gateway.
	const series = `http_requests_total{method="POST",route="/webchat/webhook",service="channel_gateway",status_code="202"}`
	if got := metricValue(t, p.metrics("http://"+all[0].Address), series); got != 2 {
		t.Errorf("gateway-1 shows %v messages, want those of both replicas", got)
	}
}

func TestAReplicaThatLeavesGivesUpItsConnections(t *testing.T) {
	p := startTest(t, Config{}, undisturbed)
	first, second := p.Platform.gateway.replicas[0], p.Platform.gateway.replicas[1]
	address, started := first.state().Address, first.state().Started
	onFirst, onSecond := dial(t, p.gateway()), dial(t, p.gateway())
	if !onFirst.answers() || !onSecond.answers() {
		t.Fatal("no answer")
	}
	first.leave()
	if err := first.drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if onFirst.answers() {
		t.Error("a pinned connection outlived its replica")
	}
	if !onSecond.answers() {
		t.Error("the other replica's connection was closed")
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("the replica that left still listens")
	}
	for range 4 {
		if !dial(t, p.gateway()).answers() {
			t.Error("a new connection was not given to the ready replica")
		}
	}
	if first.state().Ready || held(second) != 5 {
		t.Errorf("the replica that left is ready: %v; the other has %d connections, want 5", first.state().Ready, held(second))
	}

	second.leave()
	if err := second.drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := refusal(t, p.gateway()); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("with no replica ready: %v, want a reset", err)
	}

	if err := first.start(); err != nil {
		t.Fatal(err)
	}
	if s := first.state(); !s.Ready || s.Address != address || !s.Started.After(started) {
		t.Errorf("came back as %+v; left as %s, started %s", s, address, started)
	}
	if !dial(t, p.gateway()).answers() || !dial(t, address).answers() {
		t.Error("no answer from the replica that came back")
	}
}

func TestAReplicaComesBackElsewhereIfItsAddressIsTaken(t *testing.T) {
	p := startTest(t, Config{Replicas: 1}, undisturbed)
	r := p.Platform.gateway.replicas[0]
	old := r.state().Address
	r.leave()
	if err := r.drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", old)
	if err != nil {
		t.Skip("somebody else was faster")
	}
	defer taken.Close()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	if now := r.state().Address; now == old || !dial(t, now).answers() {
		t.Errorf("came back at %s, left %s", now, old)
	}
}

// The answer of a message in flight says that the connection ends with it.
func TestAMessageInFlightIsAnsweredByAReplicaThatLeaves(t *testing.T) {
	p := startTest(t, Config{Capacity: 1, Replicas: 1}, undisturbed, func(b *behaviour) { b.queueWait = time.Minute })
	r, slots := p.Platform.gateway.replicas[0], p.Platform.gateway.slots
	if err := slots.acquire(); err != nil {
		t.Fatal(err)
	}
	c := dial(t, p.gateway())
	if _, err := c.conn.Write(rawMessage()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the message", func() bool { return slots.waiting.Load() == 1 })
	r.leave()
	drained := make(chan error)
	go func() { drained <- r.drain(t.Context()) }()
	slots.release()
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted || !resp.Close {
		t.Errorf("answered %s, closing %v; want 202 and the end of the connection", resp.Status, resp.Close)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if held(r) != 0 {
		t.Error("drained with connections left")
	}
}

func TestAClosedReplicaStaysAway(t *testing.T) {
	p := startTest(t, Config{Replicas: 1}, undisturbed)
	r := p.Platform.gateway.replicas[0]
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.start(); !errors.Is(err, errReplicaClosed) || r.state().Ready {
		t.Errorf("started after the end: %v", err)
	}
}
