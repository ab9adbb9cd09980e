package kube

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/internal/kubeclient"
)

// kind is a kind of workload.
type kind struct {
	name     string // as kubectl takes it
	object   string // as other objects refer to it
	resource string
	// viaReplicaSets: pods belong to replica sets, and those to the workload.
	viaReplicaSets bool
	open           func(c *kubeclient.Client, namespace string) workloads
}

// workloads reads and writes the workloads of one kind in one namespace. Errors are the API's own.
type workloads interface {
	Get(ctx context.Context, name string) (workload, error)
	List(ctx context.Context) ([]workload, error)
	// Patch sends a JSON merge patch (RFC 7396); dry as in metav1.PatchOptions.
	Patch(ctx context.Context, name string, patch []byte, dry []string) (workload, error)
}

// kinds are the workloads that faults know.
var kinds = []kind{
	{
		name: "deployment", object: "Deployment", resource: "deployments", viaReplicaSets: true,
		open: func(c *kubeclient.Client, namespace string) workloads {
			return deployments{c.Deployments(namespace)}
		},
	},
	{
		name: "statefulset", object: "StatefulSet", resource: "statefulsets",
		open: func(c *kubeclient.Client, namespace string) workloads {
			return statefulSets{c.StatefulSets(namespace)}
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
	version  string // resource version: a write with it is refused if somebody has written since
	mark     string // annotation of a session that has scaled it, see [mark]; "" without
}

// workloadRef names one workload of one cluster, for records.
type workloadRef struct {
	Namespace string    `json:"namespace"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
}

func (w workloadRef) String() string { return w.Kind + " " + w.Namespace + "/" + w.Name }

type deployments struct {
	api kubeclient.Resource[*appsv1.Deployment, *appsv1.DeploymentList]
}

func (d deployments) Get(ctx context.Context, name string) (workload, error) {
	return readDeployment(d.api.Get(ctx, name, metav1.GetOptions{}))
}

func (d deployments) List(ctx context.Context) ([]workload, error) {
	list, err := d.api.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	all := make([]workload, len(list.Items))
	for i := range list.Items {
		if all[i], err = readDeployment(&list.Items[i], nil); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (d deployments) Patch(ctx context.Context, name string, patch []byte, dry []string) (workload, error) {
	return readDeployment(d.api.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{DryRun: dry}))
}

func readDeployment(d *appsv1.Deployment, err error) (workload, error) {
	if err != nil {
		return workload{}, err
	}
	return read("deployment", d.ObjectMeta, d.Spec.Replicas, d.Spec.Selector, d.Status.ObservedGeneration, d.Status.ReadyReplicas)
}

type statefulSets struct {
	api kubeclient.Resource[*appsv1.StatefulSet, *appsv1.StatefulSetList]
}

func (s statefulSets) Get(ctx context.Context, name string) (workload, error) {
	return readStatefulSet(s.api.Get(ctx, name, metav1.GetOptions{}))
}

func (s statefulSets) List(ctx context.Context) ([]workload, error) {
	list, err := s.api.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	all := make([]workload, len(list.Items))
	for i := range list.Items {
		if all[i], err = readStatefulSet(&list.Items[i], nil); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s statefulSets) Patch(ctx context.Context, name string, patch []byte, dry []string) (workload, error) {
	return readStatefulSet(s.api.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{DryRun: dry}))
}

func readStatefulSet(s *appsv1.StatefulSet, err error) (workload, error) {
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
		version: m.ResourceVersion, mark: m.Annotations[markAnnotation],
	}
	if replicas != nil {
		w.replicas = *replicas
	}
	return w, nil
}

// workload reads a workload. The error is one of the API's if it is not there; see apierrors.IsNotFound.
func (cl *cluster) workload(ctx context.Context, k kind, namespace, name string) (workload, error) {
	w, err := k.open(cl.Client, namespace).Get(ctx, name)
	if err != nil {
		return w, cl.Explain("read "+k.name+" "+namespace+"/"+name, err)
	}
	return w, nil
}

// replicaSets are the uids of a deployment's replica sets.
func (cl *cluster) replicaSets(ctx context.Context, w workload) (map[types.UID]bool, error) {
	list, err := cl.Client.ReplicaSets(w.Namespace).List(ctx, metav1.ListOptions{LabelSelector: w.selector.String()})
	if err != nil {
		return nil, cl.Explain("list replica sets of "+w.String(), err)
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
