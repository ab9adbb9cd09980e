package report

import (
	"os"
	"testing"
)

func TestScratch(t *testing.T) {
	for n, s := range map[string]synthetic{"closed": {saturated: true}, "open": {open: true, killed: true, adminOff: true}} {
		dir := s.write(t)
		r, err := Write(dir)
		if err != nil {
			t.Fatal(err)
		}
		os.RemoveAll("/tmp/squall/out-" + n)
		os.CopyFS("/tmp/squall/out-"+n, os.DirFS(dir))
		t.Log(r.Text)
	}
}
