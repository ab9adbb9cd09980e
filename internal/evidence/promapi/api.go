// Package promapi asks what speaks Prometheus's HTTP API: a Prometheus itself, or one behind a proxy such as Grafana's.
package promapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/evidence/client"
)

// partPoints is how many points of a series are fetched at once. Prometheus refuses more than 11,000.
const partPoints = 10_000

// API is the way to one server.
type API struct{ v1.API }

// New takes the way to a server and the path below its address at which the API is; "" for the address itself.
func New(way *client.Client, path string) (API, error) {
	address := way.URL().JoinPath(path)
	server, err := api.NewClient(api.Config{Address: address.String(), Client: way.HTTP})
	if err != nil {
		return API{}, fmt.Errorf("configure %s: %w", address, err)
	}
	return API{v1.NewAPI(server)}, nil
}

// Problem is why a call failed: of the way, or in the server's own words. It is the context's own error when that has
// ended.
func Problem(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var said *v1.Error
	if !errors.As(err, &said) {
		return client.Cause(err)
	}
	var body struct { // of answers whose status is none of the API's, but whose words are
		Type  v1.ErrorType `json:"errorType"`
		Error string       `json:"error"`
	}
	if json.Unmarshal([]byte(said.Detail), &body) == nil && body.Error != "" {
		said = &v1.Error{Type: body.Type, Msg: body.Error}
	}
	cause := evidence.Malformed
	switch said.Type {
	case v1.ErrBadData, v1.ErrExec, v1.ErrClient, "not_found", "too_many_requests":
		cause = evidence.Refused
	case v1.ErrTimeout, v1.ErrCanceled:
		cause = evidence.TimedOut
	case v1.ErrServer, "internal", "unavailable":
		cause = evidence.ServerError
	case v1.ErrBadResponse:
	}
	return &evidence.Problem{Cause: cause, Detail: evidence.Excerpt(said.Msg)}
}

// Labels are those of a series, without the metric's name.
func Labels(m model.Metric) evidence.Labels {
	if len(m) == 0 {
		return nil
	}
	all := make(evidence.Labels, len(m))
	for name, value := range m {
		if name != model.MetricNameLabel {
			all[string(name)] = string(value)
		}
	}
	return all
}

// Range asks for the samples of one part of a range.
func (a API) Range(ctx context.Context, query string, r v1.Range) (model.Matrix, error) {
	value, _, _, err := a.QueryRange(ctx, query, r)
	if err != nil {
		return nil, Problem(ctx, err)
	}
	matrix, is := value.(model.Matrix)
	if !is {
		return nil, &evidence.Problem{Cause: evidence.Malformed, Detail: "no samples of a range, but " + value.Type().String()}
	}
	return matrix, nil
}

// Found is the query that finds something in a range: the one that is given, or the one with the other label.
func (a API) Found(ctx context.Context, query string, r v1.Range) string {
	other, _, is := Renamed(query)
	if !is {
		return query
	}
	few := v1.Range{Start: r.Start, End: r.End, Step: max(r.End.Sub(r.Start)/100, r.Step)}
	if found, err := a.Range(ctx, query, few); err != nil || len(found) > 0 {
		return query
	}
	if found, err := a.Range(ctx, other, few); err == nil && len(found) > 0 {
		return other
	}
	return query
}

// Write takes one sample of an export. An error ends the export.
type Write func(at time.Time, labels evidence.Labels, value float64) error

// Export fetches a range in parts that a server accepts, and hands on each finite value, series by series within a part.
// A value of a time of which nothing is known is handed on as NaN. What could not be fetched is a gap; it names neither
// source nor panel. The error is that of write.
func (a API) Export(ctx context.Context, query string, r v1.Range, unknown evidence.Gaps, write Write) (gaps evidence.Gaps, err error) {
	for _, part := range parts(r) {
		missing := evidence.Gap{From: part.Start, Until: part.End}
		matrix, err := a.Range(ctx, query, part)
		switch {
		case err != nil:
			missing.Problem = *evidence.ProblemOf(err, lastResort(err))
			gaps = append(gaps, missing)
			continue
		case countValues(matrix) == 0:
			missing.Problem = evidence.Problem{Cause: evidence.NoSeries}
			if len(matrix) > 0 {
				missing.Cause = evidence.NotANumber
			}
			gaps = append(gaps, missing)
		}
		for _, series := range matrix {
			named := Labels(series.Metric)
			for _, v := range series.Values {
				if !finite(v.Value) {
					continue
				}
				at, value := v.Timestamp.Time(), float64(v.Value)
				if unknown.Hide(at) {
					value = math.NaN()
				}
				if err := write(at, named, value); err != nil {
					return gaps, err
				}
			}
		}
	}
	return gaps, nil
}

func lastResort(err error) evidence.Cause {
	if errors.Is(err, context.DeadlineExceeded) {
		return evidence.TimedOut
	}
	return evidence.Malformed
}

// NotFetched is the last problem of those gaps that a server, or the way to it, is to blame for; nil when there is none.
func NotFetched(gaps evidence.Gaps) error {
	for i := len(gaps) - 1; i >= 0; i-- {
		if cause := gaps[i].Cause; cause != evidence.NoSeries && cause != evidence.NotANumber && cause != evidence.TooManySeries {
			return &gaps[i].Problem
		}
	}
	return nil
}

// parts cuts a range so that each part has few enough points, and no point comes twice.
func parts(r v1.Range) (all []v1.Range) {
	for begin := r.Start; !begin.After(r.End); {
		end := begin.Add(r.Step * (partPoints - 1))
		if end.After(r.End) {
			end = r.End
		}
		all = append(all, v1.Range{Start: begin, End: end, Step: r.Step})
		begin = begin.Add(r.Step * partPoints)
	}
	return all
}

func finite(v model.SampleValue) bool {
	return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
}

func countValues(m model.Matrix) (n int) {
	for _, series := range m {
		for _, v := range series.Values {
			if finite(v.Value) {
				n++
			}
		}
	}
	return n
}
