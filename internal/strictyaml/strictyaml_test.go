package strictyaml

import (
	"errors"
	"strings"
	"testing"
)

func TestProblemsKnowTheirPlace(t *testing.T) {
	err := Read("f.yaml", []byte("a:\n  - 1\n  - two\n"), func(v Value) {
		v.Object(Fields{"a": func(v Value) {
			v.Each(func(_ int, v Value) { v.Number(0, 10) })
		}})
	})
	var p *Problem
	if !errors.As(err, &p) {
		t.Fatalf("error %v is no Problem", err)
	}
	want := Problem{File: "f.yaml", Line: 3, Field: "a[1]", Text: `is "two": must be a number from 0 to 10`}
	if *p != want {
		t.Errorf("problem = %+v, want %+v", *p, want)
	}
	if got := p.Error(); got != `f.yaml:3: a[1]: is "two": must be a number from 0 to 10` {
		t.Errorf("text = %s", got)
	}
}

func TestAliasesAreFollowed(t *testing.T) {
	var got []float64
	err := Read("f.yaml", []byte("a: &x [1, 2]\nb: *x\n"), func(v Value) {
		read := func(v Value) { v.Each(func(_ int, v Value) { got = append(got, v.Number(0, 10)) }) }
		v.Object(Fields{"a": read, "b": read})
	})
	if err != nil || len(got) != 4 {
		t.Errorf("read %v, error %v", got, err)
	}
}

func TestScalar(t *testing.T) {
	err := Read("f.yaml", []byte("a: 0x10\nb: 20m\nc: [1]\nd:\ne: {x: 1}\n"), func(v Value) {
		want := map[string]string{"a": "0x10", "b": "20m"}
		v.Entries(func(key string, v Value) {
			if text, ok := v.Scalar("text"); ok != (want[key] != "") || text != want[key] {
				t.Errorf("%s = %q, %v", key, text, ok)
			}
		})
	})
	for _, want := range []string{"f.yaml:3: c: is a list", "f.yaml:4: d: is empty", "f.yaml:5: e: is a mapping: must be text"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error is\n%v\nwant %q", err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a: 1", "a: &a [*a]", "[", "{a: b: c}", "---\n---\n", "\x00", "a: !!binary x", "? {}\n: 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = Read("f", data, func(v Value) {
			v.Object(Fields{"a": func(v Value) {
				v.Each(func(_ int, v Value) { v.Number(0, 1); v.Text(); v.Scalar("a word") })
				v.Entries(func(string, Value) {})
			}}, "b")
		})
	})
}
