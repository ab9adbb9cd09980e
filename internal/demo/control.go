package demo

import (
	"encoding/json"
	"errors"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

const (
	pathRotations = "/demo/rotations"
	pathReplicas  = "/demo/replicas"
)

// control rotates the gateway's secrets over HTTP and shows its replicas. The real platform has no such calls. The
// orchestrator, which answers them, is up before the gateway.
type control struct {
	gateway atomic.Pointer[gateway]
}

// routes are for those whom guard lets through.
func (c *control) routes(guard func(fasthttp.RequestHandler) fasthttp.RequestHandler) []route {
	table := []struct {
		method, path string
		handle       func(*fasthttp.RequestCtx, *gateway)
	}{
		{"POST", pathRotations, beginRotation},
		{"GET", pathRotations, listRotations},
		{"GET", pathReplicas, listReplicas},
	}
	var all []route
	for _, t := range table {
		all = append(all, route{t.method, t.path, guard(func(ctx *fasthttp.RequestCtx) {
			g := c.gateway.Load()
			if g == nil {
				fail(ctx, fasthttp.StatusServiceUnavailable, "the gateway is starting")
				return
			}
			t.handle(ctx, g)
		})})
	}
	return all
}

func beginRotation(ctx *fasthttp.RequestCtx, g *gateway) {
	if !isJSON(ctx) {
		fail(ctx, fasthttp.StatusUnsupportedMediaType, "content type must be application/json")
		return
	}
	var in struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(ctx.PostBody(), &in); err != nil {
		fail(ctx, fasthttp.StatusUnprocessableEntity, `body must be JSON such as {"kind":"rolling"}`)
		return
	}
	switch err := g.rotator.rotate(in.Kind); {
	case errors.Is(err, errUnknownKind):
		fail(ctx, fasthttp.StatusUnprocessableEntity, err.Error())
	case errors.Is(err, ErrRotating):
		fail(ctx, fasthttp.StatusConflict, err.Error())
	case err != nil:
		fail(ctx, fasthttp.StatusServiceUnavailable, err.Error())
	default:
		answer(ctx, fasthttp.StatusAccepted, accepted)
	}
}

// listRotations shows no secret.
func listRotations(ctx *fasthttp.RequestCtx, g *gateway) {
	answerJSON(ctx, fasthttp.StatusOK, struct {
		Kinds     []RotationKind `json:"kinds"`
		Rotations []Rotation     `json:"rotations"`
		Log       []Acceptance   `json:"log"`
	}{RotationKinds(), g.rotator.all(), g.rotator.entries()})
}

func listReplicas(ctx *fasthttp.RequestCtx, g *gateway) {
	answerJSON(ctx, fasthttp.StatusOK, g.states())
}
