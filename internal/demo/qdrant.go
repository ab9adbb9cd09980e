package demo

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"sort"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"
)

const (
	maxCollections = 4096
	maxPoints      = 1000 // per collection; the oldest make room
)

// point is one vector with what it stands for.
type point struct {
	ID      string         `json:"id"`
	Vector  []float32      `json:"vector"`
	Payload map[string]any `json:"payload"`
}

// scored is a point found by a search.
type scored struct {
	ID      string         `json:"id"`
	Score   float64        `json:"score"`
	Payload map[string]any `json:"payload"`
}

// qdrant looks like Qdrant to the platform: the four calls of its HTTP API
// that the platform uses, with real vectors, cosine similarity and bounded
// memory. It is not Qdrant.
type qdrant struct {
	*server
	delays *delays

	mu          sync.RWMutex
	collections map[string][]point
}

func startQdrant(d *delays, logs io.Writer) (*qdrant, error) {
	q := &qdrant{delays: d, collections: make(map[string][]point)}
	m := newMetrics("qdrant")
	var err error
	q.server, err = listen(service{name: "qdrant", maxBody: maxUpload}, m.router([]route{
		{"POST", "/collections/{name}/points/search", q.search},
		{"PUT", "/collections/{name}/points", q.upsert},
		{"PUT", "/collections/{name}", q.create},
		{"GET", "/collections/{name}", q.show},
		{"GET", "/healthz", healthy},
		{"GET", "/metrics", m.serve},
	}), logs)
	return q, err
}

func (q *qdrant) create(ctx *fasthttp.RequestCtx) {
	q.put(param(ctx, "name"), nil)
	answerJSON(ctx, fasthttp.StatusOK, map[string]any{"result": true, "status": "ok"})
}

func (q *qdrant) show(ctx *fasthttp.RequestCtx) {
	q.mu.RLock()
	points, found := q.collections[param(ctx, "name")]
	q.mu.RUnlock()
	if !found {
		fail(ctx, fasthttp.StatusNotFound, "collection does not exist")
		return
	}
	answerJSON(ctx, fasthttp.StatusOK, map[string]any{"result": map[string]any{"points_count": len(points)}, "status": "ok"})
}

func (q *qdrant) upsert(ctx *fasthttp.RequestCtx) {
	var in struct {
		Points []point `json:"points"`
	}
	if err := json.Unmarshal(ctx.PostBody(), &in); err != nil {
		fail(ctx, fasthttp.StatusBadRequest, "points are malformed")
		return
	}
	q.delays.sleep(q.delays.vectorUpsert)
	q.put(param(ctx, "name"), in.Points)
	answerJSON(ctx, fasthttp.StatusOK, map[string]any{"result": map[string]string{"status": "completed"}, "status": "ok"})
}

// put adds points to a collection, and makes the collection if it is new.
func (q *qdrant) put(name string, added []point) {
	q.mu.Lock()
	defer q.mu.Unlock()
	old, found := q.collections[name]
	if !found && len(q.collections) >= maxCollections {
		for evicted := range q.collections {
			delete(q.collections, evicted)
			break
		}
	}
	replaced := make(map[string]bool, len(added))
	for _, p := range added {
		replaced[p.ID] = true
	}
	points := make([]point, 0, len(old)+len(added)) // searches may hold the old slice
	for _, p := range old {
		if !replaced[p.ID] {
			points = append(points, p)
		}
	}
	points = append(points, added...)
	q.collections[name] = points[max(0, len(points)-maxPoints):]
}

func (q *qdrant) search(ctx *fasthttp.RequestCtx) {
	var in struct {
		Vector []float32 `json:"vector"`
		Limit  int       `json:"limit"`
	}
	if err := json.Unmarshal(ctx.PostBody(), &in); err != nil || in.Limit < 1 {
		fail(ctx, fasthttp.StatusBadRequest, "search is malformed")
		return
	}
	q.mu.RLock()
	points, found := q.collections[param(ctx, "name")]
	q.mu.RUnlock()
	if !found {
		fail(ctx, fasthttp.StatusNotFound, "collection does not exist")
		return
	}
	q.delays.sleep(q.delays.vectorSearch)
	hits := make([]scored, 0, len(points))
	for _, p := range points {
		hits = append(hits, scored{p.ID, cosine(in.Vector, p.Vector), p.Payload})
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].Score > hits[j].Score })
	answerJSON(ctx, fasthttp.StatusOK, map[string]any{"result": hits[:min(in.Limit, len(hits))], "status": "ok"})
}

// seed gives every tenant something to find.
func (q *qdrant) seed(tenants []Tenant) {
	for _, t := range tenants {
		points := make([]point, 0, len(seedDocuments()))
		for _, text := range seedDocuments() {
			points = append(points, point{seededID(q.delays.seed, t.ID, text), embed(text), map[string]any{"text": text}})
		}
		q.put(collectionOf(t.ID), points)
	}
}

func seedDocuments() []string {
	return []string{
		"Orders leave the warehouse within two working days.",
		"A return is free within thirty days of delivery.",
		"Opening hours are nine to eighteen, Saturday to Thursday.",
		"Payment works with cards and with bank transfer.",
		"The price list is on the product page.",
	}
}

func (q *qdrant) close(ctx context.Context) error { return q.server.close(ctx) }

// dimensions of the toy embedding.
const dimensions = 32

// embed is a hashed bag of words, normalised to length one.
func embed(text string) []float32 {
	v := make([]float32, dimensions)
	var norm float64
	for word := range strings.FieldsSeq(strings.ToLower(text)) {
		v[hashOf(word)%dimensions]++
	}
	for _, x := range v {
		norm += float64(x) * float64(x)
	}
	if norm > 0 {
		for i := range v {
			v[i] /= float32(math.Sqrt(norm))
		}
	}
	return v
}

func cosine(a, b []float32) float64 {
	var sum float64
	for i := range min(len(a), len(b)) {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
