package kube

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/kubeclient"
)

// right is one verb on one kind of object.
type right struct{ verb, group, resource, sub string }

func (r right) String() string {
	if r.sub == "" {
		return r.verb + " " + r.resource
	}
	return r.verb + " " + r.resource + "/" + r.sub
}

// preflightRights are what every preflight reads, and what every undo reads again.
func preflightRights(k kind) []right {
	rights := []right{
		{"get", "apps", k.resource, ""},
		{"list", "", "pods", ""},
		{"list", "policy", "poddisruptionbudgets", ""},
		{"list", "autoscaling", "horizontalpodautoscalers", ""},
	}
	if k.viaReplicaSets {
		rights = append(rights, right{"list", "apps", "replicasets", ""})
	}
	return rights
}

// evictRights and its siblings are what a fault needs beyond the preflight, to do and to undo.
var evictRights = []right{{"create", "", "pods", "eviction"}, {"get", "", "pods", ""}}

var deleteRights = []right{{"delete", "", "pods", ""}, {"get", "", "pods", ""}}

func scaleRights(k kind) []right {
	return []right{{"patch", "apps", k.resource, ""}} // replicas and the mark of who has set them, in one write
}

var shapeRights = []right{
	{"get", "", "pods", ""},
	// A web socket is opened with GET; newer servers ask for create as well.
	{"create", "", "pods", "exec"},
	{"get", "", "pods", "exec"},
}

var tcContainerRights = []right{{"patch", "", "pods", "ephemeralcontainers"}}

// accessReviews at once; each takes one round trip, and a slow cluster would otherwise take minutes.
const accessReviews = 8

// allowed asks the API server about every right, one review each.
func (cl *cluster) allowed(ctx context.Context, namespace string, rights []right) ([]chaos.Check, error) {
	checks := make([]chaos.Check, len(rights))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(accessReviews)
	for i, r := range rights {
		group.Go(func() (err error) {
			checks[i], err = cl.review(ctx, namespace, r)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return checks, nil
}

func (cl *cluster) review(ctx context.Context, namespace string, r right) (chaos.Check, error) {
	allowed, err := cl.May(ctx, authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: r.verb, Group: r.group, Resource: r.resource, Subresource: r.sub,
	})
	if err != nil {
		return chaos.Check{}, cl.Explain("review the right to "+r.String()+" in "+namespace, err)
	}
	check := chaos.Check{Text: fmt.Sprintf("may %s in %s", r, namespace)}
	if !allowed {
		check.Answer = chaos.Refuses
		check.Reason = fmt.Sprintf("context %s may not %s in %s: %s", cl.Ref.ContextName(), r, namespace, kubeclient.RoleHint)
	}
	return check, nil
}
