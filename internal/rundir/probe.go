package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
)

// Probe is one line of probes.jsonl: one question to the gateway while a secret was rotated, and its answer.
type Probe struct {
	At      float64 `json:"at"` // when it was sent, in seconds since the start of the run
	Channel string  `json:"channel"`
	Replica string  `json:"replica,omitempty"` // that was asked by itself; "": by the gateway's address
	Signed  string  `json:"signed"`            // old, next, wrong, none
	Answer  string  `json:"answer"`            // accepted, rejected, unavailable, unclear
	Status  int     `json:"status,omitempty"`  // of HTTP; 0: there was no answer
}

// Probes appends probes. The first ones make the file.
func (w *Writer) Probes(all []Probe) error {
	file, err := w.asked.open(filepath.Join(w.dir, ProbesFile))
	if err != nil {
		return err
	}
	var lines []byte
	for _, p := range all {
		line, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode a probe of %s: %w", p.Channel, err)
		}
		lines = append(append(lines, line...), '\n')
	}
	return file.append(lines, false)
}

// EachProbe reads probes.jsonl from its beginning. A run without a rotation has none.
func (r *Run) EachProbe(visit func(Probe)) error {
	err := r.eachLine(ProbesFile, func(line []byte) error {
		if len(line) == 0 { // a writer puts one after a write that stopped short
			return nil
		}
		var p Probe
		if err := json.Unmarshal(line, &p); err != nil {
			return err
		}
		if p.Channel == "" || p.Signed == "" || math.IsNaN(p.At) || p.At < 0 || p.At > maxSeconds {
			return errors.New("a probe without a channel or a signature, or of a time that cannot be")
		}
		visit(p)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
