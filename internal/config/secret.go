package config

import (
	"encoding/json"
	"log/slog"
)

// Secret is a value that must not be read by accident. No way of printing it gives it away; only Reveal gives the value. What
// tells two apart is [load.Keyring.Fingerprint]. The zero Secret is "not set".
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

// hidden stands for a secret wherever one is printed.
const hidden = "hidden"

// String hides the value.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return hidden
}

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// MarshalJSON hides the value.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML hides the value.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
