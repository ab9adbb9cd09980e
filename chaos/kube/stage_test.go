package kube

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/testcluster"
)

// stage is the platform in a namespace of its own, and somebody who has no right but the Role of this
// package.
type stage struct {
	cluster   *testcluster.Cluster
	client    kubernetes.Interface // may do everything
	namespace string
	config    Config
}

const drill = "drill"

func newStage(t *testing.T) *stage {
	t.Helper()
	s := bareStage(t)
	if err := testcluster.Fixtures(t.Context(), s.cluster.Admin(), s.namespace); err != nil {
		t.Fatal(err)
	}
	return s
}

// bareStage has no workloads.
func bareStage(t *testing.T) *stage {
	t.Helper()
	c := shared.Cluster(t)
	s := &stage{cluster: c, client: c.Client(), namespace: c.Namespace(t)}
	c.Allow(t, s.namespace, rbacv1.Subject{Kind: "User", Name: drill}, roleRules(t)...)
	s.config = Config{
		Kubeconfig: c.Kubeconfig(t, testcluster.Login{User: drill, Context: "staging"}),
		Namespace:  s.namespace, Allow: []string{s.namespace}, Session: testSession,
	}
	return s
}

// roleRules are the rules of the manifest.
func roleRules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(RoleManifest), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return object.(*rbacv1.Role).Rules
}

func (s *stage) driver(t *testing.T) *Driver {
	t.Helper()
	d, err := New(s.config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (s *stage) fault(t *testing.T, id string) chaos.Fault {
	t.Helper()
	for _, f := range s.driver(t).Faults() {
		if f.Info().ID == id {
			return f
		}
	}
	t.Fatalf("there is no fault %s", id)
	return nil
}

// tryPlan makes the plan of a fault.
func (s *stage) tryPlan(t *testing.T, id string, given chaos.Params) (chaos.Plan, error) {
	t.Helper()
	f := s.fault(t, id)
	full, err := chaos.Complete(f.Info().Params, given)
	if err != nil {
		t.Fatal(err)
	}
	return f.Plan(t.Context(), full)
}

// plan is tryPlan for a plan that can be made.
func (s *stage) plan(t *testing.T, id string, given chaos.Params) chaos.Plan {
	t.Helper()
	plan, err := s.tryPlan(t, id, given)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// accepted is plan for one that nothing speaks against.
func (s *stage) accepted(t *testing.T, id string, given chaos.Params) chaos.Plan {
	t.Helper()
	plan := s.plan(t, id, given)
	if refused := plan.Refused(); len(refused) > 0 {
		t.Fatalf("the plan is refused: %+v", refused)
	}
	if len(plan.Steps) == 0 {
		t.Fatalf("the plan has no steps: %+v", plan)
	}
	return plan
}

func apply(t *testing.T, plan chaos.Plan) {
	t.Helper()
	for _, step := range plan.Steps {
		if err := step.Apply(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// undoersOf are those of an operator whose kubeconfig is that of the record.
func undoersOf(t *testing.T, record json.RawMessage) chaos.Undoers {
	t.Helper()
	var r struct {
		Where     clusterRef
		Workload  workloadRef
		Namespace string
	}
	if err := json.Unmarshal(record, &r); err != nil {
		t.Fatal(err)
	}
	return Undoers(Config{Kubeconfig: r.Where.Kubeconfig, Allow: []string{r.Workload.Namespace, r.Namespace}})
}

// undo tries once, from the record alone and without the config of the fault.
func undo(t *testing.T, step chaos.Step, overwrite bool) error {
	t.Helper()
	raw, err := json.Marshal(step.Undo)
	if err != nil {
		t.Fatal(err)
	}
	return undoersOf(t, raw)[step.Kind].Undo(t.Context(), raw, overwrite)
}

// undone takes the plan back, newest step first, however long pods take.
func undone(t *testing.T, plan chaos.Plan) {
	t.Helper()
	for i := len(plan.Steps) - 1; i >= 0; i-- {
		await(t, "the undo of "+plan.Steps[i].Object, func() string {
			err := undo(t, plan.Steps[i], false)
			var pending *chaos.PendingError
			switch {
			case err == nil:
				return ""
			case errors.As(err, &pending):
				return err.Error()
			}
			t.Fatal(err)
			return ""
		})
		if err := undo(t, plan.Steps[i], false); err != nil {
			t.Errorf("a second undo: %v", err)
		}
	}
}

func (s *stage) redis(t *testing.T) *appsv1.StatefulSet {
	t.Helper()
	set, err := s.client.AppsV1().StatefulSets(s.namespace).Get(t.Context(), testcluster.Redis, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (s *stage) deployment(t *testing.T, name string) *appsv1.Deployment {
	t.Helper()
	d, err := s.client.AppsV1().Deployments(s.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// unchanged holds on to an object's spec and what else people set, and fails the test at its end if
// anything of it is different.
func unchanged[T any](t *testing.T, what string, read func(*testing.T) T) (check func()) {
	t.Helper()
	before := read(t)
	return func() {
		t.Helper()
		if after := read(t); !equality.Semantic.DeepEqual(before, after) {
			t.Errorf("%s is not as it was: before %+v, after %+v", what, before, after)
		}
	}
}

// spec is what of a workload has to be the same before and after.
type spec struct {
	UID                 string
	Labels, Annotations map[string]string
	Spec                any
}

func specOf(m metav1.ObjectMeta, of any) spec {
	return spec{UID: string(m.UID), Labels: m.Labels, Annotations: m.Annotations, Spec: of}
}

func (s *stage) redisSpec(t *testing.T) spec {
	set := s.redis(t)
	return specOf(set.ObjectMeta, set.Spec)
}

func (s *stage) deploymentSpec(name string) func(*testing.T) spec {
	return func(t *testing.T) spec {
		t.Helper()
		d := s.deployment(t, name)
		return specOf(d.ObjectMeta, d.Spec)
	}
}

// podsOf are the names and uids of the pods with a label, and readyOf how many are ready.
func (s *stage) podsOf(t *testing.T, selector string) map[string]string {
	t.Helper()
	list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	uids := map[string]string{}
	for i := range list.Items {
		uids[list.Items[i].Name] = string(list.Items[i].UID)
	}
	return uids
}

func (s *stage) readyOf(t *testing.T, selector string) int {
	t.Helper()
	list, err := s.client.CoreV1().Pods(s.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		t.Fatal(err)
	}
	return countReady(list.Items)
}

// says reports whether any fact or check of a plan has a text.
func says(plan chaos.Plan, text string) bool {
	for _, f := range plan.Facts {
		if strings.Contains(f.Name+": "+f.Text, text) {
			return true
		}
	}
	for _, c := range plan.Checks {
		if strings.Contains(c.Text+": "+c.Reason, text) {
			return true
		}
	}
	return false
}

func mustSay(t *testing.T, plan chaos.Plan, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !says(plan, text) {
			t.Errorf("the plan does not say %q: %+v %+v", text, plan.Facts, plan.Checks)
		}
	}
}

// refuses fails unless the plan is refused for this reason.
func refuses(t *testing.T, plan chaos.Plan, reason string) {
	t.Helper()
	for _, c := range plan.Refused() {
		if strings.Contains(c.Reason, reason) {
			return
		}
	}
	t.Errorf("nothing refuses for %q: %+v", reason, plan.Checks)
}
