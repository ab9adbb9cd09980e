package demo

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Names in Redis.
const (
	keyOutbound   = "outbound:messages"
	keyAutomation = "automation:queue"
	keyIngestion  = "ingestion:queue"
	keyRateLimit  = "ratelimit:"         // + tenant + second
	keyAsset      = "ingestion:indexed:" // + asset
)

// redisServer is miniredis: the Redis protocol on a real socket, in memory.
// It accepts by itself, so that replies to pipelined commands leave together,
// as Redis sends them; miniredis sends each on its own.
type redisServer struct {
	*miniredis.Miniredis
	listener net.Listener
	cancel   context.CancelFunc
	done     sync.WaitGroup
}

func startRedis() (*redisServer, error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, fmt.Errorf("start redis: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("listen for redis: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &redisServer{Miniredis: m, listener: listener, cancel: cancel}
	r.done.Go(r.accept)
	r.done.Go(func() { r.expire(ctx) })
	return r, nil
}

// expire lets time pass for miniredis, which can also do that itself, but then
// looks at every key on every command.
func (r *redisServer) expire(ctx context.Context) {
	const tick = time.Second
	for pause(ctx, tick) == nil {
		r.FastForward(tick)
	}
}

func (r *redisServer) accept() {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.Server().ServeConn(&replies{Conn: conn})
	}
}

func (r *redisServer) addr() string { return r.listener.Addr().String() }

func (r *redisServer) close(context.Context) error {
	err := r.listener.Close()
	r.cancel()
	r.done.Wait()
	r.Miniredis.Close()
	return err
}

// replies gathers what is written to a connection until its reader has to wait
// for more commands, and so until all commands that came together are answered.
type replies struct {
	net.Conn

	mu      sync.Mutex
	waiting bool // the reader is in Read: whatever is written goes out at once
	pending []byte
}

// Read sends the replies so far, then reads.
func (r *replies) Read(b []byte) (int, error) {
	r.mu.Lock()
	r.waiting = true
	err := r.flush()
	r.mu.Unlock()
	if err != nil {
		return 0, err
	}
	n, err := r.Conn.Read(b)
	r.mu.Lock()
	r.waiting = false
	r.mu.Unlock()
	return n, err
}

// Write keeps b for the next Read, or sends it if that is under way.
func (r *replies) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending = append(r.pending, b...)
	if r.waiting {
		return len(b), r.flush()
	}
	return len(b), nil
}

func (r *replies) flush() error {
	if len(r.pending) == 0 {
		return nil
	}
	_, err := r.Conn.Write(r.pending)
	r.pending = r.pending[:0]
	return err
}

// dialRedis makes a client that fails fast, so that its callers decide how to
// wait for Redis, and not the client.
func dialRedis(addr string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr:                     addr,
		Protocol:                 2,
		DisableIdentity:          true,
		MaxRetries:               -1,
		DialTimeout:              500 * time.Millisecond,
		DialerRetries:            1,
		ReadTimeout:              2 * time.Second,
		WriteTimeout:             2 * time.Second,
		PoolSize:                 8,
		ContextTimeoutEnabled:    true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}
