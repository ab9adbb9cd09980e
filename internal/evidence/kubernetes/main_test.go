package kubernetes

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/testcluster"
)

// shared is the cluster of all tests here.
var shared = testcluster.NewShared()

func TestMain(m *testing.M) {
	kubeclient.RedirectKlog(nil)
	code := m.Run()
	shared.Close()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
