package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
)

// Sample is one line of samples.jsonl: one value of a panel of the platform's own metrics.
type Sample struct {
	At     float64           `json:"at"` // seconds since the start of the run
	Source string            `json:"source"`
	Panel  string            `json:"panel"`
	Labels map[string]string `json:"labels,omitempty"` // of the series
	Value  float64           `json:"value"`            // in the unit of the panel; a finite number
}

// Samples appends values.
func (w *Writer) Samples(all []Sample) error {
	var lines []byte
	for _, s := range all {
		line, err := json.Marshal(s)
		if err != nil {
			return fmt.Errorf("encode a sample of %s: %w", s.Panel, err)
		}
		lines = append(append(lines, line...), '\n')
	}
	return w.samples.append(lines, false)
}

// EachSample reads samples.jsonl from its beginning. A run of before has none.
func (r *Run) EachSample(visit func(Sample)) error {
	err := r.eachLine(SamplesFile, func(line []byte) error {
		if len(line) == 0 { // a writer puts one after a write that stopped short
			return nil
		}
		var s Sample
		if err := json.Unmarshal(line, &s); err != nil {
			return err
		}
		if s.Panel == "" || math.IsNaN(s.At) || s.At > maxSeconds {
			return errors.New("a sample without a panel, or of a time that cannot be")
		}
		visit(s)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
