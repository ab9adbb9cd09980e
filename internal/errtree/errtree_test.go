package errtree

import (
	"errors"
	"fmt"
	"slices"
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
