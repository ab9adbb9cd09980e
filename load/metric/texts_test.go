package metric

import (
	"fmt"
	"testing"
)

func TestTexts(t *testing.T) {
	var said Texts
	if said.First() != "" || said.Most() != (TextCount{}) {
		t.Errorf("nothing was said: %q, %+v", said.First(), said.Most())
	}
	said.Add("", 5)
	said.Add("a", 2)
	said.Add("b", 1)
	said.Add("b", 1)
	if said.First() != "a" || said.Most() != (TextCount{"a", 2}) {
		t.Errorf("of equals the first: %q, %+v", said.First(), said.Most())
	}
	said.Add("b", 1)
	for i := range 100 {
		said.Add(fmt.Sprint(i), 50)
	}
	said.Add("b", 100)
	if said.First() != "a" || said.Most() != (TextCount{"b", 103}) || len(said) != mostTexts {
		t.Errorf("%q, %+v of %d", said.First(), said.Most(), len(said))
	}
}
