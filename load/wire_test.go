package load

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinbot.ir/squall/load/metric"
)

// wireServer answers on a real socket and keeps what came over it, byte by byte.
type wireServer struct {
	listener net.Listener
	answer   func(w wireRequest, conn net.Conn) // nil: accept

	mu       sync.Mutex
	requests []wireRequest
	conns    []net.Conn
	closed   bool
	work     sync.WaitGroup
}

// wireRequest is one request as it was on the wire.
type wireRequest struct {
	line    string
	headers []string // "Name: value", as sent
	body    []byte
	conn    int // which connection it came over
}

// header is the value of a header by its exact name, and whether it came exactly once.
func (r wireRequest) header(name string) (value string, once bool) {
	for _, h := range r.headers {
		if v, found := strings.CutPrefix(h, name+": "); found {
			if once {
				return value, false
			}
			value, once = v, true
		}
	}
	return value, once
}

const acceptedAnswer = "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"status\":\"accepted\"}"

func accept(_ wireRequest, conn net.Conn) { _, _ = io.WriteString(conn, acceptedAnswer) }

func newWireServer(tb testing.TB, answer func(wireRequest, net.Conn)) *wireServer {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return serveWire(tb, listener, answer)
}

func serveWire(tb testing.TB, listener net.Listener, answer func(wireRequest, net.Conn)) *wireServer {
	tb.Helper()
	s := &wireServer{listener: listener, answer: answer}
	s.work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			number := len(s.conns)
			s.conns = append(s.conns, conn)
			if s.closed {
				_ = conn.Close()
			}
			s.mu.Unlock()
			s.work.Go(func() {
				defer conn.Close()
				s.serve(conn, number)
			})
		}
	})
	tb.Cleanup(s.close)
	return s
}

func (s *wireServer) close() {
	s.mu.Lock()
	s.closed = true
	_ = s.listener.Close()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

func (s *wireServer) serve(conn net.Conn, number int) {
	in := bufio.NewReader(conn)
	for {
		r := wireRequest{conn: number}
		length := 0
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			line = strings.TrimSuffix(line, "\r\n")
			if line == "" {
				break
			}
			if r.line == "" {
				r.line = line
				continue
			}
			r.headers = append(r.headers, line)
			if v, found := strings.CutPrefix(line, "Content-Length: "); found {
				length, _ = strconv.Atoi(v)
			}
		}
		r.body = make([]byte, length)
		if _, err := io.ReadFull(in, r.body); err != nil {
			return
		}
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		if s.answer == nil {
			accept(r, conn)
		} else {
			s.answer(r, conn)
		}
	}
}

func (s *wireServer) url() *url.URL {
	return &url.URL{Scheme: "http", Host: s.listener.Addr().String(), Path: "/webchat/webhook"}
}

func (s *wireServer) all() []wireRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

func (s *wireServer) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// newTestGateway is a gateway for a test that sends message by message.
func newTestGateway(tb testing.TB, o Options) *gateway {
	tb.Helper()
	g, err := newGateway(o, new(transfer))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.abort(); err != nil {
			tb.Error(err)
		}
	})
	return g
}

// sendOne sends one message and returns what became of it.
func sendOne(g *gateway, c Channel) metric.Outcome {
	var o metric.Outcome
	from := newSender(&g.options, 7, uint64(time.Now().UnixNano()))
	from.channel = c
	g.send(&o, &from)
	return o
}

func TestEveryChannelOnTheWire(t *testing.T) {
	server := newWireServer(t, nil)
	o := testOptions(server.url())
	for c, secret := range []string{"dev-web", "dev-instagram", "dev-telegram", "dev-whatsapp", "of nobody: automation is signed as webchat"} {
		if err := o.Keys.Set(Channel(c), Key{Current: secret}); err != nil {
			t.Fatal(err)
		}
	}
	o.Workload.Message.Headers = map[string]string{"X-Load-Test": "squall", "x-lower-Case": "1"}
	g := newTestGateway(t, o)
	tenant := o.Workload.Tenants[0]

	// From section 2 of the contract, not from the table under test.
	want := []struct {
		path, header, text, time, metadata string
		sign                               func(body []byte) string
	}{
		Webchat:           {"/webchat/webhook", "X-Webchat-Signature", "message", "occurred_at", "webchat", hexHMAC("dev-web")},
		Instagram:         {"/instagram/webhook", "X-Hub-Signature", "message", "occurred_at", "instagram", nil},
		Telegram:          {"/telegram/webhook", "X-Telegram-Secret-Token", "text", "date", "telegram", func([]byte) string { return "dev-telegram" }},
		WhatsApp:          {"/whatsapp/webhook", "X-WHATSAPP-SIGNATURE", "message", "timestamp", "whatsapp", hexHMAC("dev-whatsapp")},
		AutomationMessage: {"/webchat/webhook", "X-Webchat-Signature", "message", "occurred_at", "automation", hexHMAC("dev-web")},
	}
	requestIDs, events := map[string]bool{}, map[string]bool{}
	locales, texts := map[string]bool{}, map[string]bool{}
	const each = 40
	for c, row := range want {
		for range each {
			before := time.Now().Truncate(time.Millisecond)
			out := sendOne(g, Channel(c))
			if out.Class != metric.OK || out.Status != 202 || !out.Body || out.Series != metric.SeriesID(c) {
				t.Fatalf("%s: outcome %+v", Channel(c), out)
			}
			all := server.all()
			r := all[len(all)-1]
			if want := "POST " + row.path + " HTTP/1.1"; r.line != want {
				t.Fatalf("request line %q, want %q", r.line, want)
			}
			for name, value := range map[string]string{
				"Host": server.listener.Addr().String(), "Content-Type": "application/json", "User-Agent": "squall/test",
				"X-Load-Test": "squall", "x-lower-Case": "1",
			} {
				if got, once := r.header(name); !once || got != value {
					t.Errorf("header %s = %q (once: %v), want %q; all: %q", name, got, once, value, r.headers)
				}
			}
			signature, once := r.header(row.header)
			if !once {
				t.Fatalf("no header %s exactly so in %q", row.header, r.headers)
			}
			if row.sign != nil && signature != row.sign(r.body) {
				t.Errorf("%s: signature %q does not fit the body", Channel(c), signature)
			}
			id, _ := r.header("X-Request-ID")
			if requestIDs[id] || !regexp.MustCompile(`^squall-test-[0-9a-f]{16}$`).MatchString(id) {
				t.Errorf("X-Request-ID %q came before or is malformed", id)
			}
			requestIDs[id] = true

			var m map[string]any
			decoder := json.NewDecoder(bytes.NewReader(r.body))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&m); err != nil {
				t.Fatalf("body %s: %v", r.body, err)
			}
			for _, field := range []string{"event_id", "tenant_id", "brand_id", "channel_id"} {
				if _, err := uuid.Parse(m[field].(string)); err != nil || len(m[field].(string)) != 36 {
					t.Errorf("%s = %v is no UUID: %v", field, m[field], err)
				}
			}
			if _, there := m["conversation_id"]; there {
				t.Error("a message names a conversation, which nobody asked for")
			}
			if m["tenant_id"] != tenant.ID || m["brand_id"] != tenant.Brands[0].BrandID || m["channel_id"] != tenant.Brands[0].ChannelID {
				t.Errorf("addressed to %v, %v, %v", m["tenant_id"], m["brand_id"], m["channel_id"])
			}
			if event := m["event_id"].(string); events[event] {
				t.Errorf("event_id %s came before", event)
			} else {
				events[event] = true
			}
			if m["sender_id"] != "squall-7" {
				t.Errorf("sender_id = %v", m["sender_id"])
			}
			at := m[row.time].(string)
			if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$`).MatchString(at) {
				t.Errorf("%s = %q is not ISO 8601 with a numeric offset", row.time, at)
			} else if sent, err := time.Parse(time.RFC3339Nano, at); err != nil || sent.Before(before) || sent.After(time.Now()) {
				t.Errorf("%s = %q is not the time of sending (%v)", row.time, at, err)
			}
			texts[m[row.text].(string)] = true
			locales[m["locale"].(string)] = true
			metadata := m["metadata"].(map[string]any)
			if metadata["channel"] != row.metadata || metadata["run"] != "test" {
				t.Errorf("metadata = %v", metadata)
			}
			if list, ok := m["attachments"].([]any); !ok || len(list) != 0 {
				t.Errorf("attachments = %v", m["attachments"])
			}
			if len(m) != 10 {
				t.Errorf("%d fields: %s", len(m), r.body)
			}
		}
	}
	if got, want := len(locales), len(o.Workload.Message.Locales); got != want {
		t.Errorf("%d locales were used, want %d: %v", got, want, locales)
	}
	if got, want := len(texts), len(o.Workload.Message.Texts); got != want {
		t.Errorf("%d texts were used, want %d", got, want)
	}
	if got := server.connections(); got != 1 {
		t.Errorf("%d connections for one sender, want 1", got)
	}
}

func hexHMAC(secret string) func([]byte) string {
	return func(body []byte) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		const digits = "0123456789abcdef"
		var text []byte
		for _, b := range mac.Sum(nil) {
			text = append(text, digits[b>>4], digits[b&15])
		}
		return string(text)
	}
}

func TestChannelOverridesOnTheWire(t *testing.T) {
	server := newWireServer(t, nil)
	o := testOptions(server.url())
	o.Workload.Channels[WhatsApp] = ChannelSpec{
		Name: "whatsapp", Path: "/hooks/wa", Header: "x-sig-V2", Algorithm: HMACSHA256, Encoding: Base64,
		Prefix: "v2=", TextField: "te\"xt", TimeField: "at", Metadata: "wa", SecretOf: WhatsApp,
	}
	o.Workload.Message = MessagePlan{Texts: []string{"a \"quoted\" <text>\n"}, Locales: []string{"fa-IR"}}
	o.Gateway[WhatsApp] = GatewayURL(server.url(), "/hooks/wa")
	if err := o.Keys.Set(WhatsApp, Key{Current: "other"}); err != nil {
		t.Fatal(err)
	}
	if out := sendOne(newTestGateway(t, o), WhatsApp); out.Class != metric.OK {
		t.Fatalf("outcome %+v", out)
	}
	r := server.all()[0]
	if r.line != "POST /hooks/wa HTTP/1.1" {
		t.Errorf("request line %q", r.line)
	}
	mac := hmac.New(sha256.New, []byte("other"))
	mac.Write(r.body)
	if got, _ := r.header("x-sig-V2"); got != "v2="+base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Errorf("signature %q; headers %q", got, r.headers)
	}
	var m map[string]any
	if err := json.Unmarshal(r.body, &m); err != nil {
		t.Fatal(err)
	}
	if m[`te"xt`] != "a \"quoted\" <text>\n" || m["locale"] != "fa-IR" || m["at"] == nil {
		t.Errorf("body %s", r.body)
	}
}

func TestMessagesNeedWords(t *testing.T) {
	for _, edit := range []func(*Workload){
		func(w *Workload) { w.Message.Texts = nil },
		func(w *Workload) { w.Message.Locales = nil },
		func(w *Workload) { w.Tenants = nil },
		func(w *Workload) { w.Channels[Webchat].Algorithm = "" },
	} {
		o := testOptions(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
		edit(&o.Workload)
		if _, err := New(o); err == nil {
			t.Error("a generator was made that cannot send")
		}
	}
	o := testOptions(&url.URL{Scheme: "ftp", Host: "127.0.0.1:1", User: url.UserPassword("me", "hush")})
	if _, err := New(o); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("error = %v, want one without the password", err)
	}
	o = testOptions(&url.URL{Scheme: "http", Host: "127.0.0.1:1"})
	o.Gateway[Telegram] = nil
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Start(Settings{VUs: 1, SpikeFactor: 1}); err == nil || !strings.Contains(err.Error(), "telegram") {
		t.Errorf("error = %v, want one that names the channel without an address", err)
	}
	if err := errors.Join(g.Stop(t.Context())); err != nil {
		t.Error(err)
	}
}

// A secret that changes while the run goes on signs the very next message, and a share of the messages is
// signed with the next one.
func TestSecretsChangeWhileTheRunGoesOn(t *testing.T) {
	server := newWireServer(t, nil)
	o := testOptions(server.url())
	g := newTestGateway(t, o)
	from := newSender(&o, 7, 1)
	from.channel = Telegram
	tokens := func(n int) map[string]int {
		t.Helper()
		seen := map[string]int{}
		for range n {
			var out metric.Outcome
			g.send(&out, &from)
			if out.Class != metric.OK {
				t.Fatalf("outcome %+v", out)
			}
		}
		all := server.all()
		for _, r := range all[len(all)-n:] {
			token, _ := r.header("X-Telegram-Secret-Token")
			seen[token]++
		}
		return seen
	}
	set := func(key Key) {
		t.Helper()
		if err := o.Keys.Set(Telegram, key); err != nil {
			t.Fatal(err)
		}
	}
	if got := tokens(3); got["dev-telegram"] != 3 {
		t.Errorf("before: %v", got)
	}
	set(Key{Current: "dev-telegram", Next: "new-telegram"})
	if got := tokens(20); got["dev-telegram"] != 20 {
		t.Errorf("armed: %v", got)
	}
	set(Key{Current: "dev-telegram", Next: "new-telegram", Share: 0.25})
	if got := tokens(400); got["new-telegram"] < 60 || got["new-telegram"] > 140 || len(got) != 2 {
		t.Errorf("a quarter: %v", got)
	}
	set(Key{Current: "dev-telegram", Next: "new-telegram", Share: 1})
	if got := tokens(20); got["new-telegram"] != 20 {
		t.Errorf("all: %v", got)
	}
	set(Key{Current: "new-telegram"})
	if got := tokens(20); got["new-telegram"] != 20 {
		t.Errorf("done: %v", got)
	}
}
