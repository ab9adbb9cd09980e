package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
	utilexec "k8s.io/utils/exec"
)

// runCommand runs argv as the rule says and waits for it. A command that ends
// with another code than 0 is a utilexec.CodeExitError, which clients see as
// that exit code.
//
// The command cannot change the host's network: it runs inside the network
// namespace of its rule, or else without the right to administer a network.
func runCommand(ctx context.Context, r *rule, argv []string, in io.Reader, out, errOut io.Writer) error {
	done := make(chan error, 1)
	go func() {
		// Namespaces and capabilities are the thread's, and a command inherits
		// those of the thread that starts it. The thread is never unlocked, so
		// it ends with this goroutine instead of running others' work.
		runtime.LockOSThread()
		if err := confine(r.Netns); err != nil {
			done <- err
			return
		}
		done <- run(ctx, r, argv, in, out, errOut)
	}()
	return <-done
}

// init keeps goroutines off the main thread. It never ends, so what confine does to a thread would stay
// on it, and /proc/self, which is the main thread, would show it as the whole process's. Only init runs
// on the main thread for certain.
func init() { runtime.LockOSThread() }

// confine moves this thread into the network namespace, or, without one, takes
// from what it starts the right to change the host's network.
func confine(netns string) error {
	if netns == "" {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_NET_ADMIN, 0, 0, 0)
		// Who may not drop a right has none.
		if err != nil && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("drop the right to administer networks: %w", err)
		}
		if err != nil && os.Geteuid() == 0 {
			return fmt.Errorf("drop the right to administer networks as root: %w", err)
		}
		return nil
	}
	target, err := os.Open(netns)
	if err != nil {
		return fmt.Errorf("open network namespace: %w", err)
	}
	defer target.Close()
	var ours, theirs unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &ours); err != nil {
		return fmt.Errorf("stat own network namespace: %w", err)
	}
	if err := unix.Fstat(int(target.Fd()), &theirs); err != nil {
		return fmt.Errorf("stat network namespace %s: %w", netns, err)
	}
	if ours.Dev == theirs.Dev && ours.Ino == theirs.Ino {
		return fmt.Errorf("enter network namespace %s: it is the host's own", netns)
	}
	if err := unix.Setns(int(target.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace %s: %w", netns, err)
	}
	return nil
}

func run(ctx context.Context, r *rule, argv []string, in io.Reader, out, errOut io.Writer) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), r.Env...)
	cmd.Stdout, cmd.Stderr = out, errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if in != nil {
		// A pipe of our own: with cmd.Stdin, Wait would also wait for the client
		// to close its end, which one that waits for the exit code never does.
		pipe, err := cmd.StdinPipe()
		if err != nil {
			return fmt.Errorf("open standard input: %w", err)
		}
		go func() {
			_, _ = io.Copy(pipe, in)
			_ = pipe.Close()
		}()
	}
	// As a runtime says it: a command that is not there is exit code 127.
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			return utilexec.CodeExitError{Err: err, Code: 127}
		}
		return fmt.Errorf("start %s: %w", argv[0], err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code := exit.ExitCode()
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			code = 128 + int(status.Signal())
		}
		return utilexec.CodeExitError{Err: err, Code: code}
	}
	if err != nil {
		return fmt.Errorf("run %s: %w", argv[0], err)
	}
	return nil
}
