package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/load"
)

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"time":"2026-07-30T09:15:00Z","at":1.5,"kind":"note","by":"operator","text":"hello"}`))
	f.Add([]byte(`{"at":-1,"kind":"note"}`))
	f.Add([]byte(`{"at":1e300,"kind":"note"}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := parseEvent(line)
		if err != nil || e.Kind == "" {
			return
		}
		if !believable(e.At) {
			t.Errorf("accepted time %v", e.At)
		}
		again, err := json.Marshal(e)
		if err != nil {
			return // a raw value that cannot be written again
		}
		if _, err := parseEvent(again); err != nil {
			t.Errorf("%s is accepted, but not as written again: %v", line, err)
		}
	})
}

func FuzzSecond(f *testing.F) {
	f.Add([]byte(`{"at":1,"len":1,"wanted_vus":5,"vus":5,"in_flight":1,"lag_ms":0.1,"cpu":0.2,"series":{"gateway/webchat":[3,1]}}`))
	f.Add([]byte(`{"at":1,"len":0}`))
	f.Add([]byte(`{"at":1,"len":1,"series":{"a":[-1,2,3]}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := parseSecond(line)
		if err != nil || s.Length == 0 {
			return
		}
		if !believable(s.At) || s.Length < 0 {
			t.Errorf("accepted %+v", s)
		}
		if again, err := json.Marshal(s); err != nil {
			t.Errorf("cannot write %+v again: %v", s, err)
		} else if _, err := parseSecond(again); err != nil {
			t.Errorf("cannot read %s again: %v", again, err)
		}
	})
}

func FuzzInterval(f *testing.F) {
	h := load.NewHistogram()
	if err := h.RecordValue(1234); err != nil {
		f.Fatal(err)
	}
	var obs load.Observation
	obs.Latency[0] = h
	lines, err := appendHistograms(appendHistogramHeader(nil, time.Unix(1, 0)), Second{At: 3, Length: 1}, obs)
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(lines) {
		f.Add(bytes.TrimSuffix(line, []byte{'\n'}))
	}
	f.Add([]byte("Tag=a"))
	f.Add([]byte("Tag=a,NaN,1,1,HIST"))
	f.Add([]byte("1,1,1,"))
	f.Fuzz(func(t *testing.T, line []byte) {
		iv, ok, err := parseInterval(line)
		if err != nil {
			if ok {
				t.Error("both ok and an error")
			}
			return
		}
		if !ok {
			return
		}
		if !believable(iv.at) || !believable(iv.length) {
			t.Errorf("accepted %v", iv)
		}
		if h, err := hdr.Decode(iv.payload); err == nil && h.TotalCount() < 0 {
			t.Error("negative count")
		}
	})
}

// After a write that stopped short, the next line starts on a line of its own.
func TestTornWriteDoesNotSpoilTheNextLine(t *testing.T) {
	path := t.TempDir() + "/journal.jsonl"
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	a := &appender{file: f, torn: true}
	if _, err := f.WriteString(`{"kind":"no`); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.append([]byte("{}\n"), true), a.append([]byte("{}\n"), false), a.close()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\"kind\":\"no\n{}\n{}\n"; string(got) != want {
		t.Errorf("file %q, want %q", got, want)
	}
}

// /dev/full answers every write with "no space left on device".
func TestFullDiskIsReported(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("open /dev/full: %v", err)
	}
	w := &Writer{journal: &appender{file: f}}
	err = w.Event(Event{Kind: Note}, true)
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("append to run directory: write /dev/full")) {
		t.Errorf("error %v", err)
	}
}
