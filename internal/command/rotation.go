package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"xinbot.ir/squall/internal/event"
)

// ArmRotation begins to probe which secrets the gateway accepts, and to watch for the next ones.
type ArmRotation struct{}

func (ArmRotation) title() string { return "arm the rotation" }
func (ArmRotation) check() error  { return nil }

// DisarmRotation ends that, and gives the verdict.
type DisarmRotation struct{}

func (DisarmRotation) title() string { return "disarm the rotation" }
func (DisarmRotation) check() error  { return nil }

// SetSigning chooses what the messages of a channel are signed with while its secret is rotated.
type SetSigning struct {
	Channel string        `json:"channel,omitempty"` // "": every channel
	With    event.Signing `json:"with"`
	Share   float64       `json:"share,omitempty"` // of the messages that are signed with the next secret; for "share" alone
}

func (c SetSigning) title() string {
	of := c.Channel
	if of == "" {
		of = "every channel"
	}
	if c.With == event.SignShare {
		return fmt.Sprintf("sign %g %% of the messages of %s with the next secret", 100*c.Share, of)
	}
	return fmt.Sprintf("sign the messages of %s with: %s", of, c.With)
}

func (c SetSigning) check() error {
	switch c.With {
	case event.SignOld, event.SignNext, event.FollowGateway:
		if c.Share != 0 {
			return fmt.Errorf("%s: a share belongs to %q alone", c.title(), event.SignShare)
		}
		return nil
	case event.SignShare:
		if c.Share < 0 || c.Share > 1 || math.IsNaN(c.Share) {
			return fmt.Errorf("sign a share of the messages with the next secret: it is %v, must be 0 to 1", c.Share)
		}
		return nil
	}
	return fmt.Errorf("sign messages with %q: must be %s", c.With, strings.Join([]string{string(event.SignOld), string(event.SignNext), string(event.SignShare), string(event.FollowGateway)}, ", "))
}

// GiveSecret is a next secret that a person typed. It is never written down: a script cannot hold one.
type GiveSecret struct {
	Channel string `json:"channel,omitempty"` // "": every channel
	Secret  Secret `json:"secret"`
}

func (c GiveSecret) title() string { return strings.TrimSpace("give the next secret of " + c.Channel) }

func (c GiveSecret) check() error {
	if c.Secret.Reveal() == "" {
		return errors.New("give the next secret: it is empty")
	}
	return nil
}

// Secret is a text that is written nowhere.
type Secret struct {
	value *string // behind a pointer, so that not even %v of a struct around it prints it
}

// NewSecret wraps a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the text.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String hides it.
func (Secret) String() string { return "hidden" }

// GoString hides it.
func (Secret) GoString() string { return "hidden" }

// MarshalJSON hides it.
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal("hidden") }

// UnmarshalJSON refuses to read one: secrets do not belong into scripts.
func (*Secret) UnmarshalJSON([]byte) error {
	return errors.New("a secret cannot be written down: give its source (docs/rotation.md)")
}

// StageRotation makes the embedded platform rotate its secrets.
type StageRotation struct {
	Kind string `json:"kind"` // "rolling"
}

func (c StageRotation) title() string { return "let the demo rotate its secrets: " + c.Kind }

func (c StageRotation) check() error {
	if c.Kind == "" {
		return errors.New("let the demo rotate its secrets: name a kind")
	}
	return nil
}
