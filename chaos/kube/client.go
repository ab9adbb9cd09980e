package kube

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
)

// client is a typed client of the API groups that faults use, called as client-go's clientset is. That one knows all
// of the API, and links every type of it: see docs/dependencies.md.
type client struct {
	core, apps, authorization, autoscaling, policy rest.Interface
	parameters                                     runtime.ParameterCodec // of a request, into its query
}

// newClient makes one; its groups share connections and the limit on calls.
func newClient(config *rest.Config) (*client, error) {
	transport, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.RateLimiter = flowcontrol.NewTokenBucketRateLimiter(config.QPS, config.Burst)
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	scheme := runtime.NewScheme()
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	c := &client{parameters: runtime.NewParameterCodec(scheme)}
	for _, group := range []struct {
		api      *rest.Interface
		version  schema.GroupVersion
		path     string
		addTypes func(*runtime.Scheme) error
	}{
		{&c.core, corev1.SchemeGroupVersion, "/api", corev1.AddToScheme},
		{&c.apps, appsv1.SchemeGroupVersion, "/apis", appsv1.AddToScheme},
		{&c.authorization, authorizationv1.SchemeGroupVersion, "/apis", authorizationv1.AddToScheme},
		{&c.autoscaling, autoscalingv2.SchemeGroupVersion, "/apis", autoscalingv2.AddToScheme},
		{&c.policy, policyv1.SchemeGroupVersion, "/apis", policyv1.AddToScheme},
	} {
		if err := group.addTypes(scheme); err != nil {
			return nil, fmt.Errorf("register the types of %s: %w", group.version, err)
		}
		config.GroupVersion, config.APIPath = &group.version, group.path
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
