package kube

import (
	"xinbot.ir/squall/chaos"
)

// Summarize is what a list shows of the parameters.
func (f redisOutage) Summarize(p chaos.Params) string { return summarizeWay(p, 0) }

// Summarize is what a list shows of the parameters.
func (f qdrantThrottle) Summarize(p chaos.Params) string {
	if p[chaos.Way] == wayShape {
		return f.shapeParams(p).String()
	}
	return summarizeWay(p, int32(p.Whole(paramReplicas)))
}

// summarizeWay describes what is done to pods.
func summarizeWay(p chaos.Params, to int32) string {
	switch p[chaos.Way] {
	case wayScale:
		return "down to " + replicas(to)
	case wayDelete:
		return "pods deleted"
	default:
		return "pods evicted"
	}
}
