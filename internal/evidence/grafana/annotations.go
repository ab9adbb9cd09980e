package grafana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

// annotationTimeout bounds a call, so that the end of a run waits for none.
const annotationTimeout = 4 * time.Second

// mostAnnotations is how many of a run are looked for.
const mostAnnotations = "5000"

// Annotations are those of a Grafana's organization: every dashboard can show them, by their tags.
type Annotations struct{ server *server }

// NewAnnotations checks a configuration. It contacts nothing.
func NewAnnotations(c client.Config) (*Annotations, error) {
	c.Timeout = annotationTimeout
	s, err := newServer(c)
	if err != nil {
		return nil, err
	}
	return &Annotations{s}, nil
}

// Where is the address of the Grafana, without credentials.
func (a *Annotations) Where() string { return a.server.way.URL().String() }

// Close closes connections that are not in use.
func (a *Annotations) Close() { a.server.closeIdle() }

type annotationBody struct {
	Text string   `json:"text,omitempty"`
	Tags []string `json:"tags,omitempty"`
	From int64    `json:"time,omitempty"` // milliseconds
	To   int64    `json:"timeEnd,omitempty"`
}

// Add writes an annotation; with an end it is a region.
func (a *Annotations) Add(ctx context.Context, text string, tags []string, from, to time.Time) (id int64, err error) {
	body := annotationBody{Text: text, Tags: tags, From: from.UnixMilli()}
	if !to.IsZero() {
		body.To = to.UnixMilli()
	}
	answer, err := a.send(ctx, http.MethodPost, body, "api", "annotations")
	if err != nil {
		return 0, fmt.Errorf("add an annotation: %w", err)
	}
	var added struct {
		ID int64 `json:"id"`
	}
	if err := json.Unmarshal(answer, &added); err != nil || added.ID <= 0 {
		return 0, fmt.Errorf("add an annotation: %w", &evidence.Problem{Cause: evidence.Malformed, Detail: "it does not say the id of the annotation"})
	}
	return added.ID, nil
}

// End makes a region of an annotation.
func (a *Annotations) End(ctx context.Context, id int64, to time.Time) error {
	if _, err := a.send(ctx, http.MethodPatch, annotationBody{To: to.UnixMilli()}, "api", "annotations", strconv.FormatInt(id, 10)); err != nil {
		return fmt.Errorf("end annotation %d: %w", id, err)
	}
	return nil
}

func (a *Annotations) send(ctx context.Context, method string, body annotationBody, path ...string) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return a.server.call(ctx, method, raw, path...)
}

// RemoveTagged removes the annotations that have all of the tags, and returns how many there were.
func (a *Annotations) RemoveTagged(ctx context.Context, tags ...string) (removed int, err error) {
	address := a.server.way.URL().JoinPath("api", "annotations")
	address.RawQuery = url.Values{"tags": tags, "type": {"annotation"}, "limit": {mostAnnotations}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return 0, fmt.Errorf("find annotations: %w", err)
	}
	resp, err := a.server.way.HTTP.Do(req)
	if err != nil {
		return 0, fmt.Errorf("find annotations: %w", client.Cause(err))
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, fmt.Errorf("find annotations: %w", err)
	}
	var all []struct {
		ID   int64    `json:"id"`
		Tags []string `json:"tags"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return 0, fmt.Errorf("find annotations: %w", &evidence.Problem{Cause: evidence.Malformed, Detail: evidence.Excerpt(err.Error())})
	}
	var errs []error
	for _, one := range all {
		// A server that pays no attention to the tags would have everybody's removed.
		if slices.ContainsFunc(tags, func(tag string) bool { return !slices.Contains(one.Tags, tag) }) {
			continue
		}
		_, err := a.server.call(ctx, http.MethodDelete, nil, "api", "annotations", strconv.FormatInt(one.ID, 10))
		if err != nil && !errors.Is(err, &evidence.Problem{Cause: evidence.NotFound}) {
			errs = append(errs, fmt.Errorf("remove annotation %d: %w", one.ID, err))
			continue
		}
		removed++
	}
	return removed, errors.Join(errs...)
}
