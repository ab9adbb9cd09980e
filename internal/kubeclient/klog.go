package kubeclient

import (
	"io"
	"log/slog"

	"k8s.io/klog/v2"
)

// RedirectKlog sends what client-go logs to w, or nowhere if w is nil. client-go logs through klog, which
// writes to stderr by default and so would break the screen; klog is the process's, so this is called
// once, by main, before anything of this package.
func RedirectKlog(w io.Writer) {
	if w == nil {
		w = io.Discard
	}
	// Not klog.SetOutput: with that, errors go to stderr as well.
	klog.SetSlogLogger(slog.New(slog.NewTextHandler(w, nil)))
}
