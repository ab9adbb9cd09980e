package load

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets no test leave a goroutine behind, except three of fasthttp that end by themselves
// or never: the cleaner of a client's pool, that of a server's, and the clock of its server.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	)
}
