//go:build linux

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// scripts are what the other generators are told to do.
//
//go:embed scripts
var scripts embed.FS

// secret signs the messages of the benchmark; nothing else ever uses it.
const secret = "bench-webhook-secret" //nolint:gosec // not a credential of anything

// constantBody is what generators send that cannot sign; as long as what the
// others send.
const constantBody = `{"event_id":"6f1c9d5e-5d0e-4a3f-8a53-6a1f3e9c2b71","tenant_id":"11111111-1111-4111-8111-111111111111",` +
	`"brand_id":"22222222-2222-4222-8222-222222222221","channel_id":"33333333-3333-4333-8333-333333333331","sender_id":"bench-1",` +
	`"conversation_id":"44444444-4444-4444-8444-444444444444","locale":"en-US","message":"Where is my order?",` +
	`"occurred_at":"2025-01-01T00:00:00.000+00:00","metadata":{"channel":"webchat","source":"bench","run":"bench"},"attachments":[]}`

// Where things run. On a machine with one core they share it.
const (
	generatorCore = 0
	serverCore    = 1
)

// lab is where measurements are taken: the programs, a directory for what they
// write, and how long to look.
type lab struct {
	squall, k6 string // paths; k6 may be empty
	dir        string // removed at the end
	log        io.Writer

	rounds     int
	warmUp     time.Duration // before a measuring window
	window     time.Duration
	long       time.Duration // a run of thousands of virtual users
	descriptor uint64        // how many files a process may open
	runs       int           // names the directories of runs
}

func newLab(squall, k6 string, short bool, log io.Writer) (*lab, error) {
	dir, err := os.MkdirTemp("", "squall-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the runs: %w", err)
	}
	l := &lab{
		dir: dir, log: log,
		rounds: 3, warmUp: 2 * time.Second, window: 4 * time.Second, long: 20 * time.Second,
	}
	if short {
		l.rounds, l.warmUp, l.window, l.long = 1, time.Second, 2*time.Second, 8*time.Second
	}
	if err := l.setUp(squall, k6); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) setUp(squall, k6 string) error {
	var err error
	if l.squall, err = program(squall); err != nil {
		return err
	}
	if k6 != "" {
		if l.k6, err = program(k6); err != nil {
			return err
		}
	}
	if l.descriptor, err = raiseDescriptors(); err != nil {
		return err
	}
	files, err := scripts.ReadDir("scripts")
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := scripts.ReadFile("scripts/" + f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(l.path(f.Name()), text, 0o600); err != nil {
			return fmt.Errorf("write a script: %w", err)
		}
	}
	if err := os.WriteFile(l.path("body.json"), []byte(constantBody), 0o600); err != nil {
		return fmt.Errorf("write the constant body: %w", err)
	}
	return nil
}

func (l *lab) close() {
	if err := os.RemoveAll(l.dir); err != nil {
		l.logf("remove %s: %v", l.dir, err)
	}
}

func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }

// runDir names a fresh directory for what a run writes.
func (l *lab) runDir() string {
	l.runs++
	return l.path(fmt.Sprintf("run-%03d", l.runs))
}

func (l *lab) logf(format string, args ...any) {
	fmt.Fprintf(l.log, "  "+format+"\n", args...)
}

// program is the absolute path of a program that must be there.
func program(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(abs); err != nil {
		return "", fmt.Errorf("find the program (make bench builds it): %w", err)
	}
	return abs, nil
}

// raiseDescriptors lets this process and its children open as many files as
// the machine's owner allows, and returns that number.
func raiseDescriptors() (uint64, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("read the limit of open files: %w", err)
	}
	limit.Cur = limit.Max
	// Set even when nothing changes: the runtime hands the old limit to
	// children unless the program has set one itself.
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("raise the limit of open files: %w", err)
	}
	return limit.Cur, nil
}

// constantSignature is the signature of constantBody.
func constantSignature() string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(constantBody))
	return hex.EncodeToString(mac.Sum(nil))
}
