package demo

import (
	"encoding/json"
	"strings"

	"github.com/valyala/fasthttp"
)

const contentJSON = "application/json"

// accepted is the body of every 202.
var accepted = []byte(`{"status":"accepted"}`)

// route is one call of a service. A segment of the pattern in braces matches
// anything and is found again with param.
type route struct {
	method  string
	pattern string
	handle  fasthttp.RequestHandler
}

// match compares a path with a pattern, segment by segment, and leaves the
// values of the segments in braces with the request.
func match(pattern, path string, ctx *fasthttp.RequestCtx) bool {
	for pattern != "" && path != "" {
		want, patternRest, patternMore := strings.Cut(pattern, "/")
		got, pathRest, pathMore := strings.Cut(path, "/")
		if patternMore != pathMore {
			return false
		}
		if name, ok := strings.CutPrefix(want, "{"); ok && got != "" {
			ctx.SetUserValue(strings.TrimSuffix(name, "}"), strings.Clone(got))
		} else if want != got {
			return false
		}
		pattern, path = patternRest, pathRest
	}
	return pattern == path
}

func param(ctx *fasthttp.RequestCtx, name string) string {
	value, _ := ctx.UserValue(name).(string)
	return value
}

func answer(ctx *fasthttp.RequestCtx, status int, body []byte) {
	ctx.SetStatusCode(status)
	ctx.SetContentType(contentJSON)
	ctx.Response.SetBodyRaw(body)
}

func answerJSON(ctx *fasthttp.RequestCtx, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil { // not for the plain values that the platform answers with
		fail(ctx, fasthttp.StatusInternalServerError, "answer cannot be encoded")
		return
	}
	answer(ctx, status, body)
}

func fail(ctx *fasthttp.RequestCtx, status int, detail string) {
	answerJSON(ctx, status, map[string]string{"detail": detail})
}

func healthy(ctx *fasthttp.RequestCtx) {
	answer(ctx, fasthttp.StatusOK, []byte(`{"status":"ok"}`))
}
