package grafana

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

// Grafana's renderer starts a browser for each picture.
const (
	picturesAtOnce              = 2
	pictureWidth, pictureHeight = 1000, 500 // pixels
)

// pngSignature is how every PNG begins.
var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// renders reports whether the Grafana has a renderer. One that does not say has none: what it would send in the place
// of a picture is the picture of a notice.
func (s *server) renders(ctx context.Context) bool {
	var settings struct {
		Renderer bool `json:"rendererAvailable"`
	}
	return s.get(ctx, &settings, "api", "frontend", "settings") == nil && settings.Renderer
}

// picture is a panel as Grafana draws it, in PNG.
func (s *server) picture(ctx context.Context, uid string, p Panel, from, to int64) ([]byte, error) {
	address := s.way.URL().JoinPath("render", "d-solo", uid, "_")
	query := url.Values{
		"panelId": {p.number}, "from": {strconv.FormatInt(from, 10)}, "to": {strconv.FormatInt(to, 10)}, "tz": {"UTC"}, "theme": {"light"},
		"width": {strconv.Itoa(pictureWidth)}, "height": {strconv.Itoa(pictureHeight)},
	}
	for name, values := range p.scope {
		query["var-"+name] = values
	}
	address.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("ask Grafana for a picture: %w", err)
	}
	resp, err := s.way.HTTP.Do(req)
	if err != nil {
		return nil, client.Cause(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && !bytes.HasPrefix(body, pngSignature) {
		err = &evidence.Problem{Cause: evidence.Malformed, Detail: "it is no PNG"}
	}
	return body, err
}

// exportPictures saves the pictures that Grafana's own renderer makes of panels, grafana-UID-PANEL-rendered.png, where
// there is a renderer. The error says how many there are not.
func (r reading) exportPictures(ctx context.Context, jobs []job, dir string) (files []evidence.File, err error) {
	grafana := r.source.grafana
	if grafana == nil || !grafana.renders(ctx) {
		return nil, nil
	}
	found, failed := make([]evidence.File, len(jobs)), make([]error, len(jobs))
	asked := 0
	var work errgroup.Group
	work.SetLimit(picturesAtOnce)
	for i, j := range jobs {
		if j.d.fromFile || j.panel.number == "" {
			continue
		}
		asked++
		work.Go(func() error {
			raw, err := grafana.picture(ctx, j.d.uid, j.panel, r.from.UnixMilli(), r.to.UnixMilli())
			if err == nil {
				f := evidence.File{Name: j.name() + "-rendered.png", Title: j.title() + ", as Grafana draws it"}
				err = evidence.WriteFile(dir, f.Name, func(w io.Writer) error {
					_, err := w.Write(raw)
					return err
				})
				if err == nil {
					found[i] = f
				}
			}
			failed[i] = err
			return nil
		})
	}
	_ = work.Wait() // each has its own error
	for _, f := range found {
		if f.Name != "" {
			files = append(files, f)
		}
	}
	if missing := asked - len(files); missing > 0 {
		return files, fmt.Errorf("%d of %d pictures of Grafana's own renderer are missing: %w", missing, asked, firstOf(failed))
	}
	return files, nil
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return errors.New("no reason is known")
}
