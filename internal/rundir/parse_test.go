package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/load"
	"xinbot.ir/squall/load/metric"
)

func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"time":"2026-07-30T09:15:00Z","at":1.5,"kind":"noted","by":{"role":"operator"},"data":{"note":"hello"}}`))
	f.Add([]byte(`{"at":-1,"kind":"note"}`))
	f.Add([]byte(`{"at":1e300,"kind":"note"}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := parseEvent(line)
		if err != nil {
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
	h := metric.NewHistogram()
	if err := h.RecordValue(1234); err != nil {
		f.Fatal(err)
	}
	obs := load.Registry().NewObservation()
	obs.Latency[0] = h
	lines, err := new(encoder).appendHistograms(appendHistogramHeader(nil, time.Unix(1, 0)), Second{At: 3, Length: 1}, obs)
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
		if bars, err := new(decoder).decode(iv.payload); err == nil {
			bars.AddTo(metric.NewHistogram())
		}
	})
}

// hdrhistogram-go reads what we encode, and we read what it encodes, whatever the histogram holds.
func FuzzBars(f *testing.F) {
	f.Add(int64(1), int64(7), uint8(3))
	f.Add(int64(metric.HighestMicros), int64(1)<<40, uint8(1))
	f.Add(int64(2047), int64(2), uint8(3))
	f.Add(int64(2048), int64(2), uint8(5))
	f.Fuzz(func(t *testing.T, value, count int64, digits uint8) {
		h := hdr.New(metric.LowestMicros, metric.HighestMicros, int(digits))
		for i := range int64(20) {
			_ = h.RecordValues((value+i*i*977)&(1<<28-1), count>>(i+9)) // out of bounds: refused, and so not in it
		}
		payload, err := h.EncodeV2()
		if err != nil {
			t.Fatal(err)
		}
		e, d := new(encoder), new(decoder)
		for range 2 { // the second time with used buffers
			ours, err := e.append(nil, h)
			if err != nil {
				t.Fatal(err)
			}
			if theirs, err := hdr.Decode(ours); err != nil || !theirs.Equals(h) {
				t.Errorf("hdrhistogram-go does not read what we encode: %v", err)
			}
			bars, err := d.decode(payload)
			if err != nil {
				t.Fatal(err)
			}
			again := hdr.New(metric.LowestMicros, metric.HighestMicros, int(digits))
			if dropped := bars.AddTo(again); dropped != 0 || !again.Equals(h) || bars.Count() != h.TotalCount() {
				t.Errorf("decoded %d of %d values, %d dropped", bars.Count(), h.TotalCount(), dropped)
			}
		}
	})
}

// A payload of anyone's making is refused or read, and never harms.
func FuzzPayload(f *testing.F) {
	h := metric.NewHistogram()
	if err := errors.Join(h.RecordValues(1234, 5), h.RecordValue(99_999)); err != nil {
		f.Fatal(err)
	}
	payload, err := h.EncodeV2()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add(payload[:len(payload)/2])
	f.Add([]byte("HISTFAAA"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		bars, err := new(decoder).decode(payload)
		if err != nil {
			return
		}
		for i, bar := range bars {
			if bar.Count <= 0 || bar.Value < 0 || i > 0 && bar.Value <= bars[i-1].Value {
				t.Errorf("bar %d is %+v", i, bar)
			}
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
	err = w.Event(event.Make(time.Time{}, 0, event.By(event.RoleOperator), event.Noted{}))
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("append to run directory: write /dev/full")) {
		t.Errorf("error %v", err)
	}
}

// What a generator spends each second on keeping one series.
func BenchmarkEncode(b *testing.B) {
	h := metric.NewHistogram()
	for i := range int64(2000) {
		_ = h.RecordValue(20_000 + i*i%90_000)
	}
	e := new(encoder)
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if line, err = e.append(line[:0], h); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(line)), "bytes/line")
}
