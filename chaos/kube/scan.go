package kube

import (
	"context"
	"fmt"
	"slices"

	"xinbot.ir/squall/chaos"
)

// Scan finds workloads that sessions of squall have scaled, by their annotation, in every namespace that may be
// touched. Shaping is not looked for: it ends by itself in the pod.
func Scan(ctx context.Context, c Config) (found []chaos.Found, err error) {
	cl, err := connect(c)
	if err != nil {
		return nil, err
	}
	if err := cl.Identify(ctx); err != nil {
		return nil, err
	}
	namespaces := append([]string{c.Namespace}, c.Allow...)
	slices.Sort(namespaces)
	for _, namespace := range slices.Compact(namespaces) {
		if namespace == "" {
			continue
		}
		for _, k := range kinds {
			all, err := k.open(cl.Client, namespace).List(ctx)
			if err != nil {
				return nil, cl.Explain(fmt.Sprintf("list %s of %s", k.resource, namespace), err)
			}
			for _, w := range all {
				m, marked := parseMark(w.mark)
				if !marked {
					continue
				}
				f, err := chaos.MakeFound(m.Session, scaleKind, scaleRecord{
					Where: cl.Ref, Workload: w.workloadRef, Before: m.Before, After: m.After, Ready: m.Ready, Session: m.Session,
				})
				if err != nil {
					return nil, err
				}
				found = append(found, f)
			}
		}
	}
	return found, nil
}
