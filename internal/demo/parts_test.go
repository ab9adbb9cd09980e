package demo

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"
)

func TestBreaker(t *testing.T) {
	b := newBreaker(2, 3)
	fail := func() { b.allow(); b.done(false) }
	fail()
	b.allow()
	b.done(true)
	fail()
	if b.gauge() != 0 {
		t.Error("opened without consecutive failures")
	}
	fail()
	if b.gauge() != 1 {
		t.Error("did not open")
	}
	allowed := 0
	for range 20 {
		if b.allow() {
			allowed++
		}
	}
	if allowed != 3 {
		t.Errorf("%d calls are in flight while open, want 3", allowed)
	}
	for range 3 {
		b.done(true)
	}
	if b.gauge() != 0 {
		t.Error("did not close")
	}
	for range 2 * b.trials {
		if !b.allow() {
			t.Error("a closed breaker refuses")
		}
	}
}

func TestQuota(t *testing.T) {
	q, now := newQuota(10), time.Unix(1000, 0)
	taken := func(at time.Time) (n int) {
		for q.take(at) {
			n++
		}
		return n
	}
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 10}, {0, 0}, {500 * time.Millisecond, 5}, {5 * time.Second, 10}} {
		if got := taken(now.Add(c.after)); got != c.want {
			t.Errorf("after %s: %d, want %d", c.after, got, c.want)
		}
	}
}

func TestHopReplacesAStaleConnection(t *testing.T) {
	handler := func(ctx *fasthttp.RequestCtx) { ctx.SetBodyString("ok") }
	first, err := listen(service{name: "first", maxBody: maxMessage}, handler, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	h := newHop(first.addr())
	defer h.close()
	call := func() error {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(req)
		defer fasthttp.ReleaseResponse(resp)
		req.SetRequestURI("/")
		req.Header.SetHost("x")
		return h.do(req, resp, time.Second)
	}
	if err := call(); err != nil {
		t.Fatal(err)
	}
	address := first.addr()
	if err := first.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := call(); err == nil {
		t.Error("called a closed server")
	}
	second, err := listen(service{name: "second", addr: address, maxBody: maxMessage}, handler, t.Output())
	if err != nil {
		t.Skip("the port was taken meanwhile")
	}
	defer second.close(t.Context())
	if err := call(); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

func TestRedisAnswersAPipelineInFewWrites(t *testing.T) {
	r, err := startRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer r.close(t.Context())
	counted := &countedConn{}
	client := redis.NewClient(&redis.Options{Protocol: 2, DisableIdentity: true, Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		raw, err := net.Dial("tcp", r.addr())
		counted.Conn = raw
		return counted, err
	}})
	defer client.Close()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	counted.reads = 0
	const commands = 500
	pipe := client.Pipeline()
	for range commands {
		pipe.Incr(t.Context(), "n")
	}
	results, err := pipe.Exec(t.Context())
	if err != nil || results[commands-1].(*redis.IntCmd).Val() != commands {
		t.Fatal(err, results[commands-1])
	}
	if counted.reads > commands/5 {
		t.Errorf("%d replies came in %d reads", commands, counted.reads)
	}
}

type countedConn struct {
	net.Conn
	reads int
}

func (c *countedConn) Read(b []byte) (int, error) {
	c.reads++
	return c.Conn.Read(b)
}

// A brand has a document once, whatever became of its job.
func TestADocumentIsIngestedOnce(t *testing.T) {
	s := newJobStore(3)
	first := s.add(tenantA, brandA, "f", "text")
	s.move(first.ID, jobDone, 1, "")
	if again := s.add(tenantA, brandA, "g", "text"); again.ID != "" || again.AssetID != first.AssetID {
		t.Errorf("job %q, asset %q of the same document, want none and %q", again.ID, again.AssetID, first.AssetID)
	}
	if other := s.add(tenantA, tenantA, "f", "text"); other.ID == "" {
		t.Error("another brand's document made no job")
	}
	if n := len(s.list("", 10)); n != 2 {
		t.Errorf("%d jobs", n)
	}
}

func TestJobsMakeRoom(t *testing.T) {
	s := newJobStore(3)
	var ids []string
	for i := range 5 {
		j := s.add(tenantA, brandA, "f", fmt.Sprint("text ", i))
		ids = append(ids, j.ID)
		if len(ids) <= 2 {
			s.move(j.ID, jobDone, 1, "")
		}
	}
	list := s.list("", 10)
	if len(list) != 3 || list[0].ID != ids[4] || list[2].ID != ids[2] {
		t.Errorf("jobs are %+v", list)
	}
	if s.unfinished()[tenantA] != 3 {
		t.Error("unfinished jobs were forgotten")
	}
}

func TestRetrievalFindsTheNearest(t *testing.T) {
	p := startTest(t, Config{})
	store := newVectorStore(p.qdrant.addr(), defaultBehaviour())
	defer store.close()
	hits, err := store.search(tenantA, "is a return free", 1)
	if err != nil || len(hits) != 1 || hits[0].Payload["text"] != "A return is free within thirty days of delivery." {
		t.Errorf("%+v, %v", hits, err)
	}
	if hits, err := store.search("nobody", "x", 1); err != nil || len(hits) != 0 {
		t.Errorf("%+v, %v", hits, err)
	}
}

func TestKeysExpire(t *testing.T) {
	r, err := startRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer r.close(t.Context())
	client := dialRedis(r.addr())
	defer client.Close()
	if err := client.Set(t.Context(), "k", 1, time.Second).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the key", func() bool { return client.Exists(t.Context(), "k").Val() == 0 })
}
