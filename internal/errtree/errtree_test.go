package errtree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

type lost struct{ what string }

func (l *lost) Error() string { return l.what }

func TestAll(t *testing.T) {
	a, b, c := &lost{"a"}, &lost{"b"}, &lost{"c"}
	other := errors.New("other")
	tree := errors.Join(fmt.Errorf("first: %w", a), nil, other, fmt.Errorf("two: %w and %w", errors.Join(b, other), c))
	if got := All[*lost](tree); !slices.Equal(got, []*lost{a, b, c}) {
		t.Errorf("found %v, want a, b and c", got)
	}
	if got := All[*lost](nil); got != nil {
		t.Errorf("found %v in no error", got)
	}
	if got := All[*lost](other); got != nil {
		t.Errorf("found %v in another error", got)
	}
}

func TestJoined(t *testing.T) {
	a, b, forged := errors.New("a"), errors.New("b"), errors.New("c\nFORGED")
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"one":             {a, []string{"a"}},
		"joined":          {errors.Join(a, b), []string{"a", "b"}},
		"wrapped":         {fmt.Errorf("do: %w", errors.Join(a, b)), []string{"do: a", "b"}},
		"its own break":   {errors.Join(a, forged), []string{"a", "c\nFORGED"}},
		"wrapped break":   {fmt.Errorf("do: %w", forged), []string{"do: c\nFORGED"}},
		"joined twice":    {errors.Join(errors.Join(a, b), fmt.Errorf("x: %w", errors.Join(a, forged))), []string{"a", "b", "x: a", "c\nFORGED"}},
		"two in one line": {fmt.Errorf("%w and %w", a, b), []string{"a and b"}},
		"text behind":     {fmt.Errorf("%w (more)", errors.Join(a, b)), []string{"a; b (more)"}},
	} {
		if got := Joined(c.err); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// An error without its secrets is the same error, and one of several stays one of several.
func TestRedact(t *testing.T) {
	redact := func(text string) string { return strings.ReplaceAll(text, "hush", "(secret)") }
	known := &lost{"hush is lost"}
	err := Redact(fmt.Errorf("do: %w", errors.Join(errors.New("a"), known, errors.New("c\nhush"))), redact)
	if want := []string{"do: a", "(secret) is lost", "c\n(secret)"}; !slices.Equal(Joined(err), want) {
		t.Errorf("%q, want %q", Joined(err), want)
	}
	if strings.Contains(err.Error(), "hush") || !errors.Is(err, known) {
		t.Errorf("%v, is the error that was lost: %v", err, errors.Is(err, known))
	}
	if plain := errors.New("nothing"); Redact(plain, redact) != plain || Redact(nil, redact) != nil { //nolint:errorlint // that very error
		t.Error("an error without secrets became another")
	}
}
