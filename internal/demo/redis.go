package demo

import (
	"context"
	"fmt"
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
type redisServer struct{ *miniredis.Miniredis }

func startRedis() (*redisServer, error) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		return nil, fmt.Errorf("start redis: %w", err)
	}
	m.ClockTTL(true)
	return &redisServer{m}, nil
}

func (r *redisServer) addr() string { return r.Miniredis.Addr() }

func (r *redisServer) close(context.Context) error {
	r.Miniredis.Close()
	return nil
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
