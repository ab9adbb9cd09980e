//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// describeMachine is what somebody needs to know to believe the figures.
func describeMachine(ctx context.Context, l *lab) []string {
	lines := []string{
		fmt.Sprintf("%s, %d cores, %s memory; Linux %s", processor(), runtime.NumCPU(), memory(), kernel()),
		fmt.Sprintf("generator on core %d, server on core %d; load average %s before the start",
			generatorCore, serverCore%runtime.NumCPU(), loadAverage()),
		fmt.Sprintf("%s, %s; %s", firstLine(ctx, l.squall, "version"), runtime.Version(), time.Now().UTC().Format(time.DateOnly)),
	}
	if l.k6 != "" {
		lines = append(lines, firstLine(ctx, l.k6, "version"))
	}
	for _, tool := range []struct{ name, flag string }{{"wrk", "-v"}, {"locust", "--version"}} {
		if path, ok := inPath(tool.name)(l); ok {
			line, _, _ := strings.Cut(firstLine(ctx, path, tool.flag), " from ") // where it lies concerns nobody
			lines = append(lines, line)
		}
	}
	return lines
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, "\t :\n")
		}
	}
	return runtime.GOARCH
}

func memory() string {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return "unknown"
	}
	return fmt.Sprintf("%.0f GiB", float64(info.Totalram)*float64(info.Unit)/(1<<30))
}

func kernel() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(name.Release[:])
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// firstLine is what a program prints of itself. Some exit with an error after
// they have told their version.
func firstLine(ctx context.Context, path, arg string) string {
	out, _ := exec.CommandContext(ctx, path, arg).CombinedOutput()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}
