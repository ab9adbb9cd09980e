// Package config turns flags, environment, squall.yaml and defaults into one checked value, and
// remembers where each setting came from. It starts nothing and writes nothing.
//
// One table, [Table], drives the flags, the environment variables, the keys of squall.yaml, the
// messages about unaccepted values and docs/configuration.md: a new setting is one row there and
// one line where it is used.
package config
