package kube

import (
	"context"

	"xinbot.ir/squall/chaos"
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
	drill := chaos.DrillOf(chaos.QdrantThrottle)
	return drill.Info(driverName,
		chaos.Param{
			Name: chaos.Way, Label: "Way", Type: chaos.Choice, Default: wayShape, Choices: []string{wayShape, wayScale},
			Help: "shape: the network of its pods, by tc; scale: fewer replicas for a time",
		},
		drill.Param(chaos.TTL, ""),
		drill.Param("latency", onlyShape),
		chaos.Param{Name: "jitter", Label: "Jitter", Type: chaos.Duration, Default: "0s", Max: 60, When: onlyShape, Live: true, Help: "latency varies by so much"},
		chaos.Param{Name: "loss", Label: "Loss", Type: chaos.Percent, Default: "5", When: onlyShape, Live: true, Env: "LOSS_PERCENT", Help: "share of packets that are lost"},
		drill.Param("rate", onlyShape),
		chaos.Param{Name: "deployment", Label: "Deployment", Type: chaos.Text, Default: "qdrant", Env: "DEPLOYMENT", Help: "its name"},
		chaos.Param{Name: paramSelector, Label: "Selector", Type: chaos.Text, Default: ownSelector, Help: selectorHelp},
		chaos.Param{Name: "interface", Label: "Interface", Type: chaos.Text, Default: auto, When: onlyShape, Help: "auto: that of the default route"},
		chaos.Param{Name: "container", Label: "Container", Type: chaos.Text, Default: auto, When: onlyShape, Help: "where tc runs; auto: one that has it, else an ephemeral one"},
		chaos.Param{Name: "image", Label: "Image", Type: chaos.Text, Default: shapingImage, When: onlyShape, Help: "of the ephemeral container; must have sh and tc"},
		chaos.Param{Name: paramReplicas, Label: "Replicas", Type: chaos.Whole, Default: "0", Max: maxReplicas, When: "way=scale", Help: "what it is scaled to"},
	)
}

// Plan is the preflight.
func (f qdrantThrottle) Plan(ctx context.Context, p chaos.Params) (chaos.Plan, error) {
	k, err := kindOf("deployment")
	if err != nil {
		return chaos.Plan{}, err
	}
	t := target{kind: k, namespace: f.driver.config.Namespace, name: p["deployment"], selector: selectorOf(p, "deployment")}
	if p[chaos.Way] == wayScale {
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
