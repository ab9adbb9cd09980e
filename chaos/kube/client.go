package kube

import (
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

// client is a typed client of the API groups that faults use, called as client-go's clientset is. That one knows all
// of the API, and links every type of it: see docs/dependencies.md.
type client struct {
	core, apps, authorization, autoscaling, policy rest.Interface
}

// apiScheme has the types of those groups.
var apiScheme = sync.OnceValue(func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, addTypes := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, authorizationv1.AddToScheme, autoscalingv2.AddToScheme, policyv1.AddToScheme,
	} {
		utilruntime.Must(addTypes(s)) // fails if two types have one name
	}
	return s
})

// newClient makes one; its groups share connections and the limit on calls.
func newClient(config *rest.Config) (*client, error) {
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(config.QPS, config.Burst)
	config.NegotiatedSerializer = serializer.NewCodecFactory(apiScheme()).WithoutConversion()
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	c := &client{}
	for _, group := range []struct {
		api     *rest.Interface
		path    string
		version schema.GroupVersion
	}{
		{&c.core, "/api", corev1.SchemeGroupVersion},
		{&c.apps, "/apis", appsv1.SchemeGroupVersion},
		{&c.authorization, "/apis", authorizationv1.SchemeGroupVersion},
		{&c.autoscaling, "/apis", autoscalingv2.SchemeGroupVersion},
		{&c.policy, "/apis", policyv1.SchemeGroupVersion},
	} {
		config.APIPath, config.GroupVersion = group.path, &group.version
		if *group.api, err = rest.RESTClientForConfigAndClient(config, transport); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Namespaces and its siblings have the calls of [resource].
func (c *client) Namespaces() resource[*corev1.Namespace, *corev1.NamespaceList] {
	return resourceOf(c.core, "namespaces", metav1.NamespaceNone, empty[corev1.Namespace], empty[corev1.NamespaceList])
}

func (c *client) Pods(namespace string) resource[*corev1.Pod, *corev1.PodList] {
	return resourceOf(c.core, "pods", namespace, empty[corev1.Pod], empty[corev1.PodList])
}

func (c *client) Deployments(namespace string) resource[*appsv1.Deployment, *appsv1.DeploymentList] {
	return resourceOf(c.apps, "deployments", namespace, empty[appsv1.Deployment], empty[appsv1.DeploymentList])
}

func (c *client) ReplicaSets(namespace string) resource[*appsv1.ReplicaSet, *appsv1.ReplicaSetList] {
	return resourceOf(c.apps, "replicasets", namespace, empty[appsv1.ReplicaSet], empty[appsv1.ReplicaSetList])
}

func (c *client) StatefulSets(namespace string) resource[*appsv1.StatefulSet, *appsv1.StatefulSetList] {
	return resourceOf(c.apps, "statefulsets", namespace, empty[appsv1.StatefulSet], empty[appsv1.StatefulSetList])
}

func (c *client) HorizontalPodAutoscalers(namespace string) resource[*autoscalingv2.HorizontalPodAutoscaler, *autoscalingv2.HorizontalPodAutoscalerList] {
	return resourceOf(c.autoscaling, "horizontalpodautoscalers", namespace, empty[autoscalingv2.HorizontalPodAutoscaler], empty[autoscalingv2.HorizontalPodAutoscalerList])
}

func (c *client) PodDisruptionBudgets(namespace string) resource[*policyv1.PodDisruptionBudget, *policyv1.PodDisruptionBudgetList] {
	return resourceOf(c.policy, "poddisruptionbudgets", namespace, empty[policyv1.PodDisruptionBudget], empty[policyv1.PodDisruptionBudgetList])
}
