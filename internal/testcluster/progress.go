package testcluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// progress keeps what go build -v says, a line for each package that it has compiled.
type progress struct {
	total int // packages in all; 0: not known
	start time.Time

	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what the build says.
func (p *progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// line describes how far the build is. Packages that were compiled before are not counted by go, so it may be
// done before it has reached them all.
func (p *progress) line(now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("testcluster: %d", bytes.Count(p.text.Bytes(), []byte{'\n'}))
	if p.total > 0 {
		text += fmt.Sprintf(" of at most %d", p.total)
	}
	return fmt.Sprintf("%s packages compiled after %v", text, now.Sub(p.start).Round(time.Second))
}

// every says it again and again, until the returned function is called.
func (p *progress) every(d time.Duration, to io.Writer) (stop func()) {
	ticker, done, over := time.NewTicker(d), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case now := <-ticker.C:
				fmt.Fprintln(to, p.line(now))
			case <-done:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		<-over
	}
}

// packages counts what the control plane is made of; 0 when go cannot tell.
func packages(ctx context.Context, sources string) int {
	cmd := exec.CommandContext(ctx, "go", "list", "-C", sources, "-mod=readonly", "-deps", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return 0
	}
	return bytes.Count(out, []byte{'\n'})
}
