// Package github files issues through GitHub's REST API, at github.com or a GitHub Enterprise Server.
//
// The token goes to the host of the API and nowhere else: a redirect to another host is not followed. Answers are
// bounded, and the token is taken out of whatever they say.
package github

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"xinbot.ir/squall/internal/cause"

	api "github.com/google/go-github/v84/github"

	"xinbot.ir/squall/internal/errtree"
	"xinbot.ir/squall/internal/publish"
)

// Config says where the issues are, and who files them.
type Config struct {
	API         *url.URL // https://api.github.com, or the address of an Enterprise Server
	Owner, Name string   // of the repository
	Token       string
	UserAgent   string
	TLS         *tls.Config                      // nil: Go's defaults
	Proxy       func(*url.URL) (*url.URL, error) // nil: none
	Timeout     time.Duration                    // of one call
}

// Tracker files issues in one repository. It is a [publish.Tracker].
type Tracker struct {
	client *api.Client
	config Config
}

// The bounds of what is read.
const (
	largestAnswer = 32 << 20 // bytes; a page has at most 100 issues of at most 64 KiB
	mostPages     = 1000
	perPage       = 100
)

// New makes a tracker; it opens no connection.
func New(c Config) (*Tracker, error) {
	transport := &http.Transport{TLSClientConfig: c.TLS, ForceAttemptHTTP2: true}
	if c.Proxy != nil {
		transport.Proxy = func(r *http.Request) (*url.URL, error) { return c.Proxy(r.URL) }
	}
	client, err := api.NewClient(&http.Client{
		Timeout:       c.Timeout,
		Transport:     &authorized{next: transport, host: c.API, token: c.Token},
		CheckRedirect: checkRedirect,
	}).WithEnterpriseURLs(c.API.String(), c.API.String())
	if err != nil {
		return nil, fmt.Errorf("address of GitHub's API: %w", err)
	}
	client.UserAgent = c.UserAgent
	return &Tracker{client: client, config: c}, nil
}

// authorized sends the token to one host alone, and bounds answers.
type authorized struct {
	next  http.RoundTripper
	host  *url.URL
	token string
}

func (a *authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	if sameOrigin(r.URL, a.host) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, largestAnswer), response.Body}
	return response, nil
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }

// elsewhereError is a redirect that is not followed.
type elsewhereError struct{ host string }

func (e *elsewhereError) Error() string { return "it sends squall on to " + e.host }

// checkRedirect follows redirects within the API, as GitHub has them for a repository with a new name, and only if
// they do not turn the filing of an issue into a question.
func checkRedirect(r *http.Request, via []*http.Request) error {
	switch first := via[0]; {
	case !sameOrigin(r.URL, first.URL):
		return &elsewhereError{r.URL.Host}
	case r.Method != first.Method:
		return errors.New("the repository has another name now: give that with --issues")
	case len(via) > 5:
		return errors.New("it sends squall round in circles")
	}
	return nil
}

// Issues visits the issues of the repository, newest first, page by page.
func (t *Tracker) Issues(ctx context.Context, visit func(publish.Issue) bool) error {
	options := &api.IssueListByRepoOptions{State: "all", ListOptions: api.ListOptions{PerPage: perPage}}
	for range mostPages {
		issues, response, err := t.client.Issues.ListByRepo(ctx, t.config.Owner, t.config.Name, options)
		if err != nil {
			return t.explain("list the issues", err)
		}
		for _, i := range issues {
			if i.IsPullRequest() {
				continue
			}
			issue, err := t.issue(i)
			if err != nil {
				return t.explain("list the issues", err)
			}
			if !visit(issue) {
				return nil
			}
		}
		// Long lists are continued by a cursor, short ones by a number.
		switch after, page := response.After, response.NextPage; {
		case after == "" && page == 0:
			return nil
		case after == options.After && page <= options.ListOptions.Page:
			return t.explain("list the issues", errors.New("the next page is the same again"))
		default:
			options.After, options.ListOptions.Page = after, page
		}
	}
	return t.explain("list the issues", fmt.Errorf("there are more than %d", mostPages*perPage))
}

// Create files an issue.
func (t *Tracker) Create(ctx context.Context, title, body string, labels []string) (publish.Issue, error) {
	request := &api.IssueRequest{Title: &title, Body: &body}
	if len(labels) > 0 {
		request.Labels = &labels
	}
	i, _, err := t.client.Issues.Create(ctx, t.config.Owner, t.config.Name, request)
	if err != nil {
		return publish.Issue{}, t.explain("create an issue", err)
	}
	issue, err := t.issue(i)
	if err != nil {
		return publish.Issue{}, t.explain("create an issue", err)
	}
	return issue, nil
}

// linkable are addresses that stand in a Markdown link as they are.
var linkable = regexp.MustCompile(`^https?://[A-Za-z0-9._~:/?#@!$&'*+,;=%-]+$`)

// issue takes what is needed of an answer. It goes into documents, so it is looked at first.
func (t *Tracker) issue(i *api.Issue) (publish.Issue, error) {
	address := t.redact(i.GetHTMLURL())
	if i.GetNumber() <= 0 || !linkable.MatchString(address) {
		return publish.Issue{}, errors.New("the answer is no issue: is this the address of GitHub's API?")
	}
	return publish.Issue{Number: i.GetNumber(), URL: address, Body: i.GetBody(), Open: i.GetState() != "closed", Closed: i.GetClosedAt().Time}, nil
}

func (t *Tracker) redact(text string) string {
	if t.config.Token == "" {
		return text
	}
	return strings.ReplaceAll(text, t.config.Token, "***")
}

// explain says what went wrong and what to do.
func (t *Tracker) explain(what string, err error) error {
	repository := t.config.Owner + "/" + t.config.Name
	return errtree.Redact(fmt.Errorf("%s of %s: %w", what, repository, explain(err, repository)), t.redact)
}

func explain(err error, repository string) error {
	var limit *api.RateLimitError
	var secondary *api.AbuseRateLimitError
	var refused *api.ErrorResponse
	var away *elsewhereError
	var wrapped *url.Error
	switch {
	case errors.As(err, &limit):
		return fmt.Errorf("GitHub's rate limit is used up: try again after %s", limit.Rate.Reset.UTC().Format("15:04:05 MST"))
	case errors.As(err, &secondary) && secondary.RetryAfter != nil:
		return fmt.Errorf("GitHub wants fewer calls: try again in %s", secondary.RetryAfter.Round(time.Second))
	case errors.As(err, &secondary):
		return errors.New("GitHub wants fewer calls: try again in a few minutes")
	case errors.As(err, &refused):
		return refusal(refused, repository)
	case errors.As(err, &away):
		return fmt.Errorf("%w, which gets no token from it: give the right address with --github-url", away)
	case errors.As(err, &wrapped):
		return cause.Plain(err) // method and address of the call say nothing more
	case errors.As(err, new(*json.SyntaxError)), errors.As(err, new(*json.UnmarshalTypeError)), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the answer is not one of GitHub's API: is this its address? (%w)", cause.Decode(err))
	}
	return err
}

// refusal is an answer that is an error, with GitHub's own words.
func refusal(r *api.ErrorResponse, repository string) error {
	status := r.Response.StatusCode
	said := fmt.Sprintf("GitHub answers %d", status)
	if message := details(r); message != "" {
		said += " (" + message + ")"
	}
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s: it does not take the token: set GITHUB_TOKEN to one that is valid", said)
	case status == http.StatusForbidden:
		return fmt.Errorf("%s: the token must have the right to write issues of %s", said, repository)
	case status == http.StatusNotFound:
		return fmt.Errorf("%s: there is no such repository, or the token must not see it", said)
	case status == http.StatusGone:
		return fmt.Errorf("%s: the repository has its issues switched off", said)
	case status == http.StatusTooManyRequests:
		return fmt.Errorf("%s: try again in a few minutes", said)
	case status == http.StatusUnprocessableEntity:
		return &publish.InvalidError{Err: errors.New(said)}
	case status >= http.StatusInternalServerError:
		return fmt.Errorf("%s: try again later; an issue that was filed all the same is found then", said)
	}
	return errors.New(said)
}

// longestMessage bounds what an answer may say, in characters.
const longestMessage = 200

func details(r *api.ErrorResponse) string {
	parts := []string{r.Message}
	for _, e := range r.Errors {
		parts = append(parts, strings.TrimSpace(e.Field+" "+e.Code+" "+e.Message))
	}
	text := strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
	if runes := []rune(text); len(runes) > longestMessage {
		text = string(runes[:longestMessage]) + "…"
	}
	return text
}
