package load

import "bytes"

// isAccepted reports whether a gateway's body says {"status":"accepted"}, whatever its spacing.
func isAccepted(body []byte) bool {
	_, rest, found := bytes.Cut(body, []byte(`"status"`))
	if !found {
		return false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n:")
	return bytes.HasPrefix(rest, []byte(`"accepted"`))
}
