package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinbot.ir/squall/load/metric"
)

// Ingestion is knowledge uploads through the admin API.
var Ingestion = &metric.Flow{
	Name: "ingestion", Title: "Ingestion", Does: "Ingestion uploads", Metric: "orchestrator_latency",
	Status: http.StatusCreated, Check: "ingestion upload answers 201", Channels: []string{"upload"},
}

var ingestionFlow = adminFlow{Flow: Ingestion, off: never, perMinute: ingestionPace, phase: 0.05, call: (*adminFlows).upload}

// ingestionPace rises while a spike is on.
func ingestionPace(w Workload, s Settings) float64 {
	if s.Spike {
		return w.Ingestion.JobsPerMinute * w.Ingestion.SpikeMultiplier
	}
	return w.Ingestion.JobsPerMinute
}

// documentLines makes an uploaded document about 4 KB: several chunks to embed, cheap to send.
const documentLines = 40

// upload posts one ingestion job, as the admin console does.
func (a *adminFlows) upload(ctx context.Context, t *adminTask, due time.Time) {
	id, brand := Ingestion.Series("upload"), t.brand()
	req, err := uploadRequest("/admin/knowledge_assets/upload", t,
		[2]string{"tenant_id", t.tenant.ID}, [2]string{"brand_id", brand.BrandID})
	if err != nil {
		a.recordUnsendable(id, due, err)
		return
	}
	_ = a.measure(ctx, id, due, req) // counted by class; there is nothing else to do about it
}

// brand returns the tenant's brands in turn.
func (t *adminTask) brand() Brand { return t.tenant.Brands[t.count%uint64(len(t.tenant.Brands))] }

// uploadRequest builds a multipart form with a markdown file.
func uploadRequest(path string, t *adminTask, fields ...[2]string) (request, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range fields {
		if err := form.WriteField(f[0], f[1]); err != nil {
			return request{}, fmt.Errorf("build upload field %s: %w", f[0], err)
		}
	}
	id := uuid.NewString()
	file, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="squall-%s.md"`, id)},
		"Content-Type":        {"text/markdown"},
	})
	if err != nil {
		return request{}, fmt.Errorf("build upload file: %w", err)
	}
	if _, err := io.WriteString(file, document(id, t.brand().Name)); err != nil {
		return request{}, fmt.Errorf("build upload file: %w", err)
	}
	if err := form.Close(); err != nil {
		return request{}, fmt.Errorf("build upload form: %w", err)
	}
	return request{
		method: http.MethodPost, path: path, kind: form.FormDataContentType(),
		body: func() io.Reader { return bytes.NewReader(body.Bytes()) },
	}, nil
}

// document is unlike every other of every run, in each of its chunks: the platform answers 201 to a document that
// it has, and does no work. The same document at both routes at once can even hang it. So the id does not follow
// from the seed.
func document(id, brand string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# Load test document %s of %s\n\n", id, brand)
	for i := range documentLines {
		fmt.Fprintf(&text, "- Question %d of %s: how do I return an order? Answer: within 14 days, with the receipt.\n", i+1, id)
	}
	return text.String()
}

// recordUnsendable counts a call that could not even be built.
func (a *adminFlows) recordUnsendable(id metric.SeriesID, due time.Time, err error) {
	o := metric.Outcome{Series: id, Due: due, Sent: due, Done: due, Class: metric.LocalLimit, Detail: errorSample(err)}
	a.g.recorder.Shard(uint64(id)).Record(&o, false)
}
