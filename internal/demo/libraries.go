package demo

import (
	"context"
	"io"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
)

// silenceLibraries takes two library loggers off the terminal. Both belong to
// the process and not to a client: go-redis reports dial errors to standard
// error, and Toxiproxy's bandwidth toxic uses zerolog's global logger. They
// are set once, because a running toxic may be reading them.
var silenceLibraries = sync.OnceFunc(func() {
	redis.SetLogger(discardRedis{})
	log.Logger = zerolog.New(io.Discard)
})

type discardRedis struct{}

func (discardRedis) Printf(context.Context, string, ...any) {}
