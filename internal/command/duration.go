package command

import (
	"fmt"
	"time"
)

// Duration is a time that scripts write as Go does: 1m30s.
type Duration time.Duration

// String writes the duration as it is read.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the duration as it is read.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration such as 800ms or 1m30s.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 800ms or 1m30s", text)
	}
	*d = Duration(parsed)
	return nil
}
