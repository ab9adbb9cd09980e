//go:build !linux

package cli

// TakeArguments returns the program's arguments. They cannot be overwritten on this system.
func TakeArguments(arguments []string) []string { return arguments }

// NoCoreDumps does nothing on this system.
func NoCoreDumps() error { return nil }
