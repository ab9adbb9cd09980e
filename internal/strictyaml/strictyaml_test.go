package strictyaml

import (
	"errors"
	"fmt"
	"maps"
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

func TestMergeKeys(t *testing.T) {
	read := func(text string) (got map[string]float64, err error) {
		got = map[string]float64{}
		err = Read("f.yaml", []byte(text), func(v Value) {
			v.Object(Fields{
				"base": func(Value) {}, "more": func(Value) {},
				"it": func(v Value) { v.Entries(func(key string, v Value) { got[key] = v.Number(0, 100) }) },
			})
		})
		return got, err
	}
	const anchors = "base: &base {a: 1, b: 2}\nmore: &more {<<: *base, b: 3, c: 4}\n"
	for text, want := range map[string]map[string]float64{
		"it: {<<: *base, a: 9}":       {"a": 9, "b": 2},
		"it: {a: 9, <<: *base}":       {"a": 9, "b": 2},
		"it: {<<: *more}":             {"a": 1, "b": 3, "c": 4},
		"it: {<<: [*base, *more]}":    {"a": 1, "b": 2, "c": 4},
		"it: {<<: {d: 5}}":            {"d": 5},
		"it: &loop {a: 1, <<: *loop}": {"a": 1},
		"it: {\"<<\": 7}":             {"<<": 7},
	} {
		if got, err := read(anchors + text); err != nil || !maps.Equal(got, want) {
			t.Errorf("%s is read as %v, %v; want %v", text, got, err, want)
		}
	}
	if _, err := read("it:\n  <<: 7\n"); err == nil || err.Error() != "f.yaml:2: it.<<: is the number 7: only other mappings can be merged" {
		t.Errorf("a number was merged: %v", err)
	}
	deep := "x0: &x0 {a: 1}\n"
	for i := range 200 {
		deep += fmt.Sprintf("x%d: &x%d {<<: [*x%d, *x%d]}\n", i+1, i+1, i, i)
	}
	keys := 0
	if err := Read("f.yaml", []byte(deep), func(v Value) {
		v.Entries(func(_ string, v Value) { v.Entries(func(string, Value) { keys++ }) })
	}); err != nil || keys != 201 {
		t.Errorf("%d keys of mappings that merge twice, %v", keys, err)
	}
}

func TestTagsAreRefused(t *testing.T) {
	err := Read("f.yaml", []byte("a: !!str 1\nb:\n- !secret x\n"), func(v Value) {})
	if err == nil || err.Error() != "f.yaml:3: the tag !secret means nothing here: leave it out" {
		t.Errorf("error %v", err)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	err := Read("f.yaml", []byte(strings.Repeat("- x\n", 1000)), func(v Value) { v.Each(func(_ int, v Value) { v.Number(0, 1) }) })
	if err == nil || strings.Count(err.Error(), "\n") != mostProblems || !strings.HasSuffix(err.Error(), "f.yaml: and 950 more problems") {
		t.Errorf("error %v", err)
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
