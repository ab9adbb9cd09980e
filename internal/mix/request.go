package mix

import (
	"net/url"
	"strings"
	"time"
)

// Request is one request as a log tells of it. What the log does not say is empty.
type Request struct {
	Method string
	Path   string // without query
	Status int
	Time   time.Time

	Tenant    string // ids as the log has them
	Brand     string
	ChannelID string
	Channel   string // name of a channel, such as automation
}

// pathOf is the path of a request's target, which may be a whole URL, without its query.
func pathOf(target string) string {
	target, _, _ = strings.Cut(target, "?")
	target, _, _ = strings.Cut(target, "#")
	if strings.HasPrefix(target, "/") {
		return target
	}
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		return u.Path
	}
	return target
}
