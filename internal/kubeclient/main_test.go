package kubeclient

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	RedirectKlog(nil)
	goleak.VerifyTestMain(m)
}
