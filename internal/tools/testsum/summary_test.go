package main

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

const (
	passing = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.01}
{"Action":"pass","Package":"p","Elapsed":0.5}
`
	skipping = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: no cluster\n"}
{"Action":"skip","Package":"p","Test":"TestB","Elapsed":0}
`
	failing = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:3: want 1\n"}
{"Action":"fail","Package":"p","Test":"TestC","Elapsed":0}
{"Action":"fail","Package":"p","Elapsed":0.5}
`
	broken = `{"ImportPath":"q","Action":"build-output","Output":"q.go:1: syntax error\n"}
{"ImportPath":"q","Action":"build-fail"}
{"Action":"fail","Package":"q","Elapsed":0}
`
	leaking = `{"Action":"pass","Package":"r","Test":"TestD","Elapsed":0}
{"Action":"output","Package":"r","Output":"found unexpected goroutines\n"}
{"Action":"fail","Package":"r","Elapsed":0}
`
)

func TestSummary(t *testing.T) {
	tests := []struct {
		name   string
		input  string
		strict bool
		ok     bool
		last   string
		says   []string
		hushes []string
	}{
		{
			name: "a passing test stays quiet", input: passing, ok: true,
			last: "1 passed, 0 failed, 0 skipped", says: []string{"ok    p"}, hushes: []string{"noise", "--- PASS"},
		},
		{
			name: "in CI every test has its line", input: passing, strict: true, ok: true,
			last: "1 passed, 0 failed, 0 skipped", says: []string{"--- PASS: p.TestA (0.01s)"},
		},
		{
			name: "a skip is named and allowed", input: skipping + passing, ok: true,
			last: "1 passed, 0 failed, 1 skipped", says: []string{"--- SKIP: p.TestB", "no cluster", "skipped:\n  p.TestB"},
		},
		{
			name: "a skip in CI is a failure", input: skipping + passing, strict: true, ok: false,
			last: "1 passed, 0 failed, 1 skipped", says: []string{"A skipped test is a failure here"},
		},
		{
			name: "a failure shows its output", input: failing, ok: false,
			last: "0 passed, 1 failed, 0 skipped", says: []string{"want 1", "failed:\n  p.TestC", "FAIL  p"},
		},
		{
			name: "a package that does not build", input: passing + broken, ok: false,
			last: "1 passed, 1 failed, 0 skipped", says: []string{"syntax error", "failed:\n  q"},
		},
		{
			name: "a package that fails after its tests", input: leaking, ok: false,
			last: "1 passed, 1 failed, 0 skipped", says: []string{"found unexpected goroutines"},
		},
		{
			name: "nothing was run", input: "", ok: false, last: "No test was run.",
		},
		{
			name: "other lines pass through", input: "hello\n" + passing, ok: true,
			last: "1 passed, 0 failed, 0 skipped", says: []string{"hello\n"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			w := bufio.NewWriter(&out)
			s := newSummary(w, tt.strict)
			if err := s.read(strings.NewReader(tt.input)); err != nil {
				t.Fatal(err)
			}
			ok := s.finish()
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			got := out.String()
			if ok != tt.ok {
				t.Errorf("finish() = %v, want %v\n%s", ok, tt.ok, got)
			}
			if !strings.HasSuffix(got, tt.last+"\n") {
				t.Errorf("last line is not %q:\n%s", tt.last, got)
			}
			for _, want := range tt.says {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in:\n%s", want, got)
				}
			}
			for _, bad := range tt.hushes {
				if strings.Contains(got, bad) {
					t.Errorf("%q should not stand in:\n%s", bad, got)
				}
			}
		})
	}
}
