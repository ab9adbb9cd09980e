package publish

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Item is something to file an issue about.
type Item struct {
	Key   string // see [Key]
	Title string
	Body  string // Markdown
}

// Key is the same for the same finding in every run, so that it is filed once: what it is about, in words that do not
// change from run to run.
func Key(about ...string) string {
	h := sha256.New()
	for _, a := range about {
		fmt.Fprintf(h, "%d:%s", len(a), a)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Issue is an issue as a tracker has it.
type Issue struct {
	Number int
	URL    string
	Body   string
	Open   bool
	Closed time.Time // zero while it is open
}

// Tracker is where issues are filed.
type Tracker interface {
	// Issues visits the issues of every state until visit returns false.
	Issues(ctx context.Context, visit func(Issue) bool) error
	// Create files an issue.
	Create(ctx context.Context, title, body string, labels []string) (Issue, error)
}

// InvalidError is an issue that a tracker does not take, where it may take others.
type InvalidError struct{ Err error }

func (e *InvalidError) Error() string { return e.Err.Error() }
func (e *InvalidError) Unwrap() error { return e.Err }

// Filed is an item with its issue.
type Filed struct {
	Item
	Issue
	New bool // filed now
}

// Filing is what is to be filed of one run.
type Filing struct {
	Run     string    // its id
	Started time.Time // the run
	Items   []Item
	Labels  []string
}

// File files an issue for each item that has none, and returns the items that have one now. An open issue of an item is
// its issue, and so is one that was filed for this run or closed since the run: a finding that is there although its
// issue was closed before gets a new one. After an error that is about one issue it goes on with the next, after any
// other it stops; the same call files the rest.
func File(ctx context.Context, t Tracker, f Filing) ([]Filed, error) {
	known, err := f.find(ctx, t)
	if err != nil {
		return nil, err
	}
	var filed []Filed
	var errs []error
	for n, item := range f.Items {
		k := known[item.Key]
		if k.current != nil {
			filed = append(filed, Filed{item, *k.current, false})
			continue
		}
		issue, err := t.Create(ctx, clip(item.Title, longestTitle), f.body(item, k.earlier), f.Labels)
		if err == nil {
			filed = append(filed, Filed{item, issue, true})
			known[item.Key] = knownIssues{current: &issue}
			continue
		}
		errs = append(errs, fmt.Errorf("file %q: %w", item.Title, err))
		if left := len(f.Items) - n - 1; !errors.As(err, new(*InvalidError)) {
			if left > 0 {
				errs = append(errs, fmt.Errorf("%d more not tried: the same command files what is left", left))
			}
			break
		}
	}
	return filed, errors.Join(errs...)
}

// knownIssues are the issues of one item.
type knownIssues struct {
	current *Issue // the item's issue
	earlier *Issue // the last that was closed before the run
}

// itemMarker finds the comment in the body of an issue that squall has filed.
var itemMarker = regexp.MustCompile(`<!-- squall:remediation ([0-9a-f]{16}) run=([A-Za-z0-9._-]+) -->`)

// find looks for the issues of the items.
func (f Filing) find(ctx context.Context, t Tracker) (map[string]knownIssues, error) {
	known := map[string]knownIssues{}
	for _, item := range f.Items {
		known[item.Key] = knownIssues{}
	}
	if len(known) == 0 {
		return known, nil
	}
	open := 0
	err := t.Issues(ctx, func(i Issue) bool {
		m := itemMarker.FindStringSubmatch(i.Body)
		if m == nil {
			return true
		}
		k, wanted := known[m[1]]
		switch {
		case !wanted:
			return true
		case i.Open && (k.current == nil || !k.current.Open):
			k.current = &i
			open++
		case !i.Open && k.current == nil && (m[2] == f.Run || i.Closed.After(f.Started)):
			k.current = &i
		case !i.Open && (k.earlier == nil || i.Closed.After(k.earlier.Closed)):
			k.earlier = &i
		}
		known[m[1]] = k
		return open < len(known)
	})
	return known, err
}

// Bounds of GitHub's, and a little less.
const (
	longestTitle = 250
	longestBody  = 60_000
)

// body is the text of an issue with its marker.
func (f Filing) body(item Item, earlier *Issue) string {
	body := clip(item.Body, longestBody)
	if earlier != nil {
		body += fmt.Sprintf("\nIt was seen before: #%d, closed on %s.\n", earlier.Number, earlier.Closed.UTC().Format(time.DateOnly))
	}
	return body + fmt.Sprintf("\n<!-- squall:remediation %s run=%s -->\n", item.Key, f.Run)
}

// clip bounds a text, by characters.
func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return cmp.Or(text, "-")
}
