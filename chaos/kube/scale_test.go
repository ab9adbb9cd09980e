package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/testcluster"
)

func (s *stage) remedy(step chaos.Step) string {
	raw, err := json.Marshal(step.Undo)
	if err != nil {
		return err.Error()
	}
	return Undoers(Config{})[step.Kind].Remedy(raw)
}

// setReplicas is somebody else's kubectl scale.
func (s *stage) setReplicas(t *testing.T, n string) {
	t.Helper()
	s.patchRedis(t, `{"spec":{"replicas":`+n+`}}`)
}

func (s *stage) patchRedis(t *testing.T, patch string) {
	t.Helper()
	if _, err := s.client.AppsV1().StatefulSets(s.namespace).Patch(t.Context(), "redis", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestScaleDownAndBack(t *testing.T) {
	for name, test := range map[string]struct {
		fault    string
		given    chaos.Params
		selector string
		spec     func(*stage) func(*testing.T) spec
		to       int
	}{
		"redis": {
			fault: "redis_outage", given: chaos.Params{"way": wayScale}, selector: "app=redis",
			spec: func(s *stage) func(*testing.T) spec { return s.redisSpec },
		},
		"qdrant": {
			fault: "qdrant_throttle", given: chaos.Params{"way": wayScale, "replicas": "1"}, selector: "app=qdrant", to: 1,
			spec: func(s *stage) func(*testing.T) spec { return s.deploymentSpec(testcluster.Qdrant) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			same := unchanged(t, name, test.spec(s))
			plan := s.accepted(t, test.fault, test.given)
			if plan.OneShot || len(plan.Steps) != 1 {
				t.Errorf("plan %+v", plan)
			}
			apply(t, plan)
			apply(t, plan)
			await(t, "pods to go", func() string {
				if n := s.readyOf(t, test.selector); n != test.to {
					return podCount(n)
				}
				return ""
			})
			// While it is on a plan with another time-to-live must be possible.
			if again := s.plan(t, test.fault, test.given.With(chaos.Params{"for": "1m"})); len(again.Refused()) > 0 || len(again.Steps) != 1 || again.Steps[0].Object != plan.Steps[0].Object {
				t.Errorf("the plan while it is on: %+v", again)
			}
			var pending *chaos.PendingError
			if err := undo(t, plan.Steps[0], false); err != nil && !errors.As(err, &pending) {
				t.Error(err)
			} else if n := s.readyOf(t, test.selector); err == nil && n != 2 {
				t.Errorf("it is called undone with %s ready", podCount(n))
			}
			undone(t, plan)
			same()
			if n := s.readyOf(t, test.selector); n != 2 {
				t.Errorf("%s ready, want 2", podCount(n))
			}
		})
	}
}

func TestScaleMovedOn(t *testing.T) {
	s := newStage(t)
	same := unchanged(t, "redis", s.redisSpec)
	plan := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	if got := s.remedy(plan.Steps[0]); !strings.HasSuffix(got, "--context staging -n "+s.namespace+" scale statefulset/redis --replicas=2 && "+unmarkCommand(plan.Steps[0].Undo.(scaleRecord).Where, workloadRef{Namespace: s.namespace, Kind: "statefulset", Name: "redis"})) {
		t.Errorf("remedy %q", got)
	}
	apply(t, plan)
	s.setReplicas(t, "3")
	if err := plan.Steps[0].Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "found 3 replicas, expected 2") {
		t.Errorf("applying over somebody else's change: %v", err)
	}
	var moved *chaos.ConflictError
	err := undo(t, plan.Steps[0], false)
	if !errors.As(err, &moved) {
		t.Fatalf("undo of what somebody else has changed: %v", err)
	}
	want := chaos.ConflictError{Object: "statefulset " + s.namespace + "/redis", Found: "3 replicas", Left: "0 replicas", Before: "2 replicas"}
	if *moved != want {
		t.Errorf("%+v, want %+v", *moved, want)
	}
	if got := *s.redis(t).Spec.Replicas; got != 3 {
		t.Errorf("an undo that asks has set %d", got)
	}
	var pending *chaos.PendingError
	if err := undo(t, plan.Steps[0], true); err != nil && !errors.As(err, &pending) {
		t.Fatal(err)
	}
	undone(t, plan)
	same()

	// Somebody who has revert it himself has done our work.
	apply(t, plan)
	s.setReplicas(t, "2")
	undone(t, plan)
	same()

	// When he sets the same number later, that is his change and not ours.
	apply(t, plan)
	s.patchRedis(t, `{"metadata": {"annotations": {"`+markAnnotation+`": null}}}`)
	err = undo(t, plan.Steps[0], false)
	if !errors.As(err, &moved) || moved.Found != "0 replicas, without the mark of this session" {
		t.Errorf("undo of a workload without our mark: %v", err)
	}
	if got := *s.redis(t).Spec.Replicas; got != 0 {
		t.Errorf("an undo that asks has set %d", got)
	}
	if err := undo(t, plan.Steps[0], true); err != nil && !errors.As(err, &pending) {
		t.Fatal(err)
	}
	undone(t, plan)
	same()
}

func TestScaleOfAnotherOfTheSameName(t *testing.T) {
	s := newStage(t)
	plan := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	apply(t, plan)
	api := s.client.AppsV1().StatefulSets(s.namespace)
	old := s.redis(t)
	if err := api.Delete(t.Context(), "redis", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	var moved *chaos.ConflictError
	if err := undo(t, plan.Steps[0], false); !errors.As(err, &moved) || moved.Found != "none of this name" {
		t.Errorf("undo without the workload: %v", err)
	}
	// Nobody can restore what is not there: it is never said to be back.
	if err := undo(t, plan.Steps[0], true); !errors.As(err, &moved) || !moved.Gone {
		t.Errorf("undo without the workload by a person's choice: %v", err)
	}
	old.ObjectMeta = metav1.ObjectMeta{Name: old.Name, Labels: old.Labels}
	old.Spec.Replicas = new(int32(1))
	if _, err := api.Create(t.Context(), old, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := undo(t, plan.Steps[0], false); !errors.As(err, &moved) || moved.Found != "another of this name with 1 replica" {
		t.Errorf("undo on another of the name: %v", err)
	}
	if err := plan.Steps[0].Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "another statefulset of this name has taken its place") {
		t.Errorf("apply on another of the name: %v", err)
	}
	var pending *chaos.PendingError
	if err := undo(t, plan.Steps[0], true); err != nil && !errors.As(err, &pending) {
		t.Fatal(err)
	}
	if got := *s.redis(t).Spec.Replicas; got != 2 {
		t.Errorf("the other has %d replicas after a person's choice", got)
	}
}

// rival writes the workload right before a scale is written, so that the API server refuses the scale.
type rival struct {
	workloads
	write func()
	times int
}

func (r *rival) Patch(ctx context.Context, name string, patch []byte, dry []string) (workload, error) {
	if r.times > 0 {
		r.times--
		r.write()
	}
	return r.workloads.Patch(ctx, name, patch, dry)
}

func TestScaleBesideAnotherWriter(t *testing.T) {
	s := newStage(t)
	cl, err := connect(s.config)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	annotate := func() {
		n++
		_, err := s.client.AppsV1().StatefulSets(s.namespace).Patch(t.Context(), "redis", types.MergePatchType,
			fmt.Appendf(nil, `{"metadata":{"annotations":{"busy":"%d"}}}`, n), metav1.PatchOptions{})
		if err != nil {
			t.Error(err)
		}
	}
	change := scaleChange{workloadRef: workloadRef{Namespace: s.namespace, Kind: "statefulset", Name: "redis", UID: s.redis(t).UID}, before: 2, after: 1}
	api := statefulSets{cl.Client.StatefulSets(s.namespace)}

	if err := cl.scaleBy(t.Context(), &rival{workloads: api, write: annotate, times: scaleTries - 1}, change, nil); err != nil {
		t.Error(err)
	}
	if got := *s.redis(t).Spec.Replicas; got != 1 || n != scaleTries-1 {
		t.Errorf("%d replicas after %d other writes", got, n)
	}

	change.before, change.after = 1, 2
	err = cl.scaleBy(t.Context(), &rival{workloads: api, write: annotate, times: 100}, change, nil)
	if !apierrors.IsConflict(err) {
		t.Errorf("against one who always writes first: %v", err)
	}

	// One who changes the replicas meanwhile is not overwritten.
	err = cl.scaleBy(t.Context(), &rival{workloads: api, write: func() { s.setReplicas(t, "3") }, times: 1}, change, nil)
	if err == nil || !strings.Contains(err.Error(), "found 3 replicas, expected 1") {
		t.Errorf("against one who scales: %v", err)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	s := newStage(t)
	version, pods := s.redis(t).ResourceVersion, s.podsOf(t, "app=redis")
	for _, way := range []string{wayEvict, wayDelete, wayScale} {
		plan := s.accepted(t, "redis_outage", chaos.Params{"way": way})
		for _, step := range plan.Steps {
			if err := step.DryRun(t.Context()); err != nil {
				t.Errorf("%s: %v", way, err)
			}
			if !strings.Contains(step.Command, "/kubeconfig --context staging -n "+s.namespace+" ") {
				t.Errorf("%s: command %q", way, step.Command)
			}
		}
	}
	if now := s.redis(t).ResourceVersion; now != version {
		t.Error("a dry run has changed the workload")
	}
	for name, uid := range s.podsOf(t, "app=redis") {
		if pods[name] != uid {
			t.Errorf("a dry run has taken pod %s away", name)
		}
	}
}

func TestCustomFaults(t *testing.T) {
	s := newStage(t)
	s.config.Custom = []chaos.Custom{
		{ID: "toxic", Title: "Not ours", Toxic: &chaos.CustomToxic{}},
		{ID: "gateway_down", Title: "Gateway down", Workload: &chaos.CustomWorkload{Way: wayScale, Kind: "deployment", Name: testcluster.Gateway}},
		{ID: "gateway_fewer", Title: "Fewer gateways", Workload: &chaos.CustomWorkload{Way: wayScale, Kind: "deployment", Name: testcluster.Gateway, Replicas: 1}},
		{ID: "gateway_evict", Title: "Gateway evicted", Workload: &chaos.CustomWorkload{Way: wayEvict, Kind: "deployment", Name: testcluster.Gateway}},
		{ID: "elsewhere", Title: "Elsewhere", Workload: &chaos.CustomWorkload{Way: wayEvict, Kind: "deployment", Namespace: "kube-system", Name: "coredns"}},
	}
	if n := len(s.driver(t).Faults()); n != 6 {
		t.Errorf("%d faults, want 6", n)
	}
	same := unchanged(t, "gateway", s.deploymentSpec(testcluster.Gateway))
	plan := s.accepted(t, "gateway_down", nil)
	mustSay(t, plan, "Autoscaler: "+testcluster.Gateway+" keeps 2 to 8 replicas", "stands still while there are 0 replicas", "Disruption budget: "+testcluster.Gateway+" allows 1 now")
	apply(t, plan)
	undone(t, plan)
	same()

	mustSay(t, s.accepted(t, "gateway_fewer", nil), "(2 to 8 replicas) will overwrite 1")

	before := s.podsOf(t, "app.kubernetes.io/name="+testcluster.Gateway)
	await(t, "a budget that allows a disruption", func() string {
		if !says(s.plan(t, "gateway_evict", nil), "allows 1 now") {
			return "not yet"
		}
		return ""
	})
	plan = s.accepted(t, "gateway_evict", chaos.Params{"pods": "1"})
	apply(t, plan)
	undone(t, plan)
	same()
	left := 0
	for name := range s.podsOf(t, "app.kubernetes.io/name="+testcluster.Gateway) {
		if before[name] != "" {
			left++
		}
	}
	if left != 1 {
		t.Errorf("%d of the old gateway pods are left, want 1", left)
	}

	plan = s.plan(t, "elsewhere", nil)
	refuses(t, plan, "namespace kube-system is not allowed: allowed are "+s.namespace)
	if len(plan.Checks) != 1 {
		t.Errorf("more was looked at: %+v", plan.Checks)
	}
}

// Two squalls on one workload: the second is refused with whose change it is, and the first puts it back. When the
// change is made right before the second one's write, the write is refused.
func TestScaleOfAnotherSession(t *testing.T) {
	s := newStage(t)
	same := unchanged(t, "redis", s.redisSpec)
	second := *s
	second.config.Session = "deadbee5"
	late := second.accepted(t, "redis_outage", chaos.Params{"way": wayScale}) // planned before the first one's change
	plan := s.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	apply(t, plan)
	if m, ok := parseMark(s.redis(t).Annotations[markAnnotation]); !ok || m != (mark{Session: s.config.Session, Before: 2, After: 0, Ready: 2}) {
		t.Errorf("the mark is %q", s.redis(t).Annotations[markAnnotation])
	}
	refused := second.plan(t, "redis_outage", chaos.Params{"way": wayScale}).Refused()
	if len(refused) != 1 || !strings.Contains(refused[0].Reason, "session "+s.config.Session+" of squall has scaled statefulset "+s.namespace+"/redis from 2 to 0") {
		t.Errorf("refused: %+v", refused)
	}
	if err := late.Steps[0].Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "session "+s.config.Session) {
		t.Errorf("a change over another session's: %v", err)
	}
	undone(t, plan)
	same()
	if _, marked := s.redis(t).Annotations[markAnnotation]; marked {
		t.Error("the mark is still there")
	}
	again := second.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
	apply(t, again)
	undone(t, again)
	same()
}

// A workload says itself who has scaled it, and how it was: without a ledger it is found and put back.
func TestScanFindsScaledWorkloads(t *testing.T) {
	s := newStage(t)
	same := unchanged(t, "redis", s.redisSpec)
	apply(t, s.accepted(t, "redis_outage", chaos.Params{"way": wayScale}))
	found, err := Scan(t.Context(), s.config)
	if err != nil || len(found) != 1 || found[0].Session != s.config.Session {
		t.Fatalf("%+v, %v", found, err)
	}
	for _, r := range chaos.RecoverFound(t.Context(), found, Undoers(s.config), chaos.RecoverOptions{RecheckDelay: 1}) {
		if r.Err != nil || r.Object != "statefulset "+s.namespace+"/redis" {
			t.Errorf("%+v", r)
		}
	}
	same()
	if left, err := Scan(t.Context(), s.config); err != nil || len(left) != 0 {
		t.Errorf("afterwards: %+v, %v", left, err)
	}
}

// A guard reverts when the kubeconfig has been removed, or leads to another cluster, since it was started.
func TestUndoAfterTheKubeconfigIsGone(t *testing.T) {
	s := newStage(t)
	same := unchanged(t, "redis", s.redisSpec)
	kubeconfig, err := os.ReadFile(s.config.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(path string) error{
		"removed": os.Remove,
		"of another server": func(path string) error {
			return os.WriteFile(path, otherServer.ReplaceAll(kubeconfig, []byte("https://127.0.0.1:1")), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			own := *s
			own.config.Kubeconfig = filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(own.config.Kubeconfig, kubeconfig, 0o600); err != nil {
				t.Fatal(err)
			}
			plan := own.accepted(t, "redis_outage", chaos.Params{"way": wayScale})
			late, held := Undoers(own.config), HoldingUndoers(own.config)
			apply(t, plan)
			if err := change(own.config.Kubeconfig); err != nil {
				t.Fatal(err)
			}
			step := plan.Steps[0]
			raw, err := json.Marshal(step.Undo)
			if err != nil {
				t.Fatal(err)
			}
			if err := late[step.Kind].Undo(t.Context(), raw, false); err == nil {
				t.Error("an undo that reads the kubeconfig now went somewhere")
			}
			await(t, "the undo", func() string {
				if err := held[step.Kind].Undo(t.Context(), raw, false); err != nil {
					return err.Error()
				}
				return ""
			})
			same()
		})
	}
}

var otherServer = regexp.MustCompile(`https://[^\s"']+`)
