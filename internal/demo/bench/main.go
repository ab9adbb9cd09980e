// Command bench measures what the embedded platform can take: it serves the
// platform with its simulated delays off, pinned to one core, and lets wrk send
// a signed message from the other cores. wrk must be installed.
//
//	go run ./internal/demo/bench            # 64 connections for 10 s
//	go run ./internal/demo/bench -c 10000   # open connections
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"xinbot.ir/squall/internal/demo"
)

const body = `{"event_id":"0b8f6f0e-5d6a-4f0e-9a3e-2f6f6f0e5d6a","tenant_id":"11111111-1111-4111-8111-111111111111",` +
	`"brand_id":"22222222-2222-4222-8222-222222222222","channel_id":"33333333-3333-4333-8333-333333333333",` +
	`"sender_id":"user-1","conversation_id":"44444444-4444-4444-8444-444444444444","message":"When does my order arrive?",` +
	`"occurred_at":"2026-01-02T03:04:05.678+00:00","locale":"en","metadata":{"channel":"webchat"},"attachments":[]}`

func main() {
	connections := flag.Int("c", 64, "connections that wrk keeps open")
	duration := flag.String("d", "10s", "how long wrk sends")
	profile := flag.String("cpuprofile", "", "write a CPU profile to this file")
	flag.Parse()
	if err := run(*connections, *duration, *profile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(connections int, duration, profile string) (err error) {
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		return fmt.Errorf("find wrk: %w", err)
	}
	// Goroutines may run on threads that exist already, so every thread of the
	// process is pinned, not only this one.
	if err := pin(0); err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)

	p, err := demo.Start(context.Background(), demo.Config{Seed: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()

	script, err := writeScript(p.Secrets()["webchat"])
	if err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(script))

	stop, err := startProfile(profile)
	if err != nil {
		return err
	}
	defer stop()
	var before, after unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &before)
	// wrk inherits the pinning, so it is given the other cores.
	cmd := exec.CommandContext(context.Background(), "taskset", "-c", fmt.Sprintf("1-%d", max(1, runtime.NumCPU()-1)),
		wrk, "-t1", fmt.Sprintf("-c%d", connections), "-d", duration, "--latency", "-s", script, p.GatewayURL())
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	fmt.Println(strings.Join(cmd.Args, " "))
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run wrk: %w", err)
	}
	_ = unix.Getrusage(unix.RUSAGE_SELF, &after)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Printf("platform: CPU %.1f s, heap %d MB, stacks %d MB, resident peak %d MB\n",
		seconds(after)-seconds(before), m.HeapInuse>>20, m.StackInuse>>20, after.Maxrss>>10)
	return nil
}

func seconds(r unix.Rusage) float64 {
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}

// pin restricts every thread of this process to one core.
func pin(core int) error {
	var set unix.CPUSet
	set.Set(core)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list threads: %w", err)
	}
	for _, thread := range threads {
		var id int
		if _, err := fmt.Sscan(thread.Name(), &id); err != nil {
			return fmt.Errorf("read thread id: %w", err)
		}
		if err := unix.SchedSetaffinity(id, &set); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("pin thread %d: %w", id, err)
		}
	}
	return nil
}

func writeScript(secret string) (string, error) {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	dir, err := os.MkdirTemp("", "squall-wrk")
	if err != nil {
		return "", fmt.Errorf("make script folder: %w", err)
	}
	path := filepath.Join(dir, "message.lua")
	script := fmt.Sprintf(`wrk.method = "POST"
wrk.body = %q
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Webchat-Signature"] = %q
wrk.headers["X-Request-ID"] = "wrk"
done = function(summary)
  print("not 2xx or 3xx: " .. summary.errors.status)
end
`, body, hex.EncodeToString(mac.Sum(nil)))
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		return "", fmt.Errorf("write script: %w", err)
	}
	return path, nil
}
