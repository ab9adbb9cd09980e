package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"xinbot.ir/squall/internal/cause"

	"github.com/slack-go/slack"
)

// Bounds of one message.
const (
	attemptTimeout = 5 * time.Second
	retryDelay     = time.Second      // after a failure of Slack's own
	longestWait    = 30 * time.Second // that Slack may ask for; a message that waits longer is no news
	largestAnswer  = 4 << 10          // bytes; a right one has two
	longestText    = 3000             // characters; Slack cuts at 40,000
)

// Slack sends to an incoming webhook, whose address is a secret.
type Slack struct {
	webhook string
	client  *http.Client
	wait    func(ctx context.Context, d time.Duration) error
}

// NewSlack sends through a transport, which says by which proxy and whom to trust.
func NewSlack(webhook string, transport http.RoundTripper) *Slack {
	return &Slack{
		webhook: webhook,
		client: &http.Client{
			Transport: boundedAnswers{transport}, Timeout: attemptTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		wait: wait,
	}
}

// Send sends a text, and tries once more when Slack asks for that or fails itself. The error does not name the address.
func (s *Slack) Send(ctx context.Context, text string) error {
	err := s.post(ctx, text)
	limited, failed := new(slack.RateLimitedError), slack.StatusCodeError{}
	switch {
	case errors.As(err, &limited) && limited.RetryAfter > longestWait:
		return fmt.Errorf("send to Slack: it asks to wait for %s, which is too long", limited.RetryAfter)
	case errors.As(err, &limited):
		err = s.again(ctx, limited.RetryAfter, text)
	case errors.As(err, &failed) && (failed.Code >= 500 || failed.Code == http.StatusTooManyRequests):
		err = s.again(ctx, retryDelay, text)
	}
	if err != nil {
		return fmt.Errorf("send to Slack: %w", describe(err))
	}
	return nil
}

func (s *Slack) again(ctx context.Context, after time.Duration, text string) error {
	if err := s.wait(ctx, max(0, after)); err != nil {
		return err
	}
	return s.post(ctx, text)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return errors.New("the run has ended")
	}
}

// post sends a text once.
func (s *Slack) post(ctx context.Context, text string) error {
	said := new(answer)
	err := slack.PostWebhookCustomHTTPContext(context.WithValue(ctx, answerKey{}, said), s.webhook, s.client,
		&slack.WebhookMessage{Text: escape(text), Parse: "none"})
	status := slack.StatusCodeError{}
	switch {
	case errors.As(err, &status) && word.MatchString(said.text):
		return &saidError{status, said.text}
	case err == nil && said.text != "ok":
		return errors.New("it was answered 200 and not ok: something else than Slack is at this address, such as a sign-in page")
	}
	return err
}

// word is what Slack says of a mistake: no_service, invalid_payload.
var word = regexp.MustCompile(`^[a-z_]{2,60}$`)

// saidError is a status with Slack's word for it.
type saidError struct {
	slack.StatusCodeError
	word string
}

func (e *saidError) Error() string { return e.StatusCodeError.Error() + ": " + e.word }
func (e *saidError) Unwrap() error { return e.StatusCodeError }

// describe leaves the address out of an error, and adds what would help.
func describe(err error) error {
	if failed := new(url.Error); errors.As(err, &failed) {
		if failed.Timeout() {
			return fmt.Errorf("no answer within %s", attemptTimeout)
		}
		return cause.Plain(err)
	}
	status := slack.StatusCodeError{}
	if !errors.As(err, &status) {
		return err
	}
	switch {
	case status.Code == http.StatusForbidden || status.Code == http.StatusNotFound || status.Code == http.StatusGone:
		return fmt.Errorf("%w: the webhook is gone, or its address is wrong: make a new one in Slack", err)
	case status.Code >= 300 && status.Code < 400:
		return fmt.Errorf("%w: it sends elsewhere, and no redirect is followed with a secret", err)
	}
	return err
}

// escape makes a text one that Slack shows as it is: what is in angle brackets would be a link, or call everybody
// (<!channel>). With parse set to none a bare @channel is a word.
func escape(text string) string {
	if letters := []rune(text); len(letters) > longestText {
		text = string(letters[:longestText]) + " …"
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// answer is what was answered.
type answer struct{ text string }

type answerKey struct{}

// boundedAnswers reads the beginning of each answer, which the library does not look at.
type boundedAnswers struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b boundedAnswers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, largestAnswer))
	closing := resp.Body.Close()
	if err := errors.Join(err, closing); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(raw))
	if said, asked := req.Context().Value(answerKey{}).(*answer); asked {
		said.text = strings.TrimSpace(string(raw))
	}
	return resp, nil
}
