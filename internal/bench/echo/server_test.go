package echo

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The signature of body under secret, made with
// `printf '%s' "$body" | openssl dgst -sha256 -hmac "$secret"`.
const (
	secret    = "dev-web"
	body      = `{"message":"hello"}`
	signature = "6eed8ef0f6f356124a19af79af4c312e4d0bb80f1bfd1e88be2a7172d0f05903"
)

func start(t *testing.T, config Config) (base string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- New(config).Serve(ctx, l) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

func post(t *testing.T, url, sig string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(SignatureHeader, sig)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func record(t *testing.T, base string) Record {
	t.Helper()
	res, err := http.Get(base + RecordPath)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var r Record
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestServerVerifiesAndCounts(t *testing.T) {
	base := start(t, Config{Secret: secret})
	if status, answer := post(t, base+WebhookPath, signature); status != 202 || answer != `{"status":"accepted"}` {
		t.Errorf("a good signature got %d %s", status, answer)
	}
	for _, bad := range []string{"", "00", strings.ToUpper(signature)} {
		if status, _ := post(t, base+WebhookPath, bad); status != 401 {
			t.Errorf("signature %q got %d", bad, status)
		}
	}
	r := record(t, base)
	if r.Accepted != 1 || r.Rejected != 3 {
		t.Errorf("accepted %d and rejected %d, want 1 and 3", r.Accepted, r.Rejected)
	}
	if time.Since(r.LastMessage) > time.Minute {
		t.Errorf("last message at %s", r.LastMessage)
	}
	if again := record(t, base); again != r {
		t.Errorf("asking for the record changed it from %+v to %+v", r, again)
	}
}

func TestServerRecordsItsDelay(t *testing.T) {
	const delay = 40 * time.Millisecond
	base := start(t, Config{Secret: secret, Delay: delay})
	for range 5 {
		post(t, base+WebhookPath, signature)
	}
	if r := record(t, base); r.P50 < 20 || r.Max < r.P95 || r.P95 < r.P50 {
		t.Errorf("with %s of delay the record is %+v", delay, r)
	}
}

// fasthttp leaves two housekeepers asleep for seconds after a shutdown.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	)
}
