package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/units"
)

// pods lists the pods that match the selector, apart by whether the workload owns them. Those it does
// not own are never touched. Both are in the order of their names.
func (cl *cluster) pods(ctx context.Context, w workload, selector labels.Selector) (own, others []corev1.Pod, err error) {
	owners := map[types.UID]bool{w.UID: true}
	k, err := kindOf(w.Kind)
	if err != nil {
		return nil, nil, err
	}
	if k.viaReplicaSets {
		if owners, err = cl.replicaSets(ctx, w); err != nil {
			return nil, nil, err
		}
	}
	list, err := cl.Client.Pods(w.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, nil, cl.Explain("list pods of "+w.String(), err)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	for i := range list.Items {
		pod := &list.Items[i]
		if owner := metav1.GetControllerOf(pod); owner != nil && owners[owner.UID] {
			own = append(own, *pod)
		} else {
			others = append(others, *pod)
		}
	}
	return own, others, nil
}

// isReady reports whether a pod is ready and not terminating.
func isReady(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func countReady(pods []corev1.Pod) (n int) {
	for i := range pods {
		if isReady(&pods[i]) {
			n++
		}
	}
	return n
}

// describe is a pod for people: its node and state.
func describe(pod *corev1.Pod) string {
	state := "not ready"
	switch {
	case pod.DeletionTimestamp != nil:
		state = "being deleted"
	case isReady(pod):
		state = "ready"
	}
	node := pod.Spec.NodeName
	if node == "" {
		node = "no node yet"
	}
	return fmt.Sprintf("%s on %s, %s", pod.Name, node, state)
}

// podsReady says how many pods have to be ready: "1 pod is ready".
func podsReady(n int) string {
	return units.Counted(uint64(max(0, n)), "pod is", "pods are") + " ready"
}

// podCount names a number of pods.
func podCount(n int) string {
	return units.Counted(uint64(max(0, n)), "pod", "pods")
}
