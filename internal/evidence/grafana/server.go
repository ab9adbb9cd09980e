package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
	"xinbot.ir/squall/internal/evidence/promapi"
)

// server is a Grafana.
type server struct {
	way     *client.Client
	queries *client.Client // the same, for queries, whose failures are read by who asks
}

func newServer(c client.Config) (*server, error) {
	way, err := client.New(c)
	if err != nil {
		return nil, err
	}
	c.Failures = true
	queries, err := client.New(c)
	return &server{way, queries}, err
}

func (s *server) closeIdle() {
	s.way.CloseIdle()
	s.queries.CloseIdle()
}

// get reads JSON of the API into a value.
func (s *server) get(ctx context.Context, into any, path ...string) error {
	body, err := s.call(ctx, http.MethodGet, nil, path...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &evidence.Problem{Cause: evidence.Malformed, Detail: evidence.Excerpt(err.Error())}
	}
	return nil
}

// version says what answers.
func (s *server) version(ctx context.Context) (string, error) {
	var health struct {
		Version text `json:"version"`
	}
	if err := s.get(ctx, &health, "api", "health"); err != nil {
		return "", err
	}
	if health.Version == "" {
		return "", nil
	}
	return "version " + evidence.Excerpt(string(health.Version)), nil
}

// dashboard reads a dashboard, with the library panels that it shows.
func (s *server) dashboard(ctx context.Context, uid string) (*Dashboard, error) {
	var raw json.RawMessage
	if err := s.get(ctx, &raw, "api", "dashboards", "uid", uid); err != nil {
		return nil, err
	}
	d, err := Parse(raw)
	if err != nil {
		return nil, &evidence.Problem{Cause: evidence.Malformed, Detail: evidence.Excerpt(err.Error())}
	}
	d.UID = uid
	s.fetchLibrary(ctx, d)
	return d, nil
}

// fetchLibrary reads the library panels of a dashboard that did not come with it. What cannot be read stays a problem of
// the panel.
func (s *server) fetchLibrary(ctx context.Context, d *Dashboard) {
	for i, p := range d.Panels {
		if p.Library == "" || p.Problem == nil || !isUID(p.Library) {
			continue
		}
		var element struct {
			Result struct {
				Model json.RawMessage `json:"model"`
			} `json:"result"`
		}
		if err := s.get(ctx, &element, "api", "library-elements", p.Library); err != nil {
			d.Panels[i].Problem = evidence.ProblemOf(err, evidence.Malformed)
			continue
		}
		found := panelOf(withModel(panelDocument{Title: text(p.Title)}, element.Result.Model))
		found.ID, found.scope, found.number = p.ID, p.scope, p.number
		d.Panels[i] = found
	}
}

// isUID reports whether a text can be a uid of Grafana. Anything else in a path could lead elsewhere.
func isUID(text string) bool { return text != "" && fileName(text) == text }

// dataSource is one of Grafana's.
type dataSource struct {
	uid, kind string
	scrape    time.Duration // how often it scrapes; 0: it does not say
}

// defaultScrape is what Grafana takes for a Prometheus that does not say how often it scrapes.
const defaultScrape = 15 * time.Second

func (d dataSource) every() time.Duration {
	if d.scrape > 0 {
		return d.scrape
	}
	return defaultScrape
}

// catalog is what is known of the data sources.
type catalog struct {
	straight bool // there is no Grafana, but a Prometheus that is asked itself
	known    bool // the list is here
	byName   map[string]dataSource
	standard dataSource
	first    map[string]dataSource // of a kind: the default one, or the first
}

// catalog reads which data sources there are. Who may not read the list gets what a dashboard's page does.
func (s *server) catalog(ctx context.Context) catalog {
	type source struct {
		UID, Name, Type text
		IsDefault       bool
		JSONData        struct {
			Interval text `json:"timeInterval"`
		} `json:"jsonData"`
	}
	var list []source
	if err := s.get(ctx, &list, "api", "datasources"); err != nil {
		var settings struct {
			Sources map[string]source `json:"datasources"`
		}
		if err := s.get(ctx, &settings, "api", "frontend", "settings"); err != nil {
			return catalog{}
		}
		for _, name := range slices.Sorted(maps.Keys(settings.Sources)) {
			one := settings.Sources[name]
			one.Name = text(name)
			list = append(list, one)
		}
	}
	c := catalog{known: len(list) > 0, byName: map[string]dataSource{}, first: map[string]dataSource{}}
	for _, one := range list {
		d := dataSource{string(one.UID), string(one.Type), duration(string(one.JSONData.Interval))}
		if _, taken := c.byName[string(one.Name)]; !taken {
			c.byName[string(one.Name)] = d
		}
		c.byName[d.uid] = d
		if _, is := c.first[d.kind]; !is || one.IsDefault {
			c.first[d.kind] = d
		}
		if one.IsDefault {
			c.standard = d
		}
	}
	return c
}

// Names of data sources that are none.
const (
	mixedSource     = "-- Mixed --"
	dashboardSource = "-- Dashboard --"
	expressions     = "__expr__"
)

// find is the data source that a dashboard means, if PromQL can be asked there.
func (c catalog) find(r reference, env environment) (dataSource, *evidence.Problem) {
	r, err := env.reference(r)
	switch {
	case err != nil:
		return dataSource{}, notRunnable("their data source: %v", err)
	case r.name == dashboardSource:
		return dataSource{}, notRunnable("it shows the data of another panel")
	case r.name == expressions || r.kind == expressions || r.name == "-100":
		return dataSource{}, notRunnable("they are expressions that Grafana works out")
	}
	found, problem := c.named(r)
	switch {
	case problem != nil:
		return dataSource{}, problem
	case found.kind != "" && !strings.Contains(found.kind, "prometheus"):
		return dataSource{}, notRunnable("their data source is of the kind %s, and only queries of Prometheus are run", found.kind)
	case !c.straight && !isUID(found.uid):
		return dataSource{}, notRunnable("the uid of their data source is not known")
	}
	return found, nil
}

func (c catalog) named(r reference) (dataSource, *evidence.Problem) {
	if r.name == "default" || r.name == mixedSource {
		r.name = ""
	}
	if found, is := c.byName[r.name]; is && r.name != "" {
		return found, nil
	}
	switch {
	case c.straight || !c.known && r.name != "":
		return dataSource{uid: r.name, kind: r.kind}, nil
	case !c.known:
		return dataSource{}, notRunnable("which data source is the default one cannot be read: the token needs the right datasources:read")
	case r.name != "":
		return dataSource{}, notRunnable("there is no data source %s", r.name)
	case r.kind != "" && c.standard.kind != r.kind:
		if found, is := c.first[r.kind]; is {
			return found, nil
		}
		return dataSource{}, notRunnable("there is no data source of the kind %s", r.kind)
	case c.standard.uid == "":
		return dataSource{}, notRunnable("there is no default data source")
	}
	return c.standard, nil
}

// reference is a data source with its variable filled in.
func (e environment) reference(r reference) (reference, error) {
	if at := variableName.FindStringSubmatch(r.name); len(at) > 0 && at[0] == r.name {
		v, known := e.values[at[1]+at[2]+at[5]]
		if known && len(v.texts) > 0 && v.kind != "" {
			return reference{v.texts[0], v.kind}, nil
		}
		if known && v.kind != "" {
			return reference{"", v.kind}, nil
		}
	}
	name, err := e.fill(r.name, false)
	return reference{name, r.kind}, err
}

// api is the way to a data source.
func (s *Source) api(d dataSource) (promapi.API, error) {
	if s.grafana == nil {
		return promapi.New(s.prometheus, "")
	}
	return promapi.New(s.grafana.queries, "api/datasources/proxy/uid/"+url.PathEscape(d.uid))
}

// call makes a call of the API and reads the answer.
func (s *server) call(ctx context.Context, method string, body []byte, path ...string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.way.URL().JoinPath(path...).String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask Grafana: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.way.HTTP.Do(req)
	if err != nil {
		return nil, client.Cause(err)
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
