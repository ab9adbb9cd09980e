package rotation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"xinbot.ir/squall/internal/inputfile"
)

// Secret is what a source knows of a channel's next secret.
type Secret struct {
	Channel   string // "": of every channel
	Value     string
	Version   string    // resource version of a Kubernetes Secret; "" of others
	Refreshed time.Time // when an ExternalSecret filled it in; zero: not known
	Deployed  bool      // it is where the gateway takes its own from
}

// Source knows the next secret of one channel or of all.
type Source interface {
	// Name is what and where it is, for people: "file /run/secrets/next". It holds no secret.
	Name() string
	// Watch gives each secret and each problem, the first as soon as it is known, until ctx ends or there is nothing more to come.
	Watch(ctx context.Context, give func(Secret), problem func(error))
}

// Given is a source whose secret is known from the start: a variable of the environment.
type Given struct {
	From   string // "env WEBHOOK_SECRET_NEXT"
	Secret Secret
}

// Name implements Source.
func (g Given) Name() string { return strings.TrimPrefix(g.From, "env ") }

// Watch implements Source.
func (g Given) Watch(_ context.Context, give func(Secret), _ func(error)) { give(g.Secret) }

// File is a file that holds a secret and nothing else. It is read again and again: that sees a file that was replaced, and
// the links by which Kubernetes replaces all files of a volume at once, whatever lies below.
type File struct {
	Channel string
	Path    string
}

// MaxSecret bounds a secret, in bytes.
const MaxSecret = 16 << 10

const readInterval = 500 * time.Millisecond

// Name implements Source.
func (f File) Name() string { return "file " + f.Path }

// Watch implements Source.
func (f File) Watch(ctx context.Context, give func(Secret), problem func(error)) {
	tick := time.NewTicker(readInterval)
	defer tick.Stop()
	var last, trouble string
	for {
		value, err := f.read()
		switch {
		case err != nil && err.Error() != trouble:
			trouble = err.Error()
			problem(err)
		case err == nil && (value != last || trouble != ""):
			last, trouble = value, ""
			give(Secret{Channel: f.Channel, Value: value})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (f File) read() (string, error) {
	raw, err := inputfile.ReadRegular(f.Path, MaxSecret)
	if err != nil {
		return "", err
	}
	if len(raw) == 0 {
		return "", errors.New("it is empty")
	}
	return string(raw), nil
}

// Command is a command line that prints a secret and nothing else, such as "vault kv get -field=next secret/xin". One line break at the
// end is what such programs print, and is no part of the secret.
type Command struct {
	Channel string
	Line    string        // as a shell takes it; it holds no secret
	Every   time.Duration // how often it is asked; 0: once
}

const commandTimeout = 10 * time.Second

// Name implements Source.
func (c Command) Name() string { return "command " + first(c.Line) }

// first is the program of a command line: the rest may say more than it should.
func first(line string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return word
}

// Watch implements Source.
func (c Command) Watch(ctx context.Context, give func(Secret), problem func(error)) {
	var last, trouble string
	for {
		value, err := Output(ctx, c.Line)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && err.Error() != trouble:
			trouble = err.Error()
			problem(err)
		case err == nil && (value != last || trouble != ""):
			last, trouble = value, ""
			give(Secret{Channel: c.Channel, Value: value})
		}
		if c.Every == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(c.Every):
		}
	}
}

// Output runs a command line that prints a secret, within ten seconds, and returns what it prints without the line break at the end. What
// it says on its standard error is no part of an error: it may quote what it was asked for.
func Output(ctx context.Context, line string) (string, error) {
	program := first(line)
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what it has started ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out := &bounded{most: MaxSecret}
	cmd.Stdout = out
	err := cmd.Run()
	switch exit, is := errors.AsType[*exec.ExitError](err); {
	case ctx.Err() != nil:
		return "", fmt.Errorf("run %s: it did not end within %s", program, commandTimeout)
	case is:
		return "", fmt.Errorf("run %s: it ended with exit code %d", program, exit.ExitCode())
	case err != nil:
		return "", fmt.Errorf("run %s: %w", program, err)
	case out.full:
		return "", fmt.Errorf("run %s: it printed more than %d bytes", program, MaxSecret)
	}
	value := string(bytes.TrimSuffix(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\r")))
	if value == "" {
		return "", fmt.Errorf("run %s: it printed nothing", program)
	}
	return value, nil
}

// bounded keeps the first bytes that are written to it.
type bounded struct {
	bytes.Buffer
	most int
	full bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		b.full = true
		return len(p), nil
	}
	return b.Buffer.Write(p)
}
