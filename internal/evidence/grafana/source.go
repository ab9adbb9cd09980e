// Package grafana reads dashboards, from a Grafana or from files, and runs their panels' own queries: through Grafana's
// data-source proxy, or straight at a Prometheus.
package grafana

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

// Name of the source.
const Name = "grafana"

// defaultStep is between the points of an exported panel.
const defaultStep = 5 * time.Second

// Config is what a source is made of.
type Config struct {
	Server     *client.Config // nil: there is no Grafana, and files are run at Prometheus
	Prometheus *client.Config // asked when there is no Grafana
	UIDs       []string       // of dashboards that Grafana has
	Files      []File         // dashboards that are not read of Grafana
	Step       time.Duration  // of exported panels; 0: 5 s
}

// File is the JSON of a dashboard.
type File struct {
	Name string // for people
	JSON []byte
}

// Source is some dashboards.
type Source struct {
	config     Config
	grafana    *server        // nil: there is none
	prometheus *client.Client // nil: Grafana is asked
	files      []*Dashboard
}

// New checks a configuration and reads the files. It contacts nothing.
func New(c Config) (*Source, error) {
	if c.Step <= 0 {
		c.Step = defaultStep
	}
	s := &Source{config: c}
	for _, uid := range c.UIDs {
		if !isUID(uid) {
			return nil, fmt.Errorf("read dashboard %q: a uid has letters, digits, - and _, at most %d", uid, longestName)
		}
	}
	var err error
	switch {
	case c.Server != nil:
		s.grafana, err = newServer(*c.Server)
	case c.Prometheus != nil:
		straight := *c.Prometheus
		straight.Failures = true
		s.prometheus, err = client.New(straight)
	default:
		err = errors.New("run the queries of dashboards: there is neither a Grafana nor a Prometheus")
	}
	if err != nil {
		return nil, err
	}
	for i, f := range c.Files {
		d, err := Parse(f.JSON)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if d.UID = fileName(d.UID); d.UID == "" {
			d.UID = fmt.Sprintf("file%d", i+1)
		}
		if slices.ContainsFunc(s.files, func(other *Dashboard) bool { return other.UID == d.UID }) {
			return nil, fmt.Errorf("%s: another file is of the dashboard %s, too", f.Name, d.UID)
		}
		s.files = append(s.files, d)
	}
	return s, nil
}

// Name implements evidence.Source.
func (s *Source) Name() string { return Name }

// Run implements evidence.Source. Dashboards are read when the run is over: nothing is read while it goes on.
func (s *Source) Run(ctx context.Context, _ evidence.Sink) error {
	<-ctx.Done()
	s.closeIdle()
	return nil
}

func (s *Source) closeIdle() {
	if s.grafana != nil {
		s.grafana.closeIdle()
	}
	if s.prometheus != nil {
		s.prometheus.CloseIdle()
	}
}
