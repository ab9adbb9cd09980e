package kube

import (
	"context"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
)

// qdrantThrottle makes the network of a Deployment's pods slow and lossy, or scales it down.
type qdrantThrottle struct{ driver *Driver }

// shapingImage brings tc into pods whose own image has none.
const shapingImage = "nicolaka/netshoot:v0.13"

// auto lets the preflight choose, and ephemeral asks for an ephemeral container in any case.
const (
	auto      = "auto"
	ephemeral = "ephemeral"
)

const onlyShape = "way=shape"

// Info describes the fault.
func (f qdrantThrottle) Info() chaos.Info {
	live := func(p chaos.Param) chaos.Param {
		p.When, p.Live = onlyShape, true
		return p
	}
	return chaos.Info{
		ID: "qdrant_throttle", Title: "Qdrant throttle", Driver: driverName,
		Summary: "Makes what Qdrant sends slow and lossy inside its pods, or scales it down for a time.",
		Params: []chaos.Param{
			{
				Name: paramWay, Label: "Way", Type: chaos.Choice, Default: wayShape, Choices: []string{wayShape, wayScale},
				Help: "shape the network of the pods, or scale them down",
			},
			chaos.TTLParam(5*time.Minute, "DURATION_SECONDS"),
			live(chaos.Param{Name: "latency", Label: "Latency", Type: chaos.Duration, Default: "800ms", Max: 60, Env: "LATENCY_MS", EnvUnit: "ms", Help: "added to what the pods send"}),
			live(chaos.Param{Name: "jitter", Label: "Jitter", Type: chaos.Duration, Default: "0s", Max: 60, Help: "latency varies by so much"}),
			live(chaos.Param{Name: "loss", Label: "Loss", Type: chaos.Percent, Default: "5", Env: "LOSS_PERCENT", Help: "share of packets that are lost"}),
			live(chaos.Param{Name: "rate", Label: "Rate", Type: chaos.Whole, Default: "0", Max: 10_000_000, Unit: "kbit/s", Help: "at most so much is sent; 0 for no limit"}),
			{Name: "deployment", Label: "Deployment", Type: chaos.Text, Default: "qdrant", Env: "DEPLOYMENT", Help: "its name"},
			{Name: paramSelector, Label: "Selector", Type: chaos.Text, Default: "app=qdrant", Help: "labels of the pods that may be hit"},
			{Name: "interface", Label: "Interface", Type: chaos.Text, Default: auto, When: onlyShape, Help: "auto: that of the default route"},
			{Name: "container", Label: "Container", Type: chaos.Text, Default: auto, When: onlyShape, Help: "where tc runs; auto: one that has it, else an ephemeral one"},
			{Name: "image", Label: "Image", Type: chaos.Text, Default: shapingImage, When: onlyShape, Help: "of the ephemeral container; must have sh and tc"},
			{Name: paramReplicas, Label: "Replicas", Type: chaos.Whole, Default: "0", Max: maxReplicas, When: "way=scale", Help: "what it is scaled to"},
		},
		Expect: []chaos.Expectation{
			{Signal: event.AlertFires, Name: "IngestionLagHigh", Within: time.Minute, Text: "alert IngestionLagHigh fires within 1 min"},
			recoversExpectation(),
		},
	}
}

// Plan is the preflight.
func (f qdrantThrottle) Plan(ctx context.Context, p chaos.Params) (chaos.Plan, error) {
	k, err := kindOf("deployment")
	if err != nil {
		return chaos.Plan{}, err
	}
	t := target{kind: k, namespace: f.driver.config.Namespace, name: p["deployment"], selector: p[paramSelector]}
	if p[paramWay] == wayScale {
		return f.driver.planScale(ctx, t, int32(p.Whole(paramReplicas)))
	}
	return f.driver.planShape(ctx, t, f.shapeParams(p))
}

// shapeParams reads the parameters of shaping.
func (f qdrantThrottle) shapeParams(p chaos.Params) shapeParams {
	return shapeParams{
		shaping: shaping{delay: p.Duration("latency"), jitter: p.Duration("jitter"), loss: p.Number("loss"), rate: p.Whole("rate")},
		device:  p["interface"], container: p["container"], image: p["image"], lasts: p.Duration(chaos.TTL),
	}
}
