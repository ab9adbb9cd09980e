package kube

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"xinbot.ir/squall/chaos"
)

// customFault evicts, deletes or scales a workload that squall.yaml names.
type customFault struct {
	driver *Driver
	custom chaos.Custom
}

// maxReplicas bounds what a typing error can ask of a cluster.
const maxReplicas = 1000

// customTTL is how long a custom fault lasts that does not say.
const customTTL = 2 * time.Minute

// checkCustom refuses what this driver could not carry out; configuration has checked the rest.
func checkCustom(c chaos.Custom) error {
	w := c.Workload
	if w == nil {
		return nil
	}
	if _, err := kindOf(w.Kind); err != nil {
		return fmt.Errorf("set up fault %s: %w", c.ID, err)
	}
	switch {
	case !slices.Contains([]string{wayEvict, wayDelete, wayScale}, w.Way):
		return fmt.Errorf("set up fault %s: way is %q: must be evict, delete or scale", c.ID, w.Way)
	case w.Name == "":
		return fmt.Errorf("set up fault %s: it names no workload", c.ID)
	case w.Replicas < 0 || w.Replicas > maxReplicas:
		return fmt.Errorf("set up fault %s: replicas is %d: must be from 0 to %d", c.ID, w.Replicas, maxReplicas)
	}
	return nil
}

// Info describes the fault.
func (f customFault) Info() chaos.Info {
	w := f.custom.Workload
	lasts := f.custom.TTL
	if lasts <= 0 {
		lasts = customTTL
	}
	info := chaos.Info{
		ID: f.custom.ID, Title: f.custom.Title, Driver: driverName,
		Summary: fmt.Sprintf("%s %s %s.", map[string]string{wayEvict: "Evicts the pods of", wayDelete: "Deletes the pods of", wayScale: "Scales"}[w.Way], w.Kind, w.Name),
		Params:  []chaos.Param{chaos.TTLParam(lasts, "")},
		Expect:  []chaos.Expectation{chaos.RecoversWithin(chaos.RecoveryGoal)},
	}
	if w.Way == wayScale {
		info.Params = append(info.Params, chaos.Param{
			Name: paramReplicas, Label: "Replicas", Type: chaos.Whole, Default: strconv.Itoa(w.Replicas), Max: maxReplicas,
			Help: "what it is scaled to",
		})
	} else {
		info.Params = append(info.Params, podsParam(""))
	}
	return info
}

// Plan is the preflight.
func (f customFault) Plan(ctx context.Context, p chaos.Params) (chaos.Plan, error) {
	w := f.custom.Workload
	k, err := kindOf(w.Kind)
	if err != nil {
		return chaos.Plan{}, err
	}
	t := target{kind: k, namespace: w.Namespace, name: w.Name, pods: p.Whole(paramPods)}
	if t.namespace == "" {
		t.namespace = f.driver.config.Namespace
	}
	return f.driver.plan(ctx, t, w.Way, int32(p.Whole(paramReplicas)))
}
