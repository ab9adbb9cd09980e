package report

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkExports writes each document of eight hours. It prints its size.
func BenchmarkExports(b *testing.B) {
	run, err := Load(longRun{seconds: 8 * 3600, faults: 20}.write(b))
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range exports {
		b.Run(e.Name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "x")
			for b.Loop() {
				if err := e.Save(run, path); err != nil {
					b.Fatal(err)
				}
			}
			size := int64(0)
			for _, p := range e.Paths(path) {
				info, err := os.Stat(p)
				if err != nil {
					b.Fatal(err)
				}
				size += info.Size()
			}
			b.ReportMetric(float64(size)/1e6, "MB")
		})
	}
}
