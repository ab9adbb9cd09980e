package config

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// OTLP is how metrics of the run are sent to a receiver of OpenTelemetry's protocol.
type OTLP struct {
	URL      *url.URL // that requests go to, whole; nil: nothing is sent
	Headers  http.Header
	Gzip     bool
	Interval time.Duration     // between two exports
	Timeout  time.Duration     // of one
	Resource map[string]string // attributes

	written string // the headers as they were given
}

// What else OpenTelemetry's specifications of the protocol and of its exporter fix.
const (
	metricsPath     = "/v1/metrics"
	otlpDefault     = "http://localhost:4318" + metricsPath
	otlpEnvironment = "env" // the word for: the address is in the environment
	httpProtobuf    = "http/protobuf"
	gzipCompression = "gzip"
)

// otlp is read only if it is asked for: the variables may be meant for other programs.
func (l *resolver) otlp() (o OTLP) {
	if !l.values[otlpURL].set() {
		return OTLP{}
	}
	if o.URL = read(l, otlpURL, parseReceiver); o.URL == nil {
		o.URL = read(l, otlpEndpoint, parseURL)
	}
	o.Headers, o.written = read(l, otlpHeaders, parseHeaders), l.values[otlpHeaders].text()
	o.Gzip = read(l, otlpCompression, parseOneOf("none", gzipCompression)) == gzipCompression
	o.Interval = read(l, otlpInterval, parseDuration(shortestReading))
	o.Timeout = read(l, otlpTimeout, parseDuration(time.Millisecond))
	if o.Resource = read(l, otlpResource, parsePairs); o.Resource == nil {
		o.Resource = map[string]string{}
	}
	if name := l.values[otlpService]; name.set() {
		o.Resource["service.name"] = name.text()
	}
	read(l, otlpProtocol, func(text string) (string, error) {
		if text != httpProtobuf {
			return "", errors.New("squall sends it by HTTP alone, and the port for that is often 4318")
		}
		return text, nil
	})
	return o
}

// parseReceiver reads where to send to: nil for the address of the environment.
func parseReceiver(text string) (*url.URL, error) {
	if text == otlpEnvironment {
		return nil, nil //nolint:nilnil // there is another place to look
	}
	return parseURL(strings.TrimSuffix(strings.TrimSuffix(text, "/"), metricsPath) + metricsPath)
}

// withMetricsPath is the address of metrics below a base address.
func withMetricsPath(base string) string { return strings.TrimRight(base, "/") + metricsPath }

// milliseconds reads a bare number as milliseconds, which is what OpenTelemetry means by it.
func milliseconds(text string) string {
	if _, err := strconv.ParseUint(text, 10, 32); err == nil {
		return text + "ms"
	}
	return text
}

// parsePairs reads key1=value1,key2=value2 with values as in URLs, which is how OpenTelemetry writes headers and attributes.
func parsePairs(text string) (map[string]string, error) {
	pairs := map[string]string{}
	for _, pair := range strings.Split(text, ",") {
		if strings.TrimSpace(pair) == "" { // a comma at the end
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		key = strings.TrimSpace(key)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || key == "" || err != nil {
			return nil, refusedError{}
		}
		pairs[key] = value
	}
	return pairs, nil
}

// parseHeaders reads headers of requests. Those of the transport itself cannot be among them.
func parseHeaders(text string) (http.Header, error) {
	pairs, err := parsePairs(text)
	if err != nil {
		return nil, err
	}
	headers := http.Header{}
	for name, value := range pairs {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, refusedError{}
		}
		headers.Set(name, value)
	}
	return headers, nil
}

// secrets are the values of headers, as they were written, too, and what follows the scheme of an authorization.
func (o OTLP) secrets() (all []string) {
	for _, pair := range strings.Split(o.written, ",") {
		_, value, _ := strings.Cut(pair, "=")
		all = append(all, strings.TrimSpace(value))
	}
	for _, values := range o.Headers {
		for _, value := range values {
			all = append(all, value)
			if _, credential, ok := strings.Cut(value, " "); ok {
				all = append(all, credential)
			}
		}
	}
	return all
}

// warnings are about what others on the network can see.
func (o OTLP) warnings(warn func(format string, args ...any)) {
	if o.URL != nil && len(o.Headers) > 0 && isPlainText(o.URL) {
		warn("the headers for OTLP travel unencrypted to %s", o.URL.Host)
	}
}
