package toxiproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	client "github.com/Shopify/toxiproxy/v2/client"

	"xinbot.ir/squall/internal/cause"
)

const (
	defaultTimeout = 5 * time.Second
	maxAnswer      = 8 << 20 // bytes
)

// api makes Toxiproxy's calls, each bounded by the timeout.
type api struct {
	base    string // without a slash at the end
	timeout time.Duration
	http    *http.Client
}

// newAPI connects anew for each call. A connection that is kept can be closed by the other side just
// when it is used again, and then it is unknown whether the change was made.
func newAPI(base string, timeout time.Duration) api {
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	return api{
		base: strings.TrimRight(base, "/"), timeout: timeout,
		http: &http.Client{
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
				DialContext: (&net.Dialer{}).DialContext,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// call makes one call; in is sent unless nil, and the answer is read into out unless nil. What
// Toxiproxy refuses is a [*client.ApiError].
func (a api) call(ctx context.Context, method, path string, in, out any) error {
	bounded, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	body, status, err := a.roundTrip(bounded, method, path, in)
	switch {
	case err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s: %w", a.timeout, context.DeadlineExceeded)
	case err != nil:
		return err
	case status < 200 || status > 299:
		return responseError(status, body)
	case out == nil:
		return nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = body
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("is this Toxiproxy's API? %w", cause.Decode(err))
	}
	return nil
}

// roundTrip sends a request and reads the answer to the end.
func (a api) roundTrip(ctx context.Context, method, path string, in any) (body []byte, status int, err error) {
	sent := []byte(nil)
	if in != nil {
		if sent, err = json.Marshal(in); err != nil {
			return nil, 0, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(sent))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("User-Agent", "squall") // Toxiproxy answers no browsers
	request.Header.Set("Content-Type", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return nil, 0, cause.Plain(err)
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return body, response.StatusCode, cause.Plain(err)
}

// version is the server's version.
func (a api) version(ctx context.Context) (string, error) {
	var raw []byte
	if err := a.call(ctx, http.MethodGet, "/version", nil, &raw); err != nil {
		return "", fmt.Errorf("read version of Toxiproxy at %s: %w", a.base, err)
	}
	return parseVersion(raw), nil
}

// proxy reads one proxy with its toxics.
func (a api) proxy(ctx context.Context, name string) (client.Proxy, error) {
	var p client.Proxy
	err := a.call(ctx, http.MethodGet, proxyPath(name), nil, &p)
	if err == nil && p.Name != name {
		err = errors.New("the answer is no proxy of that name: is this Toxiproxy's API?")
	}
	if err != nil {
		return p, fmt.Errorf("read proxy %s at %s: %w", name, a.base, err)
	}
	return p, nil
}

// proxies reads all of them, by name.
func (a api) proxies(ctx context.Context) (all map[string]client.Proxy, err error) {
	if err := a.call(ctx, http.MethodGet, "/proxies", nil, &all); err != nil {
		return nil, fmt.Errorf("list proxies at %s: %w", a.base, err)
	}
	return all, nil
}

// enable switches a proxy on or off. Nothing else is sent, so that nothing else changes: the server
// keeps what is not named. POST works with every Toxiproxy 2; PATCH only since 2.6.
func (a api) enable(ctx context.Context, name string, on bool) error {
	change := struct {
		Enabled bool `json:"enabled"`
	}{on}
	return a.call(ctx, http.MethodPost, proxyPath(name), change, nil)
}

// toxic reads one toxic.
func (a api) toxic(ctx context.Context, proxy, name string) (t client.Toxic, err error) {
	err = a.call(ctx, http.MethodGet, toxicPath(proxy, name), nil, &t)
	if err == nil && t.Name != name {
		err = errors.New("the answer is no toxic of that name: is this Toxiproxy's API?")
	}
	return t, err
}

// add creates a toxic.
func (a api) add(ctx context.Context, proxy string, t client.Toxic) error {
	return a.call(ctx, http.MethodPost, proxyPath(proxy)+"/toxics", t, nil)
}

// change gives the toxic of that name other attributes and toxicity, on the connections that it is on
// too. Its type and stream stay.
func (a api) change(ctx context.Context, proxy string, t client.Toxic) error {
	change := struct {
		Toxicity   float32           `json:"toxicity"`
		Attributes client.Attributes `json:"attributes"`
	}{t.Toxicity, t.Attributes}
	return a.call(ctx, http.MethodPost, toxicPath(proxy, t.Name), change, nil)
}

// remove deletes a toxic. An error does not mean that it is still there.
func (a api) remove(ctx context.Context, proxy, name string) error {
	return a.call(ctx, http.MethodDelete, toxicPath(proxy, name), nil, nil)
}

func proxyPath(name string) string { return "/proxies/" + url.PathEscape(name) }

func toxicPath(proxy, name string) string {
	return proxyPath(proxy) + "/toxics/" + url.PathEscape(name)
}
