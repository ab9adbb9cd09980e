package session

import (
	"context"

	"xinbot.ir/squall/load"
)

// Generator makes the traffic of a run. [load.Generator] is the one of this process.
type Generator interface {
	// Start begins to send. A generator starts once.
	Start(settings load.Settings) error
	// Apply puts new settings into effect, or refuses them and leaves everything as it was.
	Apply(settings load.Settings) error
	// Snapshot is the state now. It is cheap and never waits for traffic.
	Snapshot() load.Snapshot
	// Recycle makes every virtual user open new connections.
	Recycle() error
	// CheckRules counts the automation rules that can be toggled.
	CheckRules(ctx context.Context) (int, error)
	// Stop ends the traffic and waits for what is in flight, until the context ends at most. It is safe to
	// call twice.
	Stop(ctx context.Context) error
}

// generator makes the generator of the run. [load.Options.Observe] is called with each closed window.
func (c Config) generator() (Generator, error) {
	if c.NewGenerator != nil {
		return c.NewGenerator(c.Options)
	}
	g, err := load.New(c.Options)
	if err != nil {
		return nil, err
	}
	return g, nil
}
