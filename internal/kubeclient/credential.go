package kubeclient

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// credentialWatcher sees what is sent to the API server as a credential, whoever made it: the kubeconfig, a login
// program, a file that changes.
type credentialWatcher struct {
	next http.RoundTripper
	hide func(secrets ...string)
}

// RoundTrip sends the request as it is.
func (w credentialWatcher) RoundTrip(r *http.Request) (*http.Response, error) {
	if kind, value, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		w.hide(value)
		if plain, err := base64.StdEncoding.DecodeString(value); err == nil && strings.EqualFold(kind, "basic") {
			_, password, _ := strings.Cut(string(plain), ":")
			w.hide(password)
		}
	}
	return w.next.RoundTrip(r)
}

// WrappedRoundTripper lets client-go find the transport below, to close its connections.
func (w credentialWatcher) WrappedRoundTripper() http.RoundTripper { return w.next }
