package testcluster

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// startTimeout is how long a control plane may take to start on a machine that is
// busy with other tests; it takes seconds on one that is not.
const startTimeout = 3 * time.Minute

// Cluster is a control plane at work.
type Cluster struct {
	layout    layout
	authority *authority
	launcher  *launcher
	accounts  *ecdsa.PrivateKey // signs tokens of service accounts
	held      *os.File          // holds the API server's port
	folder    *flock.Flock      // says that the folder is in use
	client    kubernetes.Interface
	config    *rest.Config

	// ctx ends with the cluster.
	ctx context.Context
	end context.CancelFunc

	mu        sync.Mutex
	parts     map[string]*process
	rules     []ruleSet
	lastRules int
}

// Option changes how a cluster starts.
type Option func(*Cluster)

// WithRules sets what stands for containers from the start; see [Cluster.Exec].
func WithRules(rules ...Rule) Option {
	return func(c *Cluster) { c.rules = append(c.rules, ruleSet{rules: rules}) }
}

// Start runs a control plane of its own until the test ends. It skips the test
// with -short, and where there is no Linux.
func Start(t testing.TB, options ...Option) *Cluster {
	t.Helper()
	skip(t)
	c, err := Run(t.Context(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func skip(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a control plane: not with -short")
	}
	if runtime.GOOS != "linux" {
		t.Skip("the control plane of tests needs Linux")
	}
}

// Run starts a control plane and returns when its nodes are ready. The caller
// ends it with Close; it ends with the process in any case. The first call on a
// machine builds the programs: see [Build].
func Run(ctx context.Context, options ...Option) (*Cluster, error) {
	build, err := Build(ctx)
	if err != nil {
		return nil, err
	}
	dir, lock, err := newFolder(os.TempDir())
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		folder: lock,
		layout: layout{
			dir: dir, program: filepath.Join(build, program), stages: filepath.Join(build, stagesFile),
		},
		launcher: newLauncher(),
		parts:    map[string]*process{},
	}
	c.ctx, c.end = context.WithCancel(context.WithoutCancel(ctx))
	for _, option := range options {
		option(c)
	}
	starting, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("the control plane takes too long"))
	defer cancel()
	if err := c.start(starting); err != nil {
		err = fmt.Errorf("start control plane: %w%s", err, c.tails())
		c.Close()
		return nil, err
	}
	return c, nil
}

// Admin is a login that may do everything, without a limit on requests.
func (c *Cluster) Admin() *rest.Config { return rest.CopyConfig(c.config) }

// Client speaks to the cluster as one who may do everything.
func (c *Cluster) Client() kubernetes.Interface { return c.client }

// Close ends the cluster and removes its files. It may be called twice.
func (c *Cluster) Close() {
	if c.ctx.Err() != nil {
		return
	}
	c.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, part := range c.parts {
		part.kill()
		delete(c.parts, name)
	}
	c.launcher.close()
	if c.held != nil {
		c.held.Close()
	}
	_ = os.RemoveAll(c.layout.dir)
	c.folder.Close()
}

// tails are the ends of the logs of all parts.
func (c *Cluster) tails() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := ""
	for name, part := range c.parts {
		text += "\n--- " + name + "\n" + part.tail()
	}
	return text
}
