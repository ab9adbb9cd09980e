package kube

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"xinbot.ir/squall/internal/rotation"
)

// Pods are the replicas of the gateway: the pods of a namespace that a selector chooses. They are reached by port-forward: one
// session with each, and in it a stream of its own for each connection, which the node makes a connection to the pod.
type Pods struct {
	cluster   *Cluster
	namespace string
	selector  string
	port      int
	idleTime  time.Duration

	mu       sync.Mutex
	sessions map[string]*session // by pod
}

// Pods are those of a namespace with labels, and the port of the gateway in them.
func (c *Cluster) Pods(namespace, selector string, port int) (*Pods, error) {
	if _, err := labels.Parse(selector); err != nil {
		return nil, fmt.Errorf("read the selector of the gateway's pods %q: %w", selector, err)
	}
	return &Pods{cluster: c, namespace: namespace, selector: selector, port: port, idleTime: idleTime, sessions: map[string]*session{}}, nil
}

// List implements rotation.Replicas: the pods that are ready and not about to end.
func (p *Pods) List(ctx context.Context) (all []rotation.Replica, _ error) {
	list, err := p.cluster.Client.Pods(p.namespace).List(ctx, metav1.ListOptions{LabelSelector: p.selector})
	if err != nil {
		return nil, p.cluster.Explain("list pods of "+p.namespace, err)
	}
	for i := range list.Items {
		if pod := &list.Items[i]; serves(pod) {
			all = append(all, rotation.Replica{Name: pod.Name, Started: p.started(pod)})
		}
	}
	return all, nil
}

// serves reports whether a pod is among those that a Service would send to.
func serves(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// started is when the container of the gateway started: the one that has its port, or else the first. It read its secret then.
func (p *Pods) started(pod *corev1.Pod) string {
	containers := pod.Spec.Containers
	gateway := max(0, slices.IndexFunc(containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(port corev1.ContainerPort) bool { return int(port.ContainerPort) == p.port })
	}))
	for _, status := range pod.Status.ContainerStatuses {
		if status.Name == containers[gateway].Name && status.State.Running != nil {
			return status.State.Running.StartedAt.UTC().Format(time.RFC3339)
		}
	}
	return ""
}

// Dial implements rotation.Replicas: a connection of its own to the gateway's port in a pod.
func (p *Pods) Dial(ctx context.Context, pod string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	s := p.session(pod)
	defer s.release()
	return s.dial(ctx, p.port)
}

// session is that with a pod, for one user more. One that has ended is replaced, but not at once: every probe would make one.
func (p *Pods) session(pod string) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sessions[pod]
	if s == nil || !s.acquire() {
		s = newSession(p, pod)
		p.sessions[pod] = s
	}
	return s
}

// forget drops a session that is not used any more.
func (p *Pods) forget(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sessions[s.pod] == s {
		delete(p.sessions, s.pod)
	}
}

// Check returns how many pods there are to ask. An error says which right is missing, or that there are none.
func (p *Pods) Check(ctx context.Context) (int, error) {
	list := authorizationv1.ResourceAttributes{Namespace: p.namespace, Verb: "list", Resource: "pods"}
	forward := authorizationv1.ResourceAttributes{Namespace: p.namespace, Verb: "create", Resource: "pods", Subresource: "portforward"}
	if err := p.cluster.may(ctx, "pods of "+p.namespace, list); err != nil {
		return 0, err
	}
	if err := p.cluster.may(ctx, "pods/portforward of "+p.namespace, forward); err != nil {
		return 0, err
	}
	all, err := p.List(ctx)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no pod of %s that is ready has the labels %s", p.namespace, p.selector)
	}
	return len(all), err
}
