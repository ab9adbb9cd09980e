// Package cli is squall's commands: one file per command, wiring and words, no logic of its own.
package cli
