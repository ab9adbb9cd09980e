package kubeclient

import (
	"context"
	"io"
	"strconv"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
)

// Client is a typed client of the API groups that squall uses, called as client-go's clientset is. That one knows all
// of the API, and links every type of it: see docs/dependencies.md.
type Client struct {
	Core, Apps, Authorization, Autoscaling, Policy rest.Interface
}

// Scheme has the types of those groups.
var Scheme = sync.OnceValue(func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, addTypes := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, authorizationv1.AddToScheme, autoscalingv2.AddToScheme, policyv1.AddToScheme,
	} {
		utilruntime.Must(addTypes(s)) // fails if two types have one name
	}
	return s
})

// NewClient makes one; its groups share connections and the limit on calls.
func NewClient(config *rest.Config) (*Client, error) {
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(config.QPS, config.Burst)
	config.NegotiatedSerializer = serializer.NewCodecFactory(Scheme()).WithoutConversion()
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	c := &Client{}
	for _, group := range []struct {
		api     *rest.Interface
		path    string
		version schema.GroupVersion
	}{
		{&c.Core, "/api", corev1.SchemeGroupVersion},
		{&c.Apps, "/apis", appsv1.SchemeGroupVersion},
		{&c.Authorization, "/apis", authorizationv1.SchemeGroupVersion},
		{&c.Autoscaling, "/apis", autoscalingv2.SchemeGroupVersion},
		{&c.Policy, "/apis", policyv1.SchemeGroupVersion},
	} {
		config.APIPath, config.GroupVersion = group.path, &group.version
		if *group.api, err = rest.RESTClientForConfigAndClient(config, transport); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Log reads the last lines of a container, each with its time, or those of before its last restart. The server sends at
// most so many bytes of them, from the first of these lines on.
func (c *Client) Log(ctx context.Context, namespace, pod, container string, previous bool, lines int, bytes int64) ([]byte, error) {
	stream, err := c.Core.Get().Namespace(namespace).Resource("pods").Name(pod).SubResource("log").
		Param("container", container).Param("previous", strconv.FormatBool(previous)).Param("timestamps", "true").
		Param("tailLines", strconv.Itoa(lines)).Param("limitBytes", strconv.FormatInt(bytes, 10)).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return io.ReadAll(io.LimitReader(stream, bytes))
}

// Namespaces are the objects of that resource.
func (c *Client) Namespaces() Resource[*corev1.Namespace, *corev1.NamespaceList] {
	return resourceOf(c.Core, "namespaces", metav1.NamespaceNone, empty[corev1.Namespace], empty[corev1.NamespaceList])
}

// Pods are those of a namespace.
func (c *Client) Pods(namespace string) Resource[*corev1.Pod, *corev1.PodList] {
	return resourceOf(c.Core, "pods", namespace, empty[corev1.Pod], empty[corev1.PodList])
}

// Deployments are those of a namespace.
func (c *Client) Deployments(namespace string) Resource[*appsv1.Deployment, *appsv1.DeploymentList] {
	return resourceOf(c.Apps, "deployments", namespace, empty[appsv1.Deployment], empty[appsv1.DeploymentList])
}

// ReplicaSets are those of a namespace.
func (c *Client) ReplicaSets(namespace string) Resource[*appsv1.ReplicaSet, *appsv1.ReplicaSetList] {
	return resourceOf(c.Apps, "replicasets", namespace, empty[appsv1.ReplicaSet], empty[appsv1.ReplicaSetList])
}

// StatefulSets are those of a namespace.
func (c *Client) StatefulSets(namespace string) Resource[*appsv1.StatefulSet, *appsv1.StatefulSetList] {
	return resourceOf(c.Apps, "statefulsets", namespace, empty[appsv1.StatefulSet], empty[appsv1.StatefulSetList])
}

// HorizontalPodAutoscalers are those of a namespace.
func (c *Client) HorizontalPodAutoscalers(namespace string) Resource[*autoscalingv2.HorizontalPodAutoscaler, *autoscalingv2.HorizontalPodAutoscalerList] {
	return resourceOf(c.Autoscaling, "horizontalpodautoscalers", namespace, empty[autoscalingv2.HorizontalPodAutoscaler], empty[autoscalingv2.HorizontalPodAutoscalerList])
}

// PodDisruptionBudgets are those of a namespace.
func (c *Client) PodDisruptionBudgets(namespace string) Resource[*policyv1.PodDisruptionBudget, *policyv1.PodDisruptionBudgetList] {
	return resourceOf(c.Policy, "poddisruptionbudgets", namespace, empty[policyv1.PodDisruptionBudget], empty[policyv1.PodDisruptionBudgetList])
}

// Events are those of a namespace.
func (c *Client) Events(namespace string) Resource[*corev1.Event, *corev1.EventList] {
	return resourceOf(c.Core, "events", namespace, empty[corev1.Event], empty[corev1.EventList])
}
