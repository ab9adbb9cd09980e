package report

import "testing"

// A quarter of an hour of seconds, as the seed's k6 command line asks for: how long the report
// takes on the way out.
func BenchmarkLoad(b *testing.B) {
	dir := synthetic{seconds: 900}.write(b)
	for b.Loop() {
		if _, err := Load(dir); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	dir := synthetic{seconds: 900}.write(b)
	for b.Loop() {
		if _, err := Write(dir); err != nil {
			b.Fatal(err)
		}
	}
}
