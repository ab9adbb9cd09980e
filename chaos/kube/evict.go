package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"xinbot.ir/squall/chaos"
)

// planEvict removes pods by the Eviction API, which respects disruption budgets.
func (d *Driver) planEvict(ctx context.Context, t target) (chaos.Plan, error) {
	return d.planRemoval(ctx, t, removal{rights: evictRights, check: (*preflight).checkBudgets, remove: (*cluster).evict, done: "evicted", command: evictCommand})
}

// planDelete removes pods by a plain delete, which ignores disruption budgets.
func (d *Driver) planDelete(ctx context.Context, t target) (chaos.Plan, error) {
	return d.planRemoval(ctx, t, removal{
		rights: deleteRights, check: (*preflight).warnOfBudgets, remove: (*cluster).delete, done: "deleted",
		command: func(ref clusterRef, namespace, pod string) string {
			return kubectlCommand(ref, namespace, "delete", "pod", pod)
		},
	})
}

// removal is one way to remove pods.
type removal struct {
	rights  []right
	check   func(*preflight, []corev1.Pod)
	remove  func(cl *cluster, ctx context.Context, pod *corev1.Pod, dry []string) error
	done    string // what is then said of a pod
	command func(ref clusterRef, namespace, pod string) string
}

func (d *Driver) planRemoval(ctx context.Context, t target, r removal) (chaos.Plan, error) {
	p, done, err := d.startPreflight(ctx, t, r.rights)
	if err != nil || !done {
		return planOf(p), err
	}
	pods := p.targetPods()
	p.podFacts(pods)
	p.plan.OneShot = true
	p.plan.Scope = podCount(len(pods)) + " of " + t.name
	p.plan.Params = r.done
	if !p.requirePods(pods, "to take away") {
		return p.plan, nil
	}
	r.check(p, pods)
	commands := make([]string, len(pods))
	for i := range pods {
		commands[i] = r.command(p.cluster.Ref, t.namespace, pods[i].Name)
	}
	p.plan.Steps = []chaos.Step{{
		Kind: rolloutKind, Object: "pods of " + p.workload.String(),
		Undo:    rolloutRecord{Where: p.cluster.Ref, Workload: p.workload.workloadRef, Ready: countReady(p.all)},
		Apply:   func(ctx context.Context) error { return p.cluster.removeAll(ctx, pods, r, nil) },
		DryRun:  func(ctx context.Context) error { return p.cluster.removeAll(ctx, pods, r, []string{metav1.DryRunAll}) },
		Command: strings.Join(commands, "; "),
	}}
	return p.plan, nil
}

// planOf is the plan of a preflight, which may be nil.
func planOf(p *preflight) chaos.Plan {
	if p == nil {
		return chaos.Plan{}
	}
	return p.plan
}

// removeAll removes pods one after the other. The first failure ends it: what a budget refuses is a finding and
// is not tried again.
func (cl *cluster) removeAll(ctx context.Context, pods []corev1.Pod, r removal, dry []string) error {
	for i := range pods {
		if err := r.remove(cl, ctx, &pods[i], dry); err != nil {
			switch {
			case i == 0 || dry != nil:
				return err
			case refusedByBudget(err):
				return &chaos.PartialError{What: fmt.Sprintf("%d of %s %s: %v", i, podCount(len(pods)), r.done, err)}
			}
			return fmt.Errorf("%w (%d of %s %s before)", err, i, podCount(len(pods)), r.done)
		}
	}
	if dry != nil {
		return nil
	}
	for i := range pods {
		if err := cl.verifyTerminating(ctx, &pods[i]); err != nil {
			return err
		}
	}
	return nil
}

// verifyTerminating verifies that a pod is deleted or terminating.
func (cl *cluster) verifyTerminating(ctx context.Context, pod *corev1.Pod) error {
	stays, err := cl.podStays(ctx, pod)
	if err == nil && stays {
		err = fmt.Errorf("take pod %s/%s away: the API server accepted, but the pod stays", pod.Namespace, pod.Name)
	}
	return err
}

// podStays reports whether that very pod is there and not terminating.
func (cl *cluster) podStays(ctx context.Context, pod *corev1.Pod) (bool, error) {
	now, err := cl.Client.Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, cl.Explain("read pod "+pod.Namespace+"/"+pod.Name, err)
	}
	return now.UID == pod.UID && now.DeletionTimestamp == nil, nil
}

// delete deletes that very pod; one that is gone already, or has a successor, is fine.
func (cl *cluster) delete(ctx context.Context, pod *corev1.Pod, dry []string) error {
	err := cl.Client.Pods(pod.Namespace).Delete(ctx, pod.Name, deleteOptions(pod, dry))
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsConflict(err): // it has a successor, which is fine, or something else is the matter
		if stays, readErr := cl.podStays(ctx, pod); readErr != nil || !stays {
			return readErr
		}
	}
	return cl.Explain("delete pod "+pod.Namespace+"/"+pod.Name, err)
}

func deleteOptions(pod *corev1.Pod, dry []string) metav1.DeleteOptions {
	return metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID)), DryRun: dry}
}

// How often an eviction that the API server has no time for is sent, and how long to wait between if
// the server does not say, and at most.
const (
	evictTries   = 5
	evictPause   = time.Second
	longestPause = 5 * time.Second
)

// evict evicts that very pod. A refusal by a disruption budget is an error at once; an API server that
// is too busy, or has not looked at a budget yet, is asked again a few times. All of these answer 429. A 409 is fine
// when the pod is gone or has a successor, and else asked again, too.
func (cl *cluster) evict(ctx context.Context, pod *corev1.Pod, dry []string) error {
	what := "evict pod " + pod.Namespace + "/" + pod.Name
	for try := 1; ; try++ {
		err := cl.evictOnce(ctx, pod, dry)
		switch {
		case err == nil, apierrors.IsNotFound(err):
			return nil
		case isBudgetRefusal(err):
			return fmt.Errorf("%s: a disruption budget refuses it: %w", what, withCauses(err))
		case isBudgetOverlap(err):
			return fmt.Errorf("%s: disruption budgets overlap on it: %w", what, err)
		case apierrors.IsConflict(err):
			if stays, readErr := cl.podStays(ctx, pod); readErr != nil || !stays {
				return readErr
			}
			if try == evictTries {
				return fmt.Errorf("%s: the API server answered 409 Conflict %d times: %w", what, try, withCauses(err))
			}
		case !apierrors.IsTooManyRequests(err):
			return cl.Explain(what, err)
		case try == evictTries && hasBudgetCause(err):
			return fmt.Errorf("%s: a disruption budget could not be judged %d times: %w", what, try, withCauses(err))
		case try == evictTries:
			return fmt.Errorf("%s: the API server was too busy %d times: %w", what, try, withCauses(err))
		}
		timer := time.NewTimer(retryAfter(err))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return cl.Explain(what, errors.Join(err, ctx.Err()))
		}
	}
}

// evictOnce is what client-go's Evict does, without its own retries: those would wait on a 429 that
// names a budget and lose the reason.
func (cl *cluster) evictOnce(ctx context.Context, pod *corev1.Pod, dry []string) error {
	options := deleteOptions(pod, dry)
	return cl.Client.Policy.Post().AbsPath("/api/v1").
		Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("eviction").
		Body(&policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
			DeleteOptions: &options,
		}).
		MaxRetries(0).Do(ctx).Error()
}

// isBudgetRefusal tells a disruption budget's refusal from an API server that is too busy, and from a budget that the
// server has not looked at yet: then it says when to come again.
func isBudgetRefusal(err error) bool {
	seconds, again := apierrors.SuggestsClientDelay(err)
	return hasBudgetCause(err) && (!again || seconds == 0)
}

func hasBudgetCause(err error) bool {
	return apierrors.IsTooManyRequests(err) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause)
}

// withCauses adds to an error of the API what its causes say: which budget needs how many pods, for one.
func withCauses(err error) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	var causes []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Message != "" && !strings.Contains(err.Error(), cause.Message) {
			causes = append(causes, cause.Message)
		}
	}
	if len(causes) == 0 {
		return err
	}
	return fmt.Errorf("%w (%s)", err, strings.Join(causes, "; "))
}

// isBudgetOverlap tells that more than one budget selects the pod, which the API server refuses altogether.
func isBudgetOverlap(err error) bool {
	return strings.Contains(err.Error(), "more than one PodDisruptionBudget")
}

// refusedByBudget tells a finding from a failure.
func refusedByBudget(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) || isBudgetOverlap(err)
}

func retryAfter(err error) time.Duration {
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, longestPause)
	}
	return evictPause
}
