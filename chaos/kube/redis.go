package kube

import (
	"context"
	"time"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
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
	paramWay      = "way"
	paramPods     = "pods"
	paramSelector = "selector"
	paramReplicas = "replicas"
)

// recoversExpectation is the objective of every fault here.
func recoversExpectation() chaos.Expectation {
	return chaos.Expectation{Signal: event.Recovers, Within: 2 * time.Minute, Text: "recovers within 2 min"}
}

// Info describes the fault.
func (f redisOutage) Info() chaos.Info {
	held := chaos.TTLParam(2*time.Minute, "DISRUPTION_SECONDS")
	held.When = "way=" + wayScale // pods that were taken away come back by themselves
	return chaos.Info{
		ID: "redis_outage", Title: "Redis outage", Driver: driverName,
		Summary: "Takes Redis away: evicts its pods, or holds it at 0 replicas for a time.",
		Params: []chaos.Param{
			{
				Name: paramWay, Label: "Way", Type: chaos.Choice, Default: wayEvict, Choices: []string{wayEvict, wayDelete, wayScale},
				Help: "evict asks disruption budgets, delete does not, scale holds 0 replicas",
			},
			held,
			{Name: "statefulset", Label: "StatefulSet", Type: chaos.Text, Default: "redis", Env: "STATEFULSET", Help: "its name"},
			{Name: paramSelector, Label: "Selector", Type: chaos.Text, Default: "app=redis", Help: "labels of the pods that may be hit"},
			podsParam("way=evict|delete"),
		},
		Expect: []chaos.Expectation{
			recoversExpectation(),
			{Signal: event.MetricBelow, Name: "automation_queue_depth", Bound: 50, Text: "automation queue depth stays below 50"},
			{Signal: event.AlertFires, Name: "GatewayHealthCheckFailed", Text: "alert GatewayHealthCheckFailed fires"},
		},
	}
}

func podsParam(only string) chaos.Param {
	return chaos.Param{
		Name: paramPods, Label: "Pods", Type: chaos.Whole, Default: "0", Max: 1000, When: only,
		Help: "at most so many are taken away; 0 for all",
	}
}

// Plan is the preflight.
func (f redisOutage) Plan(ctx context.Context, p chaos.Params) (chaos.Plan, error) {
	k, err := kindOf("statefulset")
	if err != nil {
		return chaos.Plan{}, err
	}
	t := target{kind: k, namespace: f.driver.config.Namespace, name: p["statefulset"], selector: p[paramSelector], pods: p.Whole(paramPods)}
	return f.driver.plan(ctx, t, p[paramWay], 0)
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
