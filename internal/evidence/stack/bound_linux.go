package stack

import "syscall"

// bound has a program end with this process, and keeps signals of the terminal from it.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
