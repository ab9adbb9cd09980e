package testcluster

import (
	"context"
	"fmt"
)

// StopAPIServer kills the API server: connections break and new ones are
// refused until it is started again. Nothing is lost, for etcd goes on.
func (c *Cluster) StopAPIServer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if part, ok := c.parts[apiServerName]; ok {
		part.kill()
		delete(c.parts, apiServerName)
	}
}

// StartAPIServer starts the API server, on the port and with the data it had
// before, and returns when it is ready.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	if err := c.launch(apiServerName, c.layout.apiServer()); err != nil {
		return err
	}
	return await(ctx, "API server", func(ctx context.Context) (string, error) {
		if err := c.allAlive(); err != nil {
			return "", err
		}
		answer, err := c.client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		if err != nil {
			return fmt.Sprintf("%v %.500s", err, answer), nil
		}
		return "", nil
	})
}

// RestartAPIServer is StopAPIServer and StartAPIServer.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	c.StopAPIServer()
	return c.StartAPIServer(ctx)
}
