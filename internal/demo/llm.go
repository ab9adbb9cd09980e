package demo

import (
	"context"
	"encoding/json"
	"io"

	"github.com/valyala/fasthttp"
)

const (
	modelPrimary  = "primary"
	modelFallback = "fallback"
	pathChat      = "/v1/chat/completions"
)

// llmUpstream is the provider of both language models.
type llmUpstream struct {
	*server
	delays *delays
	models map[string]spread
}

func startLLM(d *delays, logs io.Writer) (*llmUpstream, error) {
	u := &llmUpstream{delays: d, models: map[string]spread{modelPrimary: d.primaryModel, modelFallback: d.fallback}}
	m := newMetrics("llm_upstream")
	var err error
	u.server, err = listen(service{name: "llm upstream", maxBody: maxMessage}, m.router([]route{
		{"POST", pathChat, u.complete},
		{"GET", "/health", healthy},
		{"GET", "/metrics", m.serve},
	}), logs)
	return u, err
}

type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type chatRequest struct {
	Model    string        `json:"model"`
	Messages []chatMessage `json:"messages"`
}

type chatResponse struct {
	Model   string       `json:"model"`
	Choices []chatChoice `json:"choices"`
}

type chatChoice struct {
	Message chatMessage `json:"message"`
}

func (u *llmUpstream) complete(ctx *fasthttp.RequestCtx) {
	var in chatRequest
	if err := json.Unmarshal(ctx.PostBody(), &in); err != nil || len(in.Messages) == 0 {
		fail(ctx, fasthttp.StatusBadRequest, "request is malformed")
		return
	}
	speed, known := u.models[in.Model]
	if !known {
		fail(ctx, fasthttp.StatusNotFound, "model does not exist")
		return
	}
	u.delays.sleep(speed)
	question := in.Messages[len(in.Messages)-1].Content
	answerJSON(ctx, fasthttp.StatusOK, chatResponse{in.Model, []chatChoice{{chatMessage{"assistant", "You asked: " + question}}}})
}

func (u *llmUpstream) close(ctx context.Context) error { return u.server.close(ctx) }
