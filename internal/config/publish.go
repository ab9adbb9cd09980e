package config

import (
	"crypto/tls"
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode"

	"xinbot.ir/squall/internal/errtree"
)

// Copies is where the documents of a run go beside the run directory.
type Copies struct {
	Evidence string // directory below which there is a folder of the day; "" for none
	Zip      string // file; "" for none
}

func (l *resolver) copies() Copies {
	return Copies{Evidence: read(l, evidenceDir, parseText), Zip: read(l, zipFile, parseText)}
}

// ResolveCopies settles the settings of squall report.
func ResolveCopies(in Input) (Copies, error) {
	in.Command = ForReport
	l, err := collect(in)
	if err != nil {
		return Copies{}, err
	}
	return l.copies(), errors.Join(l.problems...)
}

// Publish is the configuration of squall publish, checked.
type Publish struct {
	Copies            // Evidence is below Repo, unless it is absolute
	Repo              string
	Playbook, Roadmap string  // below Repo, unless they are absolute
	ReleaseLog        string  // heading
	Release           string  // "": nobody has named it
	Issues            *Issues // nil: none are filed
	Warnings          []string
}

// Issues is where issues are filed, and by whom.
type Issues struct {
	Owner, Name string
	Labels      []string
	API         *url.URL
	Token       Secret
	UserAgent   string
	TLS         *tls.Config
	Proxy       func(*url.URL) (*url.URL, error)
	Timeout     time.Duration
}

// issuesTimeout is the longest that one call to GitHub may take.
const issuesTimeout = 30 * time.Second

// ResolvePublish settles the settings of squall publish. A token is not needed when the network is not used.
func ResolvePublish(in Input, offline bool) (Publish, error) {
	in.Command = ForPublish
	l, err := collect(in)
	if err != nil {
		return Publish{}, err
	}
	p := Publish{
		Copies:     l.copies(),
		Repo:       l.inside(publishRepo, read(l, publishRepo, parseText)),
		ReleaseLog: read(l, releaseLog, parseText),
	}
	p.Playbook, p.Roadmap = below(p.Repo, read(l, playbookFile, parseText)), below(p.Repo, read(l, roadmapFile, parseText))
	p.Evidence = below(p.Repo, p.Evidence)
	if release := read(l, releaseName, parseRelease); l.values[releaseName].set() {
		p.Release = release
	}
	p.Issues = l.issues(in, offline)
	if len(l.problems) > 0 {
		hide := func(text string) string { return text }
		if token := l.values[gitHubToken].text(); token != "" {
			hide = func(text string) string { return strings.ReplaceAll(text, token, "***") }
		}
		for n, problem := range l.problems {
			l.problems[n] = errtree.Redact(problem, hide)
		}
		return Publish{}, errors.Join(l.problems...)
	}
	if p.Issues != nil && p.Issues.Token.Set() && isPlainText(p.Issues.API) {
		p.Warnings = append(p.Warnings, "the token of GitHub travels unencrypted to "+p.Issues.API.Host)
	}
	return p, nil
}

// issues is nil when none are to be filed.
func (l *resolver) issues(in Input, offline bool) *Issues {
	repository := read(l, issuesIn, parseRepository)
	if !l.values[issuesIn].set() {
		return nil
	}
	owner, name, _ := strings.Cut(repository, "/")
	i := &Issues{
		Owner: owner, Name: name, Labels: readLines(l, issueLabels, nil, parseText),
		API: read(l, gitHubURL, parseURL), Token: NewSecret(strings.TrimSpace(l.values[gitHubToken].text())), UserAgent: "squall/" + in.Version,
		TLS: l.tlsConfig(), Proxy: l.proxy(), Timeout: issuesTimeout,
	}
	if !i.Token.Set() && !offline {
		l.problem("%s: there is no token: set GITHUB_TOKEN to one that may read and write issues of %s", describe(issuesIn, l.values[issuesIn].source), repository)
	}
	return i
}

// below is a path below a directory, unless it is absolute or none.
func below(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// parseRelease accepts what can stand in back-quotes in a cell of a table.
func parseRelease(text string) (string, error) {
	bad := strings.IndexFunc(text, func(r rune) bool { return r == '`' || r == '|' || !unicode.IsPrint(r) })
	return orRefused(text, bad < 0 && strings.TrimSpace(text) == text && text != "")
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+$`)

func parseRepository(text string) (string, error) {
	return orRefused(text, repositoryName.MatchString(text) && !strings.HasSuffix(text, "/.") && !strings.HasSuffix(text, "/.."))
}
