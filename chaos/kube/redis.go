package kube

import (
	"context"
	"strings"

	"xinbot.ir/squall/chaos"
)

// redisOutage removes the pods of a StatefulSet, once or for a time.
type redisOutage struct{ driver *Driver }

// The ways in which a workload can be broken here, as values of the parameter way.
const (
	wayEvict  = "evict"
	wayDelete = "delete"
	wayScale  = "scale"
	wayShape  = "shape"
)

// Names of parameters.
const (
	paramPods     = "pods"
	paramSelector = "selector"
	paramReplicas = "replicas"
)

// Info describes the fault.
func (f redisOutage) Info() chaos.Info {
	drill := chaos.DrillOf(chaos.RedisOutage)
	return drill.Info(driverName,
		chaos.Param{
			Name: chaos.Way, Label: "Way", Type: chaos.Choice, Default: wayEvict, Choices: []string{wayEvict, wayDelete, wayScale},
			Help: "evict: disruption budgets may refuse; delete: they may not; scale: 0 replicas for a time",
		},
		drill.Param(chaos.TTL, "way="+wayScale), // pods that were removed come back by themselves
		chaos.Param{Name: "statefulset", Label: "StatefulSet", Type: chaos.Text, Default: "redis", Env: "STATEFULSET", Help: "its name"},
		chaos.Param{Name: paramSelector, Label: "Selector", Type: chaos.Text, Default: ownSelector, Help: selectorHelp},
		podsParam("way=evict|delete"),
	)
}

// ownSelector is the label that the platform's scripts select pods by: the name of their workload.
const (
	ownSelector  = "app=" + workloadName
	workloadName = "{name}" // stands for the name of the workload in a selector
	selectorHelp = "labels of its pods; " + workloadName + " is the workload's name"
)

// selectorOf is the selector of the workload that a parameter names.
func selectorOf(p chaos.Params, workload string) string {
	return strings.ReplaceAll(p[paramSelector], workloadName, p[workload])
}

func podsParam(only string) chaos.Param {
	return chaos.Param{
		Name: paramPods, Label: "Pods", Type: chaos.Whole, Default: "0", Max: 1000, When: only,
		Help: "at most so many; 0 for all",
	}
}

// Plan is the preflight.
func (f redisOutage) Plan(ctx context.Context, p chaos.Params) (chaos.Plan, error) {
	k, err := kindOf("statefulset")
	if err != nil {
		return chaos.Plan{}, err
	}
	t := target{kind: k, namespace: f.driver.config.Namespace, name: p["statefulset"], selector: selectorOf(p, "statefulset"), pods: p.Whole(paramPods)}
	return f.driver.plan(ctx, t, p[chaos.Way], 0)
}

// plan is the preflight of the ways that take pods away.
func (d *Driver) plan(ctx context.Context, t target, way string, replicas int32) (chaos.Plan, error) {
	switch way {
	case wayEvict:
		return d.planEvict(ctx, t)
	case wayDelete:
		return d.planDelete(ctx, t)
	default:
		return d.planScale(ctx, t, replicas)
	}
}
