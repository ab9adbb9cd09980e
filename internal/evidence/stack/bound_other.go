//go:build !linux

package stack

import "syscall"

// bound asks for nothing where a program cannot be made to end with this process.
func bound() *syscall.SysProcAttr { return nil }
