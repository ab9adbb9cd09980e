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

// planEvict takes pods away by the Eviction API, which asks disruption budgets.
func (d *Driver) planEvict(ctx context.Context, a aim) (chaos.Plan, error) {
	return d.planRemoval(ctx, a, removal{rights: evictRights(), check: (*survey).evictable, remove: (*link).evict, done: "evicted", command: evictCommand})
}

// planDelete takes pods away by a plain delete, which asks nobody.
func (d *Driver) planDelete(ctx context.Context, a aim) (chaos.Plan, error) {
	return d.planRemoval(ctx, a, removal{
		rights: deleteRights(), check: (*survey).deletable, remove: (*link).delete, done: "deleted",
		command: func(w where, namespace, pod string) string { return kubectl(w, namespace) + " delete pod " + pod },
	})
}

// removal is one way to take pods away.
type removal struct {
	rights  []right
	check   func(*survey, []corev1.Pod)
	remove  func(l *link, ctx context.Context, pod *corev1.Pod, dry []string) error
	done    string // what is then said of a pod
	command func(w where, namespace, pod string) string
}

func (d *Driver) planRemoval(ctx context.Context, a aim, r removal) (chaos.Plan, error) {
	s, done, err := d.survey(ctx, a, r.rights)
	if err != nil || !done {
		return planOf(s), err
	}
	pods := s.hit()
	s.podFacts(pods)
	s.plan.OneShot = true
	s.plan.Scope = few(len(pods)) + " of " + a.name
	s.plan.Params = r.done
	if !s.needPods(pods, "to take away") {
		return s.plan, nil
	}
	r.check(s, pods)
	commands := make([]string, len(pods))
	for i := range pods {
		commands[i] = r.command(s.link.where, a.namespace, pods[i].Name)
	}
	s.plan.Steps = []chaos.Step{{
		Kind: rolloutKind, Object: "pods of " + s.workload.String(),
		Undo:    rolloutRecord{Where: s.link.where, Workload: s.workload.id, Ready: countReady(s.all)},
		Apply:   func(ctx context.Context) error { return s.link.removeAll(ctx, pods, r, nil) },
		DryRun:  func(ctx context.Context) error { return s.link.removeAll(ctx, pods, r, []string{metav1.DryRunAll}) },
		Command: strings.Join(commands, "; "),
	}}
	return s.plan, nil
}

// planOf is the plan of a survey that may not be there.
func planOf(s *survey) chaos.Plan {
	if s == nil {
		return chaos.Plan{}
	}
	return s.plan
}

// removeAll takes pods away one after the other. The first that cannot be taken away ends it: what a
// budget refuses is a finding and not to be asked for again.
func (l *link) removeAll(ctx context.Context, pods []corev1.Pod, r removal, dry []string) error {
	for i := range pods {
		if err := r.remove(l, ctx, &pods[i], dry); err != nil {
			switch {
			case i == 0 || dry != nil:
				return err
			case refusedByBudget(err):
				return &chaos.PartialError{What: fmt.Sprintf("%d of %s %s: %v", i, few(len(pods)), r.done, err)}
			}
			return fmt.Errorf("%w (%d of %s %s before)", err, i, few(len(pods)), r.done)
		}
	}
	if dry != nil {
		return nil
	}
	for i := range pods {
		if err := l.leaving(ctx, &pods[i]); err != nil {
			return err
		}
	}
	return nil
}

// leaving reads back that a pod is gone or on its way.
func (l *link) leaving(ctx context.Context, pod *corev1.Pod) error {
	now, err := l.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return l.explain("read pod "+pod.Namespace+"/"+pod.Name, err)
	case now.UID == pod.UID && now.DeletionTimestamp == nil:
		return fmt.Errorf("take pod %s/%s away: the API server accepted, but the pod stays", pod.Namespace, pod.Name)
	}
	return nil
}

// delete deletes that very pod; one that is gone already, or has a successor, is fine.
func (l *link) delete(ctx context.Context, pod *corev1.Pod, dry []string) error {
	err := l.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, onlyThis(pod, dry))
	if gone(err) {
		return nil
	}
	return l.explain("delete pod "+pod.Namespace+"/"+pod.Name, err)
}

func onlyThis(pod *corev1.Pod, dry []string) metav1.DeleteOptions {
	return metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID)), DryRun: dry}
}

// gone tells whether the pod had left before: none of the name, or one with another uid.
func gone(err error) bool { return apierrors.IsNotFound(err) || apierrors.IsConflict(err) }

// How often an eviction that the API server has no time for is sent, and how long to wait between if
// the server does not say, and at most.
const (
	evictTries   = 5
	evictPause   = time.Second
	longestPause = 5 * time.Second
)

// evict evicts that very pod. A refusal by a disruption budget is an error at once; an API server that
// is too busy is asked again a few times. Both answer 429.
func (l *link) evict(ctx context.Context, pod *corev1.Pod, dry []string) error {
	what := "evict pod " + pod.Namespace + "/" + pod.Name
	for try := 1; ; try++ {
		err := l.evictOnce(ctx, pod, dry)
		switch {
		case err == nil, gone(err):
			return nil
		case byBudget(err):
			return fmt.Errorf("%s: a disruption budget refuses it: %w", what, err)
		case overlapping(err):
			return fmt.Errorf("%s: disruption budgets overlap on it: %w", what, err)
		case !apierrors.IsTooManyRequests(err):
			return l.explain(what, err)
		case try == evictTries:
			return fmt.Errorf("%s: the API server was too busy %d times: %w", what, try, err)
		}
		timer := time.NewTimer(pauseAfter(err))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return l.explain(what, errors.Join(err, ctx.Err()))
		}
	}
}

// evictOnce is what client-go's Evict does, without its own retries: those would wait on a 429 that
// names a budget and lose the reason.
func (l *link) evictOnce(ctx context.Context, pod *corev1.Pod, dry []string) error {
	options := onlyThis(pod, dry)
	return l.client.PolicyV1().RESTClient().Post().AbsPath("/api/v1").
		Namespace(pod.Namespace).Resource("pods").Name(pod.Name).SubResource("eviction").
		Body(&policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
			DeleteOptions: &options,
		}).
		MaxRetries(0).Do(ctx).Error()
}

// byBudget tells a disruption budget's refusal from an API server that is too busy.
func byBudget(err error) bool {
	return apierrors.IsTooManyRequests(err) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause)
}

// overlapping tells that more than one budget selects the pod, which the API server refuses altogether.
func overlapping(err error) bool {
	return strings.Contains(err.Error(), "more than one PodDisruptionBudget")
}

// refusedByBudget tells a finding from a failure.
func refusedByBudget(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause) || overlapping(err)
}

func pauseAfter(err error) time.Duration {
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, longestPause)
	}
	return evictPause
}
