//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// grace is how long a process may take to end when it is asked to.
const grace = 15 * time.Second

// process is a program under measurement, alone on its core.
type process struct {
	cmd    *exec.Cmd
	stdout io.Reader // when command.pipe is set
	tty    *os.File  // when command.screen is set
	said   *tail
	done   chan struct{}
	err    error // valid once done is closed
}

// command describes what to start and where.
type command struct {
	core   int
	argv   []string
	env    []string // in addition to this process's own
	pipe   bool     // hand out standard output
	screen *pty.Winsize
}

// start runs c on its core. It ends with ctx, at the latest.
func start(ctx context.Context, c command) (*process, error) {
	p := &process{said: &tail{}, done: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	p.cmd.Env = append(p.cmd.Env, c.env...)
	p.cmd.Cancel = func() error { return p.signal(unix.SIGKILL) }
	p.cmd.Stderr = p.said
	if !c.pipe {
		p.cmd.Stdout = p.said
	} else {
		out, err := p.cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		p.stdout = out
	}
	if err := p.startOn(c); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.argv[0], err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) startOn(c command) error {
	var err error
	pinErr := pinned(c.core, func() {
		if c.screen != nil {
			p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = nil, nil, nil
			p.tty, err = pty.StartWithSize(p.cmd, c.screen) // a session of its own
			return
		}
		p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		err = p.cmd.Start()
	})
	return errors.Join(pinErr, err)
}

// pinned calls f on a thread that is bound to one core; processes that f
// starts stay on that core.
func pinned(core int, f func()) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("read the cores of this thread: %w", err)
	}
	one.Set(core % runtime.NumCPU())
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("bind to core %d: %w", core, err)
	}
	f()
	if err := unix.SchedSetaffinity(0, &before); err != nil {
		return fmt.Errorf("unbind from core %d: %w", core, err)
	}
	return nil
}

// signal reaches the process and its children: each is the leader of a group
// of its own.
func (p *process) signal(s unix.Signal) error {
	return unix.Kill(-p.cmd.Process.Pid, s)
}

// wait waits for the process to end by itself, for at most limit.
func (p *process) wait(limit time.Duration) error {
	select {
	case <-p.done:
	case <-time.After(limit):
		return errors.Join(fmt.Errorf("%s is still running after %s", p.cmd.Path, limit), p.stop())
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.cmd.Path, p.err, p.said)
	}
	return nil
}

// stop ends the process, by force when it does not listen. Stopping what has
// ended does nothing.
func (p *process) stop() error {
	if p.tty != nil {
		defer p.tty.Close()
	}
	for _, s := range []unix.Signal{unix.SIGTERM, unix.SIGKILL} {
		select {
		case <-p.done:
			return nil
		default:
		}
		if err := p.signal(s); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("signal %s: %w", p.cmd.Path, err)
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(grace):
		}
	}
	return fmt.Errorf("%s does not end", p.cmd.Path)
}

// cpu is the processor time the process has used, threads that ended included.
func (p *process) cpu() (time.Duration, error) {
	// The clock id of another process's CPU clock, as clock_getcpuclockid(3)
	// makes it: the complement of the pid, and CPUCLOCK_SCHED.
	const cpuClockSched = 2
	clock := int32(^p.cmd.Process.Pid<<3 | cpuClockSched)
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, fmt.Errorf("read the processor time of %s: %w", p.cmd.Path, err)
	}
	return time.Duration(ts.Nano()), nil
}

// peakMemory is the most resident memory the process has had, in bytes.
func (p *process) peakMemory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of %s: %w", p.cmd.Path, err)
	}
	return parsePeak(status)
}

func parsePeak(status []byte) (int64, error) {
	for line := range strings.Lines(string(status)) {
		value, found := strings.CutPrefix(line, "VmHWM:")
		if !found {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read VmHWM: %w", err)
		}
		return kib << 10, nil
	}
	return 0, errors.New("read VmHWM: the process has ended")
}

// coreBusy is for how long a core has not been idle since the machine started.
func coreBusy(core int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("read how busy core %d is: %w", core, err)
	}
	return parseCoreBusy(stat, core)
}

func parseCoreBusy(stat []byte, core int) (time.Duration, error) {
	// After the name come user, nice, system, idle, iowait, irq, softirq and
	// more, in hundredths of a second (proc_stat(5)); guest time is in user.
	const tick, idle, ioWait, steal = 10 * time.Millisecond, 4, 5, 8
	for line := range strings.Lines(string(stat)) {
		fields := strings.Fields(line)
		if len(fields) <= steal || fields[0] != "cpu"+strconv.Itoa(core) {
			continue
		}
		var busy time.Duration
		for i := 1; i <= steal; i++ {
			ticks, err := strconv.ParseInt(fields[i], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read how busy core %d is: %w", core, err)
			}
			if i != idle && i != ioWait {
				busy += time.Duration(ticks) * tick
			}
		}
		return busy, nil
	}
	return 0, fmt.Errorf("read how busy core %d is: /proc/stat does not name it", core)
}

// tail keeps the last of what a process says, for when it fails.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = t.text[over:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
