//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"xinbot.ir/squall/internal/bench/echo"
)

// echoCommand is the hidden first argument that makes this program the server.
const echoCommand = "echo"

// runEcho serves until ctx ends. The first line it prints is its address.
func runEcho(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet(echoCommand, flag.ContinueOnError)
	delay := flags.Duration("delay", 0, "mean time an answer takes")
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", *addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	return echo.New(echo.Config{Secret: secret, Delay: *delay}).Serve(ctx, l)
}

// server is a running echo server, fresh for each run so that its record is of
// the requests of that run and no others.
type server struct {
	*process
	base string
	http http.Client
}

func startServer(ctx context.Context, delay time.Duration) (*server, error) {
	p, err := start(ctx, command{
		core: serverCore,
		argv: []string{"/proc/self/exe", echoCommand, "-delay", delay.String()},
		pipe: true,
	})
	if err != nil {
		return nil, err
	}
	addr, err := bufio.NewReader(p.stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the echo server: %w: %s", err, p.said), p.stop())
	}
	s := &server{process: p, base: "http://" + strings.TrimSpace(addr)}
	s.http.Timeout = 10 * time.Second
	return s, nil
}

func (s *server) webhook() string { return s.base + echo.WebhookPath }

func (s *server) record(ctx context.Context) (echo.Record, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+echo.RecordPath, http.NoBody)
	if err != nil {
		return echo.Record{}, err
	}
	res, err := s.http.Do(req)
	if err != nil {
		return echo.Record{}, fmt.Errorf("read the server's record: %w", err)
	}
	defer res.Body.Close()
	var r echo.Record
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		return echo.Record{}, fmt.Errorf("read the server's record: %w", err)
	}
	return r, nil
}

// waitForTraffic returns when the first message has been accepted.
func (s *server) waitForTraffic(ctx context.Context, generator *process, limit time.Duration) error {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		r, err := s.record(ctx)
		if err != nil {
			return err
		}
		if r.Accepted > 0 {
			return nil
		}
		select {
		case <-generator.done:
			return fmt.Errorf("%s ended before it sent anything\n%s", generator.cmd.Path, generator.said)
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r, err := s.record(ctx)
	return errors.Join(err, fmt.Errorf("%s sent no valid message within %s (%d with a bad signature)\n%s",
		generator.cmd.Path, limit, r.Rejected, generator.said))
}
