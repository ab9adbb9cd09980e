package annotate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"xinbot.ir/squall/internal/inputfile"
)

// mostFile bounds the file of ids, in bytes.
const mostFile = 4 << 20

// ReadWritten reads the file of ids: the annotations that a run has written. A run without any has no file; a line that was cut
// off is left out.
func ReadWritten(file string) (all []Written, err error) {
	raw, err := inputfile.ReadRegular(file, mostFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read annotations: %w", err)
	}
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		var w Written
		if json.Unmarshal(lines.Bytes(), &w) == nil && w.ID > 0 {
			all = append(all, w)
		}
	}
	return all, nil
}
