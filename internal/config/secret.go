package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
)

// Secret is a value that must not be read by accident. Every way of printing it gives its
// fingerprint; only Reveal gives the value. The zero Secret is "not set".
type Secret struct {
	value *string // behind a pointer, so that not even %v of a struct around it prints it
}

// NewSecret wraps a value. An empty value is "not set".
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{&value}
}

// Set reports whether there is a value.
func (s Secret) Set() bool { return s.value != nil }

// Reveal returns the value itself, to sign with.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Fingerprint is enough to tell two secrets apart and not enough to guess one: the first four bytes
// of SHA-256, in hexadecimal. It is "" when the secret is not set.
func (s Secret) Fingerprint() string {
	if s.value == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(*s.value))
	return "sha256:" + hex.EncodeToString(sum[:4])
}

// String is the fingerprint.
func (s Secret) String() string { return s.Fingerprint() }

// GoString is the fingerprint.
func (s Secret) GoString() string { return s.Fingerprint() }

// MarshalJSON writes the fingerprint.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.Fingerprint()) }

// MarshalYAML writes the fingerprint.
func (s Secret) MarshalYAML() (any, error) { return s.Fingerprint(), nil }

// LogValue logs the fingerprint.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.Fingerprint()) }
