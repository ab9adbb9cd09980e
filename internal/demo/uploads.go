package demo

import (
	"context"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

const maxUpload = 10 << 20 // bytes

// uploadAsset takes a document for a tenant's brand and queues its ingestion.
func (a *admin) uploadAsset(ctx *fasthttp.RequestCtx) {
	form, ok := formOf(ctx)
	if !ok {
		return
	}
	tenant, brand := field(form, "tenant_id"), field(form, "brand_id")
	if !isUUID(tenant) || !isUUID(brand) {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "tenant_id and brand_id must be UUIDs")
		return
	}
	a.ingest(ctx, form, tenant, brand, fasthttp.StatusCreated)
}

// uploadBrandKnowledge is the older call. The tenant is that of the brand; a
// brand that was not known from the start is filed under its own id, unless
// the form names the tenant.
func (a *admin) uploadBrandKnowledge(ctx *fasthttp.RequestCtx) {
	form, ok := formOf(ctx)
	if !ok {
		return
	}
	brand := param(ctx, "brand")
	if !isUUID(brand) {
		fail(ctx, fasthttp.StatusNotFound, "brand does not exist")
		return
	}
	tenant := field(form, "tenant_id")
	if tenant == "" {
		tenant = a.brands[brand]
	}
	if tenant == "" {
		tenant = brand
	}
	if !isUUID(tenant) {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "tenant_id must be a UUID")
		return
	}
	a.ingest(ctx, form, tenant, brand, fasthttp.StatusAccepted)
}

// ingest keeps the uploaded file and queues a job for it, unless the brand has the document already.
func (a *admin) ingest(ctx *fasthttp.RequestCtx, form *multipart.Form, tenant, brand string, success int) {
	files := form.File["file"]
	if len(files) != 1 {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "exactly one file is required")
		return
	}
	if !isText(files[0].Header.Get("Content-Type")) {
		fail(ctx, fasthttp.StatusUnsupportedMediaType, "file must be text/markdown or text/plain")
		return
	}
	content, err := read(files[0])
	if err != nil || len(content) == 0 {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "file is empty or cannot be read")
		return
	}
	a.delays.sleep(a.delays.uploadWork)
	j := a.jobs.add(tenant, brand, files[0].Filename, string(content))
	answer := map[string]any{
		"id": j.AssetID, "tenant_id": tenant, "brand_id": brand,
		"file": j.File, "status": j.Status, "created_at": j.CreatedAt.Format(time.RFC3339Nano),
	}
	if j.ID != "" {
		answer["job_id"] = j.ID
		if err := a.redis.RPush(context.Background(), keyIngestion, j.ID).Err(); err != nil {
			a.jobs.move(j.ID, jobFailed, 0, "queue is unavailable")
			fail(ctx, fasthttp.StatusServiceUnavailable, "ingestion queue is unavailable")
			return
		}
	}
	answerJSON(ctx, success, answer)
}

// formOf reads the multipart form, or answers 415 or 422.
func formOf(ctx *fasthttp.RequestCtx) (*multipart.Form, bool) {
	kind, _, err := mime.ParseMediaType(string(ctx.Request.Header.ContentType()))
	if err != nil || kind != "multipart/form-data" {
		fail(ctx, fasthttp.StatusUnsupportedMediaType, "content type must be multipart/form-data")
		return nil, false
	}
	form, err := ctx.MultipartForm()
	if err != nil {
		fail(ctx, fasthttp.StatusUnprocessableEntity, "form is malformed")
		return nil, false
	}
	return form, true
}

func field(form *multipart.Form, name string) string {
	if values := form.Value[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// isText accepts text, and the content types of clients that do not know.
func isText(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (strings.HasPrefix(kind, "text/") || kind == "application/octet-stream")
}

func isJSON(ctx *fasthttp.RequestCtx) bool {
	kind, _, err := mime.ParseMediaType(string(ctx.Request.Header.ContentType()))
	return err == nil && kind == contentJSON
}

func read(header *multipart.FileHeader) ([]byte, error) {
	file, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
