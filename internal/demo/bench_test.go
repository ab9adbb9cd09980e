package demo

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// rawMessage is one signed webchat message as it goes over the wire.
func rawMessage() []byte {
	return fmt.Appendf(nil, "POST /webchat/webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Request-ID: bench\r\n"+
		"X-Webchat-Signature: %s\r\nContent-Length: %d\r\n\r\n%s", sign("dev-web", webchatBody), len(webchatBody), webchatBody)
}

func dialGateway(b *testing.B, p *running) (net.Conn, *bufio.Reader) {
	b.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.gateway(), "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn, bufio.NewReaderSize(conn, 512)
}

func exchange(conn net.Conn, r *bufio.Reader, message []byte) error {
	if _, err := conn.Write(message); err != nil {
		return err
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return fmt.Errorf("answered %d", resp.StatusCode)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// BenchmarkMessage is the whole path of one message, the sender's share
// included: signature, forward, policy, append to Redis through Toxiproxy.
func BenchmarkMessage(b *testing.B) {
	p := startTest(b, Config{Seed: 1})
	message := rawMessage()
	const senders = 64
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range senders {
		conn, r := dialGateway(b, p)
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := exchange(conn, r, message); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkOpenConnection is what a connection costs that was used once and
// waits, as a virtual user that thinks does.
func BenchmarkOpenConnection(b *testing.B) {
	p := startTest(b, Config{Seed: 1})
	message := rawMessage()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range b.N {
		conn, r := dialGateway(b, p)
		if err := exchange(conn, r, message); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/float64(b.N), "bytes/connection")
}

func BenchmarkParseMessage(b *testing.B) {
	c, body := channelOf("webchat"), []byte(webchatBody)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseMessage(c, body); err != nil {
			b.Fatal(err)
		}
	}
}
