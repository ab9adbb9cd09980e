package demo

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// queueWorkers takes items from a Redis list and works on them, a bounded
// number at once. It takes no more than it can start, so what waits stays in
// Redis. While Redis is away it asks again, with a growing wait.
type queueWorkers struct {
	redis  *redis.Client
	key    string
	every  time.Duration
	free   chan struct{}
	work   func(ctx context.Context, item string)
	cancel context.CancelFunc
	done   sync.WaitGroup
}

const longestPoll = time.Second

func startQueueWorkers(client *redis.Client, key string, every time.Duration, pool int, work func(context.Context, string)) *queueWorkers {
	ctx, cancel := context.WithCancel(context.Background())
	q := &queueWorkers{redis: client, key: key, every: every, free: make(chan struct{}, pool), work: work, cancel: cancel}
	q.done.Go(func() { q.poll(ctx) })
	return q
}

func (q *queueWorkers) poll(ctx context.Context) {
	wait := q.every
	for {
		idle := cap(q.free) - len(q.free)
		var items []string
		var err error
		if idle > 0 {
			items, err = q.redis.LPopCount(ctx, q.key, idle).Result()
		}
		for _, item := range items {
			q.free <- struct{}{} // never blocks: only this loop takes
			q.done.Go(func() {
				defer func() { <-q.free }()
				q.work(ctx, item)
			})
		}
		if err != nil && !errors.Is(err, redis.Nil) {
			wait = min(2*wait, longestPoll)
		} else {
			wait = q.every
		}
		if pause(ctx, wait) != nil {
			return
		}
	}
}

func (q *queueWorkers) close() error {
	q.cancel()
	q.done.Wait()
	return q.redis.Close()
}
