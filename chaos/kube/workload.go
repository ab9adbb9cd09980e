package kube

import (
	"context"
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// kind is a kind of workload.
type kind struct {
	name     string // as kubectl takes it
	object   string // as other objects refer to it
	resource string
	// viaReplicaSets: pods belong to replica sets, and those to the workload.
	viaReplicaSets bool
	get            func(ctx context.Context, c kubernetes.Interface, namespace, name string) (workload, error)
	scales         func(c kubernetes.Interface, namespace string) scales
}

// scales reads and writes the scale subresource of one kind.
type scales interface {
	GetScale(ctx context.Context, name string, options metav1.GetOptions) (*autoscalingv1.Scale, error)
	UpdateScale(ctx context.Context, name string, scale *autoscalingv1.Scale, options metav1.UpdateOptions) (*autoscalingv1.Scale, error)
}

// kinds are the workloads that faults know.
var kinds = []kind{
	{
		name: "deployment", object: "Deployment", resource: "deployments", viaReplicaSets: true,
		get: getDeployment,
		scales: func(c kubernetes.Interface, namespace string) scales {
			return c.AppsV1().Deployments(namespace)
		},
	},
	{
		name: "statefulset", object: "StatefulSet", resource: "statefulsets",
		get: getStatefulSet,
		scales: func(c kubernetes.Interface, namespace string) scales {
			return c.AppsV1().StatefulSets(namespace)
		},
	},
}

func kindOf(name string) (kind, error) {
	for _, k := range kinds {
		if k.name == name {
			return k, nil
		}
	}
	return kind{}, fmt.Errorf("kind is %q: must be deployment or statefulset", name)
}

// workload is a workload as it was read.
type workload struct {
	workloadRef
	replicas int32 // asked for
	ready    int32 // as its controller counts them
	observed bool  // the controller has seen the last change of the spec
	selector labels.Selector
}

// workloadRef names one workload of one cluster, for records.
type workloadRef struct {
	Namespace string    `json:"namespace"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
}

func (w workloadRef) String() string { return w.Kind + " " + w.Namespace + "/" + w.Name }

func getDeployment(ctx context.Context, c kubernetes.Interface, namespace, name string) (workload, error) {
	d, err := c.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return workload{}, err
	}
	return read("deployment", d.ObjectMeta, d.Spec.Replicas, d.Spec.Selector, d.Status.ObservedGeneration, d.Status.ReadyReplicas)
}

func getStatefulSet(ctx context.Context, c kubernetes.Interface, namespace, name string) (workload, error) {
	s, err := c.AppsV1().StatefulSets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return workload{}, err
	}
	return read("statefulset", s.ObjectMeta, s.Spec.Replicas, s.Spec.Selector, s.Status.ObservedGeneration, s.Status.ReadyReplicas)
}

func read(kind string, m metav1.ObjectMeta, replicas *int32, s *metav1.LabelSelector, observed int64, ready int32) (workload, error) {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return workload{}, fmt.Errorf("read selector: %w", err)
	}
	w := workload{
		workloadRef: workloadRef{Namespace: m.Namespace, Kind: kind, Name: m.Name, UID: m.UID},
		replicas:    1, ready: ready, observed: observed >= m.Generation, selector: selector,
	}
	if replicas != nil {
		w.replicas = *replicas
	}
	return w, nil
}

// workload reads a workload. The error is one of the API's if it is not there; see apierrors.IsNotFound.
func (cl *cluster) workload(ctx context.Context, k kind, namespace, name string) (workload, error) {
	w, err := k.get(ctx, cl.client, namespace, name)
	if err != nil {
		return w, cl.explain("read "+k.name+" "+namespace+"/"+name, err)
	}
	return w, nil
}

// replicaSets are the uids of a deployment's replica sets.
func (cl *cluster) replicaSets(ctx context.Context, w workload) (map[types.UID]bool, error) {
	list, err := cl.client.AppsV1().ReplicaSets(w.Namespace).List(ctx, metav1.ListOptions{LabelSelector: w.selector.String()})
	if err != nil {
		return nil, cl.explain("list replica sets of "+w.String(), err)
	}
	own := map[types.UID]bool{}
	for i := range list.Items {
		set := &list.Items[i]
		if owner := metav1.GetControllerOf(set); owner != nil && owner.UID == w.UID {
			own[set.UID] = true
		}
	}
	return own, nil
}
