package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xinbot.ir/squall/internal/event"
)

// Files that are removed, replaced or cut short while a run is written are noticed; files in their place are not.
func TestCheckNoticesFilesThatAreTakenAway(t *testing.T) {
	for name, take := range map[string]func(path string) error{
		"left alone": nil,
		"removed":    os.Remove,
		"cut short":  func(path string) error { return os.Truncate(path, 3) },
		"replaced": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, make([]byte, 4096), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w, err := Create(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Event(event.Make(time.Now(), 0, event.By(event.RoleSquall), event.Noted{Note: "so that there is something to lose"})); err != nil {
				t.Fatal(err)
			}
			if take != nil {
				if err := take(filepath.Join(dir, JournalFile)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Check(); errors.Is(err, ErrTakenAway) != (take != nil) {
				t.Errorf("error %v", err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
