package testcluster

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// bound has a process end with this one, and lead a group.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// enclosed also has all that the process starts, and what that leaves behind,
// end with it, however it ends: it is the first of a process namespace. There
// are several ways, the best first: only root may make such a namespace, or who
// may make one for users; where neither is allowed, only the group is left.
func enclosed() []*syscall.SysProcAttr {
	root, user := bound(), bound()
	root.Cloneflags = syscall.CLONE_NEWPID
	user.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWUSER
	same := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
	}
	user.UidMappings, user.GidMappings = same(os.Getuid()), same(os.Getgid())
	if os.Geteuid() != 0 {
		return []*syscall.SysProcAttr{user, bound()}
	}
	// Never a user namespace as root: no network namespace could be entered.
	return []*syscall.SysProcAttr{root, bound()}
}

// killGroup kills the process group that the process leads.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL)
}

// holdPort reserves a loopback port that the system picks until the file is
// closed: who asks to share it (SO_REUSEPORT) can listen on it, go away and
// come back, and nobody else is given it meanwhile. It does not listen itself,
// so that connections are refused while nobody does.
func holdPort() (*os.File, int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("open socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "held port")
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("share port: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("bind loopback port: %w", err)
	}
	address, err := unix.Getsockname(fd)
	if err != nil {
		file.Close()
		return nil, 0, fmt.Errorf("read loopback port: %w", err)
	}
	inet, ok := address.(*unix.SockaddrInet4)
	if !ok {
		file.Close()
		return nil, 0, fmt.Errorf("read loopback port: got address %T", address)
	}
	return file, inet.Port, nil
}
