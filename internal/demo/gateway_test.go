package demo

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestGatewayStatuses(t *testing.T) {
	p := startTest(t, Config{})
	instagram := strings.Replace(webchatBody, `"channel":"webchat"`, `"channel":"instagram"`, 1)
	whatsapp := strings.Replace(webchatBody, "occurred_at", "timestamp", 1)
	telegram := strings.NewReplacer("occurred_at", "date", `"message"`, `"text"`).Replace(webchatBody)
	malformed := strings.Replace(webchatBody, tenantA, "acme", 1)
	for _, c := range []struct {
		name, method, path, header, signature, body string
		want                                        int
	}{
		{"webchat", "POST", "/webchat/webhook", "X-Webchat-Signature", sign("dev-web", webchatBody), webchatBody, 202},
		{"instagram, prefix", "POST", "/instagram/webhook", "X-Hub-Signature", "sha1=" + signSHA1("dev-instagram", instagram), instagram, 202},
		{"instagram", "POST", "/instagram/webhook", "X-Hub-Signature", signSHA1("dev-instagram", instagram), instagram, 202},
		{"whatsapp", "POST", "/whatsapp/webhook", "X-WHATSAPP-SIGNATURE", sign("dev-whatsapp", whatsapp), whatsapp, 202},
		{"telegram", "POST", "/telegram/webhook", "X-Telegram-Secret-Token", "dev-telegram", telegram, 202},
		{"wrong secret", "POST", "/webchat/webhook", "X-Webchat-Signature", sign("dev-telegram", webchatBody), webchatBody, 401},
		{"no signature", "POST", "/webchat/webhook", "X-Other", "", webchatBody, 401},
		{"whatsapp with webchat's secret", "POST", "/whatsapp/webhook", "X-WHATSAPP-SIGNATURE", sign("dev-web", whatsapp), whatsapp, 401},
		{"bad signature before bad body", "POST", "/webchat/webhook", "X-Webchat-Signature", "00", "{", 401},
		{"not a UUID", "POST", "/webchat/webhook", "X-Webchat-Signature", sign("dev-web", malformed), malformed, 400},
		{"not JSON", "POST", "/webchat/webhook", "X-Webchat-Signature", sign("dev-web", "{"), "{", 400},
		{"webchat fields on telegram", "POST", "/telegram/webhook", "X-Telegram-Secret-Token", "dev-telegram", webchatBody, 400},
		{"wrong method", "GET", "/webchat/webhook", "X-Other", "", "", 405},
		{"unknown path", "POST", "/fax/webhook", "X-Other", "", "", 404},
		{"health", "GET", "/health", "X-Other", "", "", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := p.call(c.method, p.gateway()+c.path, map[string]string{c.header: c.signature, "X-Request-ID": "id-" + c.name}, c.body)
			if got.status != c.want {
				t.Fatalf("answered %d %s, want %d", got.status, got.body, c.want)
			}
			if c.want == 202 && got.body != `{"status":"accepted"}` {
				t.Errorf("body is %s", got.body)
			}
			if got.header.Get("X-Request-ID") != "id-"+c.name {
				t.Errorf("request id is %q", got.header.Get("X-Request-ID"))
			}
			date, err := http.ParseTime(got.header.Get("Date"))
			if err != nil || time.Since(date).Abs() > 3*time.Second {
				t.Errorf("Date is %q: %v", got.header.Get("Date"), err)
			}
		})
	}
	entries, err := p.redis.Stream(keyOutbound)
	if err != nil || len(entries) != 5 {
		t.Errorf("%d messages are in the stream, want the 5 accepted: %v", len(entries), err)
	}
}

func TestTheSpikeQueuesAndRecovers(t *testing.T) {
	const work, messages = 20 * time.Millisecond, 12
	p := startTest(t, Config{Delays: true, Capacity: 1}, instant, func(b *behaviour) { b.gatewayWork = spread{work, 0} })
	quiet := timed(func() { p.send() })

	var wg sync.WaitGroup
	var mu sync.Mutex
	var longest time.Duration
	for range messages {
		wg.Go(func() {
			took := timed(func() {
				if r, _ := p.send(); r.status != 202 {
					t.Errorf("answered %d", r.status)
				}
			})
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, took)
		})
	}
	wg.Wait()
	if longest < (messages-1)*work {
		t.Errorf("the last of %d messages waited %s with one slot of %s", messages, longest, work)
	}
	eventually(t, "recovery", func() bool { return timed(func() { p.send() }) < quiet+(messages/2)*work })
}

func TestTheQueueIsBounded(t *testing.T) {
	for name, bound := range map[string]func(*behaviour){
		"length": func(b *behaviour) { b.queueLength = 2 },
		"wait":   func(b *behaviour) { b.queueWait = 60 * time.Millisecond },
	} {
		t.Run(name, func(t *testing.T) {
			p := startTest(t, Config{Delays: true, Capacity: 1}, instant, bound, func(b *behaviour) { b.gatewayWork = spread{40 * time.Millisecond, 0} })
			var wg sync.WaitGroup
			var mu sync.Mutex
			statuses := make(map[int]int)
			for range 10 {
				wg.Go(func() {
					r, _ := p.send()
					mu.Lock()
					defer mu.Unlock()
					statuses[r.status]++
					if r.status == 503 && r.header.Get("Retry-After") != "1" {
						t.Errorf("Retry-After is %q", r.header.Get("Retry-After"))
					}
				})
			}
			wg.Wait()
			if statuses[503] == 0 || statuses[202] == 0 || statuses[202]+statuses[503] != 10 {
				t.Errorf("answers are %v", statuses)
			}
			if r, _ := p.send(); r.status != 202 {
				t.Errorf("after the spike the answer is %d", r.status)
			}
		})
	}
}

func TestWithoutTheOrchestratorItIs502(t *testing.T) {
	p := startTest(t, Config{})
	if r, _ := p.send(); r.status != 202 {
		t.Fatalf("answered %d", r.status)
	}
	if err := p.orchestrator.server.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, _ := p.send(); r.status != 502 {
		t.Errorf("answered %d", r.status)
	}
	if r := p.call("GET", p.gateway()+"/health", nil, ""); r.status != 503 {
		t.Errorf("health is %d", r.status)
	}
}

func timed(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}
