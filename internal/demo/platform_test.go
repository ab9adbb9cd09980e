package demo

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, fasthttpDate())
}

// fasthttpDate is the one goroutine that outlives a platform: it belongs to
// the process and renders the Date header of every fasthttp server.
func fasthttpDate() goleak.Option {
	return goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")
}

const webchatBody = `{"event_id":"0b8f6f0e-5d6a-4f0e-9a3e-2f6f6f0e5d6a","tenant_id":"11111111-1111-4111-8111-111111111111",` +
	`"brand_id":"22222222-2222-4222-8222-222222222222","channel_id":"33333333-3333-4333-8333-333333333333","sender_id":"user-1",` +
	`"message":"When does my order arrive?","occurred_at":"2026-01-02T03:04:05.678+00:00","locale":"en","metadata":{"channel":"webchat"}}`

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func startTest(t testing.TB, cfg Config, change ...func(*behaviour)) *Platform {
	t.Helper()
	b := defaultBehaviour()
	for _, f := range change {
		f(&b)
	}
	p, err := start(t.Context(), cfg, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestAMessageGoesThrough(t *testing.T) {
	p := startTest(t, Config{Seed: 1})
	req, _ := http.NewRequest("POST", p.GatewayURL(), bytes.NewBufferString(webchatBody))
	req.Header.Set("X-Webchat-Signature", sign("dev-web", webchatBody))
	req.Header.Set("X-Request-ID", "abc")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 202 || string(body) != `{"status":"accepted"}` || resp.Header.Get("X-Request-ID") != "abc" || resp.Header.Get("Date") == "" {
		t.Fatalf("%d %s %v", resp.StatusCode, body, resp.Header)
	}
	entries, err := p.redis.Stream("outbound:messages")
	if err != nil || len(entries) != 1 {
		t.Fatalf("stream holds %d entries: %v", len(entries), err)
	}
}
