package kube

import (
	"xinbot.ir/squall/chaos"
)

// Summarize is what a list shows of the parameters.
func (f redisOutage) Summarize(p chaos.Params) string { return briefWay(p, 0) }

// Summarize is what a list shows of the parameters.
func (f qdrantThrottle) Summarize(p chaos.Params) string {
	if p[paramWay] == wayShape {
		return f.wish(p).String()
	}
	return briefWay(p, int32(p.Whole(paramReplicas)))
}

// briefWay says what is done to pods.
func briefWay(p chaos.Params, to int32) string {
	switch p[paramWay] {
	case wayScale:
		return "down to " + replicas(to)
	case wayDelete:
		return "pods deleted"
	default:
		return "pods evicted"
	}
}
