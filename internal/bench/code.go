//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// benchmark is one line of `go test -bench -benchmem`.
type benchmark struct {
	name   string // without Benchmark and the number of processors
	nanos  float64
	bytes  float64
	allocs float64
}

// codeAims are the benchmarks that have an aim.
var codeAims = []codeAim{
	{
		name: "Message", what: "one message built, signed, sent and recorded", aim: "no allocation",
		met: func(b benchmark) bool { return b.allocs == 0 },
	},
	{
		name: "Frame200x60", what: "one frame of the console at 200x60", aim: "at most 3 ms",
		met: func(b benchmark) bool { return b.nanos <= 3e6 },
	},
}

type codeAim struct {
	name, what, aim string
	met             func(benchmark) bool
}

// benchmarked are the packages whose benchmarks are run.
var benchmarked = []string{"./load", "./tui", "./internal/session"}

// measureCode runs the Go benchmarks of the hot path and the screen.
func measureCode(ctx context.Context, l *lab) ([]row, error) {
	time := "500ms"
	if l.rounds == 1 {
		time = "100ms"
	}
	args := append([]string{"test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", time}, benchmarked...)
	out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	found := parseBenchmarks(out)
	if err != nil {
		err = fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return codeRows(found), err
}

// codeRows puts the benchmarks with an aim first and the others after them. An
// aim that nothing measures is said to be so.
func codeRows(found []benchmark) []row {
	byName := map[string]benchmark{}
	for _, b := range found {
		byName[b.name] = b
	}
	var rows []row
	for _, aim := range codeAims {
		r := row{what: aim.what + " (Benchmark" + aim.name + ")", aim: aim.aim, measured: "not measured", verdict: unknown}
		if b, ok := byName[aim.name]; ok {
			r.measured, r.verdict = b.String(), verdictOf(aim.met(b))
			delete(byName, aim.name)
		}
		rows = append(rows, r)
	}
	for _, b := range found {
		if _, left := byName[b.name]; left {
			rows = append(rows, row{what: "Benchmark" + b.name, measured: b.String()})
		}
	}
	return rows
}

func (b benchmark) String() string {
	return fmt.Sprintf("%s, %.0f B and %.0f allocations", nanos(b.nanos), b.bytes, b.allocs)
}

// parseBenchmarks reads lines such as
//
//	BenchmarkMessage-2   	 1000000	      1042 ns/op	       0 B/op	       0 allocs/op
func parseBenchmarks(out []byte) []benchmark {
	var found []benchmark
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 {
			continue
		}
		name, ok := strings.CutPrefix(fields[0], "Benchmark")
		if !ok {
			continue
		}
		if dash := strings.LastIndexByte(name, '-'); dash > 0 {
			name = name[:dash]
		}
		b := benchmark{name: name}
		units := map[string]*float64{"ns/op": &b.nanos, "B/op": &b.bytes, "allocs/op": &b.allocs}
		for i := 2; i+1 < len(fields); i += 2 {
			if into := units[fields[i+1]]; into != nil {
				*into, _ = strconv.ParseFloat(fields[i], 64) // 0 when go test prints no number
			}
		}
		if b.nanos > 0 {
			found = append(found, b)
		}
	}
	return found
}
