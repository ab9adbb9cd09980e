package demo

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/valyala/fasthttp"
)

// vectorStore is the client side of Qdrant's HTTP API.
type vectorStore struct {
	hop     *hop
	timeout time.Duration // of a search
	upserts time.Duration // of an upsert
}

func newVectorStore(addr string, b behaviour) *vectorStore {
	return &vectorStore{newHop(addr), b.retrievalTimeout, b.ingestionTimeout}
}

func collectionOf(tenant string) string { return "tenant-" + tenant }

// search returns the nearest points, none if the tenant has no collection yet.
func (v *vectorStore) search(tenant, text string, limit int) ([]scored, error) {
	var out struct {
		Result []scored `json:"result"`
	}
	in := map[string]any{"vector": embed(text), "limit": limit, "with_payload": true}
	status, err := callJSON(v.hop, fasthttp.MethodPost, "/collections/"+collectionOf(tenant)+"/points/search", in, &out, v.timeout)
	if err != nil {
		return nil, fmt.Errorf("search vectors: %w", err)
	}
	if status == fasthttp.StatusNotFound {
		return nil, nil
	}
	if status != fasthttp.StatusOK {
		return nil, fmt.Errorf("search vectors: status %d", status)
	}
	return out.Result, nil
}

func (v *vectorStore) upsert(tenant string, points []point) error {
	status, err := callJSON(v.hop, fasthttp.MethodPut, "/collections/"+collectionOf(tenant)+"/points", map[string]any{"points": points}, nil, v.upserts)
	if err != nil {
		return fmt.Errorf("upsert vectors: %w", err)
	}
	if status != fasthttp.StatusOK {
		return fmt.Errorf("upsert vectors: status %d", status)
	}
	return nil
}

func (v *vectorStore) close() { v.hop.close() }

// callJSON sends in as JSON and reads the answer into out, if out is not nil
// and the answer is a success.
func callJSON(h *hop, method, path string, in, out any, timeout time.Duration) (status int, err error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	body, err := json.Marshal(in)
	if err != nil {
		return 0, fmt.Errorf("encode request: %w", err)
	}
	req.Header.SetMethod(method)
	req.SetRequestURI(path)
	req.Header.SetHost(h.address)
	req.Header.SetContentType(contentJSON)
	req.SetBodyRaw(body)
	if err := h.do(req, resp, timeout); err != nil {
		return 0, err
	}
	if out != nil && resp.StatusCode() < 300 {
		if err := json.Unmarshal(resp.Body(), out); err != nil {
			return 0, fmt.Errorf("decode answer: %w", err)
		}
	}
	return resp.StatusCode(), nil
}
