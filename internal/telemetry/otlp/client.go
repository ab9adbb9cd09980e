package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"xinbot.ir/squall/internal/cause"
	"xinbot.ir/squall/internal/printable"
)

// Bounds of an answer.
const (
	largestAnswer = 64 << 10        // bytes
	longestSaid   = 200             // characters of the server's own words that are shown
	longestWait   = 5 * time.Minute // that Retry-After may ask for
)

const protobuf = "application/x-protobuf"

// client sends requests by HTTP, each once.
type client struct {
	url       string
	headers   http.Header
	gzip      bool
	userAgent string
	http      *http.Client
}

func newClient(c Config) *client {
	return &client{
		url: c.URL, headers: c.Headers, gzip: c.Gzip, userAgent: c.UserAgent,
		http: &http.Client{
			Transport:     c.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// receipt is what the receiver says of a request that it took.
type receipt struct {
	rejected int    // data points
	said     string // why, or a warning
}

// transientError is a failure that may be over soon.
type transientError struct {
	error
	after time.Duration // that the receiver asks to wait; 0: it does not say
}

func (e *transientError) Unwrap() error { return e.error }

// pack is a request as it is sent, as often as it takes.
func (c *client) pack(request *collector.ExportMetricsServiceRequest) ([]byte, error) {
	raw, err := proto.Marshal(request)
	if err != nil || !c.gzip {
		return raw, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(raw); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// post sends a request once. What may succeed later is a [transientError]. Errors do not name the address.
func (c *client) post(ctx context.Context, packed []byte) (receipt, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(packed))
	if err != nil {
		return receipt{}, err
	}
	for name, values := range c.headers {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", protobuf)
	req.Header.Set("User-Agent", c.userAgent)
	if c.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return receipt{}, &transientError{error: described(err)}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer+1))
	if resp.StatusCode/100 != 2 {
		return receipt{}, refusal(resp, body)
	}
	switch {
	case err != nil:
		return receipt{}, &transientError{error: cause.Plain(err)}
	case len(body) > largestAnswer:
		return receipt{}, fmt.Errorf("the answer %d is longer than %d KiB: something else than a receiver of OTLP is at this address", resp.StatusCode, largestAnswer>>10)
	}
	return took(resp, body)
}

// took reads the answer to a request that succeeded, which may be empty.
func took(resp *http.Response, body []byte) (receipt, error) {
	if len(body) == 0 {
		return receipt{}, nil
	}
	if kind := mediaType(resp); kind != protobuf {
		if kind == "" {
			kind = "an answer of no type"
		}
		return receipt{}, fmt.Errorf("it was answered %d with %s, which OTLP does not: something else is at this address, such as a sign-in page", resp.StatusCode, printable.Line(kind))
	}
	var answer collector.ExportMetricsServiceResponse
	if err := proto.Unmarshal(body, &answer); err != nil {
		return receipt{}, fmt.Errorf("it was answered %d with what is no answer of OTLP", resp.StatusCode)
	}
	partial := answer.GetPartialSuccess()
	return receipt{int(max(0, partial.GetRejectedDataPoints())), excerpt(partial.GetErrorMessage())}, nil
}

// described says why there was no answer.
func described(err error) error {
	if strings.Contains(err.Error(), "malformed HTTP") {
		return errors.New("the answer is not HTTP: OTLP by gRPC, which squall does not speak, has often the port 4317, that by HTTP 4318")
	}
	return cause.Plain(err)
}

// remedies are what helps with an answer.
var remedies = map[int]string{
	http.StatusUnauthorized:         "check the token in OTEL_EXPORTER_OTLP_HEADERS",
	http.StatusForbidden:            "check the token in OTEL_EXPORTER_OTLP_HEADERS",
	http.StatusNotFound:             "nothing takes metrics at this path: a collector has /v1/metrics, a Prometheus that was started with --web.enable-otlp-receiver /api/v1/otlp/v1/metrics",
	http.StatusMethodNotAllowed:     "nothing takes metrics at this path: check the address",
	http.StatusUnsupportedMediaType: "it does not take protobuf, or not the compression",
}

// refusal is the error of an answer that is no success. Only those that OTLP names as such are transient: 429, 502, 503, 504.
func refusal(resp *http.Response, body []byte) error {
	text := fmt.Sprintf("it was answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	if said := words(resp, body); said != "" {
		text += ": " + said
	}
	if resp.StatusCode/100 == 3 {
		text += ": it sends elsewhere, and no redirect is followed, for the headers may hold a secret"
	}
	if remedy := remedies[resp.StatusCode]; remedy != "" {
		text += ": " + remedy
	}
	err := errors.New(text)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &transientError{err, retryAfter(resp.Header.Get("Retry-After"))}
	}
	return err
}

// words are what the receiver itself says of a failure: the message of a google.rpc.Status, which OTLP asks for, or a line of
// text, which Prometheus gives. A page is not read.
func words(resp *http.Response, body []byte) string {
	switch mediaType(resp) {
	case protobuf:
		return excerpt(statusMessage(body))
	case "text/plain":
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		return excerpt(line)
	}
	return ""
}

// statusMessage is field 2 of a google.rpc.Status; "" when there is none.
func statusMessage(body []byte) string {
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 {
			return ""
		}
		body = body[n:]
		if number == 2 && kind == protowire.BytesType {
			text, n := protowire.ConsumeBytes(body)
			if n < 0 {
				return ""
			}
			return string(text)
		}
		if n = protowire.ConsumeFieldValue(number, kind, body); n < 0 {
			return ""
		}
		body = body[n:]
	}
	return ""
}

func mediaType(resp *http.Response) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// excerpt is the beginning of a text from elsewhere, in one line.
func excerpt(text string) string {
	if letters := []rune(text); len(letters) > longestSaid {
		text = string(letters[:longestSaid]) + " …"
	}
	return printable.Line(text)
}

// retryAfter reads the header of this name: seconds, or a date.
func retryAfter(text string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, 0), longestWait)
}
