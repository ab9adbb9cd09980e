//go:build !linux

package testcluster

import (
	"errors"
	"os"
	"syscall"
)

// Start skips where there is no Linux, and none of this is called.

func bound() *syscall.SysProcAttr { return nil }

func enclosed() []*syscall.SysProcAttr { return nil }

func killGroup(int) {}

func holdPort() (*os.File, int, error) {
	return nil, 0, errors.New("hold loopback port: needs Linux")
}
