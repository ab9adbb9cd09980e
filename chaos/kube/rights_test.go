package kube

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/kubeclient"
	"xinbot.ir/squall/internal/testcluster"
)

// granted takes rules apart.
func granted(rules []rbacv1.PolicyRule) map[right]bool {
	all := map[right]bool{}
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				name, sub, _ := strings.Cut(resource, "/")
				for _, verb := range rule.Verbs {
					all[right{verb, group, name, sub}] = true
				}
			}
		}
	}
	return all
}

// grant puts rules together again.
func grant(rights map[right]bool) (rules []rbacv1.PolicyRule) {
	for r := range rights {
		resource := r.resource
		if r.sub != "" {
			resource += "/" + r.sub
		}
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{r.group}, Resources: []string{resource}, Verbs: []string{r.verb}})
	}
	return rules
}

func TestRoleHasWhatFaultsNeedAndNoMore(t *testing.T) {
	needed := map[right]bool{}
	add := func(rights []right) {
		for _, r := range rights {
			needed[r] = true
		}
	}
	for _, k := range kinds {
		add(preflightRights(k))
		add(scaleRights(k))
	}
	add(evictRights)
	add(deleteRights)
	add(shapeRights)
	add(tcContainerRights)
	add([]right{ // of internal/evidence/kubernetes
		{"watch", "apps", "deployments", ""},
		{"watch", "apps", "statefulsets", ""},
		{"list", "apps", "deployments", ""},
		{"list", "apps", "statefulsets", ""},
		{"watch", "", "pods", ""},
		{"list", "", "events", ""},
		{"watch", "", "events", ""},
		{"get", "", "pods", "log"},
	})
	if got := granted(roleRules(t)); !maps.Equal(got, needed) {
		t.Errorf("the Role grants %v, faults need %v", got, needed)
	}
}

func TestEachMissingRightIsNamed(t *testing.T) {
	s := newStage(t)
	s.bareImage(t)
	statefulset, deployment := kinds[1], kinds[0]
	everything := granted(roleRules(t))
	n := 0
	for _, test := range []struct {
		fault  string
		given  chaos.Params
		rights []right
	}{
		{"redis_outage", chaos.Params{"way": wayEvict}, slices.Concat(preflightRights(statefulset), evictRights)},
		{"redis_outage", chaos.Params{"way": wayDelete}, slices.Concat(preflightRights(statefulset), deleteRights)},
		{"redis_outage", chaos.Params{"way": wayScale}, slices.Concat(preflightRights(statefulset), scaleRights(statefulset))},
		{"qdrant_throttle", chaos.Params{"way": wayScale}, slices.Concat(preflightRights(deployment), scaleRights(deployment))},
		{"qdrant_throttle", chaos.Params{"way": wayShape}, slices.Concat(preflightRights(deployment), shapeRights, tcContainerRights)},
	} {
		for _, missing := range test.rights {
			n++
			user := fmt.Sprintf("%s-%d", drill, n)
			t.Run(fmt.Sprintf("%s/%s/%s", test.fault, test.given["way"], strings.ReplaceAll(missing.String(), "/", "-")), func(t *testing.T) {
				some := maps.Clone(everything)
				delete(some, missing)
				s.cluster.Allow(t, s.namespace, rbacv1.Subject{Kind: "User", Name: user}, grant(some)...)
				less := *s
				less.config.Kubeconfig = s.cluster.Kubeconfig(t, testcluster.Login{User: user, Context: "staging"})
				plan := less.plan(t, test.fault, test.given)
				refuses(t, plan, fmt.Sprintf("context staging may not %s in %s: apply the Role in docs/faults.md", missing, s.namespace))
				if len(plan.Refused()) != 1 || len(plan.Steps) != 0 {
					t.Errorf("refused for %+v, with %d steps", plan.Refused(), len(plan.Steps))
				}
			})
		}
	}
}

func TestRightLostInTheMiddle(t *testing.T) {
	s := newStage(t)
	plan := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	same := unchanged(t, "redis", s.redisSpec)
	path := s.config.Kubeconfig
	relog := func(user string) {
		t.Helper()
		if err := s.cluster.WriteKubeconfig(path, testcluster.Login{User: user, Context: "staging"}); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, plan)
	relog("nobody")
	err := undo(t, plan.Steps[0], false)
	if err == nil || !strings.Contains(err.Error(), `User "nobody" cannot get`) || !strings.Contains(err.Error(), kubeclient.RoleHint) {
		t.Errorf("undo without rights: %v", err)
	}
	relog(drill)
	undone(t, plan)
	same()
}
