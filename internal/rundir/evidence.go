package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"xinbot.ir/squall/internal/inputfile"
)

// EvidenceFile names the index of the evidence, in its directory.
const EvidenceFile = "index.json"

// Evidence is a file with what a source gave.
type Evidence struct {
	Source string        `json:"source"`
	File   string        `json:"file"`  // in the directory of the evidence
	Title  string        `json:"title"` // what it holds
	Panel  string        `json:"panel,omitempty"`
	Unit   string        `json:"unit,omitempty"` // of the panel's values
	Query  string        `json:"query,omitempty"`
	Rows   int           `json:"rows"`
	Lines  []EvidenceRef `json:"lines,omitempty"`
	Gaps   []EvidenceGap `json:"gaps,omitempty"` // what is missing in it

	// Salvaged is a file of a run that ended before its sources wrote theirs: it has what was read while the run went on.
	Salvaged bool `json:"salvaged,omitempty"`
}

// EvidenceRef is a value that matters on a panel, such as its target.
type EvidenceRef struct {
	Value float64 `json:"value"`
	Text  string  `json:"text"`
}

// EvidenceGap is a time that a file does not have.
type EvidenceGap struct {
	From   float64 `json:"from"` // seconds since the start of the run
	Until  float64 `json:"until"`
	Reason string  `json:"reason"`
}

// mostIndex bounds the index that is read, in bytes.
const mostIndex = 16 << 20

// SaveEvidence writes the index of the evidence of a run, whose directory is there.
func SaveEvidence(dir string, all []Evidence) error {
	raw, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write the index of the evidence: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, EvidenceDir, EvidenceFile), append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the index of the evidence: %w", err)
	}
	return nil
}

// LoadEvidence reads the index of the evidence of a run; none for a run without any. Files outside of the directory are
// refused.
func LoadEvidence(dir string) ([]Evidence, error) {
	path := filepath.Join(dir, EvidenceDir, EvidenceFile)
	raw, err := inputfile.ReadRegular(path, mostIndex)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the index of the evidence: %w", err)
	}
	var all []Evidence
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("read the index of the evidence: %w", err)
	}
	for _, e := range all {
		if e.File != filepath.Base(e.File) || strings.HasPrefix(e.File, ".") || e.File == "" {
			return nil, fmt.Errorf("read the index of the evidence: %q is no name of a file", e.File)
		}
	}
	return all, nil
}
