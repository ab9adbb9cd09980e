package demo

import (
	"context"
	"errors"
	"io"
	"log"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"
)

var errStreamFull = errors.New("redis is away and the replay buffer is full")

// healthTimeout bounds a health check of what a service depends on.
const healthTimeout = 500 * time.Millisecond

// outbound is one message on its way into the stream.
type outbound struct {
	tenantID     string
	payload      []byte
	rule, action string        // automation rule to run, or empty
	stored       chan struct{} // closed when Redis has it
}

// stream appends to outbound:messages. Messages are appended in batches, each
// in one round trip; what cannot be appended is held, in order, and replayed
// when Redis answers again. A batch whose answer was lost is appended twice:
// the stream is at least once.
type stream struct {
	redis  *redis.Client
	b      behaviour
	log    *log.Logger
	queue  chan *outbound
	away   atomic.Bool
	counts rateCounts

	appended, replayed, dropped atomic.Int64

	cancel context.CancelFunc
	done   sync.WaitGroup
}

func startStream(client *redis.Client, b behaviour, logs io.Writer) *stream {
	ctx, cancel := context.WithCancel(context.Background())
	s := &stream{
		redis:  client,
		b:      b,
		log:    log.New(logs, "stream: ", log.LstdFlags),
		queue:  make(chan *outbound, b.streamBuffer),
		cancel: cancel,
	}
	s.done.Go(func() { s.write(ctx) })
	return s
}

// append hands over a message and waits a moment for Redis to have it. A
// message that Redis does not have by then is held for replay, which counts as
// accepted; errStreamFull means that there is no room to hold it.
func (s *stream) append(o *outbound) error {
	o.stored = make(chan struct{})
	timer := fasthttp.AcquireTimer(s.b.streamWait)
	defer fasthttp.ReleaseTimer(timer)
	select {
	case s.queue <- o:
	case <-timer.C:
		return errStreamFull
	}
	select {
	case <-o.stored:
	case <-timer.C:
	}
	return nil
}

// reachable asks Redis itself.
func (s *stream) reachable() bool {
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	return s.redis.Ping(ctx).Err() == nil
}

func (s *stream) waiting() int { return len(s.queue) }

// write is the only writer, which keeps the order.
func (s *stream) write(ctx context.Context) {
	batch := make([]*outbound, 0, s.b.streamBatch)
	for {
		batch = s.collect(ctx, batch[:0])
		if len(batch) == 0 {
			return
		}
		wait := s.b.streamBackoff[0]
		for tries := 0; ; tries++ {
			err := s.store(ctx, batch)
			if err == nil {
				s.appended.Add(int64(len(batch)))
				if s.away.Swap(false) {
					s.log.Printf("redis is back, %d messages are replayed", len(batch)+len(s.queue))
				}
				if tries > 0 {
					s.replayed.Add(int64(len(batch)))
				}
				break
			}
			if !s.away.Swap(true) {
				s.log.Printf("redis is away: %v", err)
			}
			if pause(ctx, wait) != nil {
				return
			}
			wait = min(2*wait, s.b.streamBackoff[1])
		}
		for _, o := range batch {
			close(o.stored)
		}
	}
}

// collect waits for a message and takes what else is there.
func (s *stream) collect(ctx context.Context, batch []*outbound) []*outbound {
	select {
	case o := <-s.queue:
		batch = append(batch, o)
	case <-ctx.Done():
		return batch
	}
	for len(batch) < cap(batch) {
		select {
		case o := <-s.queue:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// store appends a batch, queues its automation rules, and counts its messages
// against the tenants' rate limits.
func (s *stream) store(ctx context.Context, batch []*outbound) error {
	pipe := s.redis.Pipeline()
	perTenant := make(map[string]int64)
	queued := false
	for _, o := range batch {
		pipe.Do(ctx, "XADD", keyOutbound, "*", "payload", o.payload)
		if o.rule != "" {
			queued = true
			pipe.RPush(ctx, keyAutomation, o.tenantID+"|"+o.rule+"|"+o.action)
		}
		perTenant[o.tenantID]++
	}
	var depth *redis.IntCmd
	if queued {
		depth = pipe.LLen(ctx, keyAutomation)
		pipe.LTrim(ctx, keyAutomation, -s.b.automationQueue, -1)
	}
	pipe.XTrimMaxLenApprox(ctx, keyOutbound, s.b.streamLength, 0)
	second := time.Now().Unix()
	counts := make(map[string]*redis.IntCmd, len(perTenant))
	for tenant, n := range perTenant {
		key := keyRateLimit + tenant + ":" + strconv.FormatInt(second, 10)
		counts[tenant] = pipe.IncrBy(ctx, key, n)
		pipe.Expire(ctx, key, 2*time.Second)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return err
	}
	if depth != nil {
		s.dropped.Add(max(0, depth.Val()-s.b.automationQueue))
	}
	for tenant, n := range counts {
		s.counts.set(tenant, second, n.Val())
	}
	return nil
}

func (s *stream) close(ctx context.Context) error {
	for len(s.queue) > 0 && !s.away.Load() && pause(ctx, time.Millisecond) == nil {
	}
	s.cancel()
	s.done.Wait()
	return s.redis.Close()
}

// rateCounts remembers what Redis last said about each tenant. It forgets when
// the second changes, so it stays as small as the set of active tenants.
type rateCounts struct {
	mu     sync.RWMutex
	second int64
	counts map[string]int64
}

func (r *rateCounts) set(tenant string, second, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.second != second {
		r.second, r.counts = second, make(map[string]int64)
	}
	r.counts[tenant] = n
}

// get returns the tenant's messages in this second, zero when unknown: without
// Redis the limit fails open.
func (r *rateCounts) get(tenant string) int64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.second != time.Now().Unix() {
		return 0
	}
	return r.counts[tenant]
}
