package testcluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// launcher starts processes from one thread that lives until the launcher is
// closed: the kernel ends a process with the thread that started it (its
// "parent death signal"), and Go ends threads when it likes.
type launcher struct {
	starts chan func()
	ended  chan struct{}
}

func newLauncher() *launcher {
	l := &launcher{starts: make(chan func()), ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for start := range l.starts {
			start()
		}
	}()
	return l
}

func (l *launcher) start(cmd *exec.Cmd) error {
	result := make(chan error)
	l.starts <- func() { result <- cmd.Start() }
	return <-result
}

func (l *launcher) close() {
	close(l.starts)
	<-l.ended
}

// process is one part of the control plane at work.
type process struct {
	name   string
	log    string // path of what it writes
	cmd    *exec.Cmd
	exited chan struct{}
}

// launch starts a part of the program with its flags. Its log is in dir, and
// files are its descriptors from 3 on.
func (l *launcher) launch(path, dir, name string, args []string, files ...*os.File) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", name, err)
	}
	defer log.Close()
	ways := []*syscall.SysProcAttr{bound()}
	if name == kubeletName {
		ways = enclosed()
	}
	var cmd *exec.Cmd
	for _, way := range ways {
		// No context ends it: kill does, with all that it has started.
		cmd = exec.CommandContext(context.Background(), path, append([]string{name}, args...)...)
		cmd.Dir = dir
		cmd.Stdout, cmd.Stderr = log, log
		cmd.ExtraFiles = files
		cmd.SysProcAttr = way
		if err = l.start(cmd); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, log: log.Name(), cmd: cmd, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		// How it ended stands in the state of the process.
		_ = cmd.Wait()
	}()
	return p, nil
}

// alive returns an error that holds the end of the log if the process ended.
func (p *process) alive() error {
	select {
	case <-p.exited:
		return fmt.Errorf("run %s: %v, having said:\n%s", p.name, p.cmd.ProcessState, p.tail())
	default:
		return nil
	}
}

// tail is the end of what the process wrote.
func (p *process) tail() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return lastLines(data, 25)
}

// kill ends the process and what it started, and waits until it is gone.
func (p *process) kill() {
	killGroup(p.cmd.Process.Pid)
	<-p.exited
}
