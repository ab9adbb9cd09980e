package testcluster

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// The names and labels of the fixtures, as in the real namespace.
const (
	Redis        = "redis"
	Qdrant       = "qdrant"
	Gateway      = "xin-xin-platform-channel-gateway"
	Orchestrator = "xin-xin-platform-orchestrator"

	// fixtureReplicas is how many pods each of them has.
	fixtureReplicas = 2
)

// fixturePatience is how long the fixtures may take to be ready.
const fixturePatience = time.Minute

// workload is one fixture.
type workload struct {
	name     string
	label    string // its key; the value is the name
	image    string
	port     int32
	stateful bool
	scaled   bool // by an autoscaler from 2 to 8 replicas, and with a budget of 1
}

func workloads() []workload {
	const name = "app.kubernetes.io/name"
	return []workload{
		{name: Redis, label: "app", image: "redis:7", port: 6379, stateful: true},
		{name: Qdrant, label: "app", image: "qdrant:1", port: 6333},
		{name: Gateway, label: name, image: "gateway:1", port: 8080, scaled: true},
		{name: Orchestrator, label: name, image: "orchestrator:1", port: 8080, scaled: true},
	}
}

// Fixtures creates the platform's workloads in a namespace, which it creates
// where there is none, and returns when all of their pods are ready and the
// budgets allow a disruption: a StatefulSet redis and a Deployment qdrant (label
// app), and the deployments of gateway and orchestrator (label
// app.kubernetes.io/name), each with an autoscaler and a disruption budget. Each
// has 2 pods.
func Fixtures(ctx context.Context, config *rest.Config, namespace string) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, fixturePatience)
	defer cancel()
	object := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	_, err = client.CoreV1().Namespaces().Create(ctx, object, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", namespace, err)
	}
	for _, w := range workloads() {
		if err := w.create(ctx, client, namespace); err != nil {
			return fmt.Errorf("create fixture %s: %w", w.name, err)
		}
	}
	for _, w := range workloads() {
		look := func(ctx context.Context) (string, error) { return w.missing(ctx, client, namespace) }
		if err := await(ctx, "fixture "+w.name, look); err != nil {
			return err
		}
	}
	return nil
}

func (w workload) create(ctx context.Context, client kubernetes.Interface, namespace string) error {
	if w.stateful {
		set := &appsv1.StatefulSet{ObjectMeta: w.meta(), Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(fixtureReplicas)), Selector: w.selector(), Template: w.pod(), ServiceName: w.name,
		}}
		_, err := client.AppsV1().StatefulSets(namespace).Create(ctx, set, metav1.CreateOptions{})
		return err
	}
	deployment := &appsv1.Deployment{ObjectMeta: w.meta(), Spec: appsv1.DeploymentSpec{
		Replicas: new(int32(fixtureReplicas)), Selector: w.selector(), Template: w.pod(),
	}}
	_, err := client.AppsV1().Deployments(namespace).Create(ctx, deployment, metav1.CreateOptions{})
	if err != nil || !w.scaled {
		return err
	}
	one := intstr.FromInt32(1)
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: w.meta(), Spec: policyv1.PodDisruptionBudgetSpec{
		MinAvailable: &one, Selector: w.selector(),
	}}
	if _, err := client.PolicyV1().PodDisruptionBudgets(namespace).Create(ctx, budget, metav1.CreateOptions{}); err != nil {
		return err
	}
	_, err = client.AutoscalingV2().HorizontalPodAutoscalers(namespace).Create(ctx, w.autoscaler(), metav1.CreateOptions{})
	return err
}

// missing describes what is not yet as it should be.
func (w workload) missing(ctx context.Context, client kubernetes.Interface, namespace string) (string, error) {
	var ready int32
	if w.stateful {
		set, err := client.AppsV1().StatefulSets(namespace).Get(ctx, w.name, metav1.GetOptions{})
		if err != nil {
			return "", err
		}
		ready = set.Status.ReadyReplicas
	} else {
		deployment, err := client.AppsV1().Deployments(namespace).Get(ctx, w.name, metav1.GetOptions{})
		if err != nil {
			return "", err
		}
		ready = deployment.Status.ReadyReplicas
	}
	if ready != fixtureReplicas {
		return fmt.Sprintf("%d of %d pods ready", ready, fixtureReplicas), nil
	}
	if !w.scaled {
		return "", nil
	}
	budget, err := client.PolicyV1().PodDisruptionBudgets(namespace).Get(ctx, w.name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	if budget.Status.DisruptionsAllowed != fixtureReplicas-1 {
		return fmt.Sprintf("%d disruptions allowed", budget.Status.DisruptionsAllowed), nil
	}
	return "", nil
}

func (w workload) labels() map[string]string { return map[string]string{w.label: w.name} }

func (w workload) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: w.name, Labels: w.labels()}
}

func (w workload) selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: w.labels()}
}

func (w workload) pod() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: w.labels()},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name:  w.name,
			Image: w.image,
			Ports: []corev1.ContainerPort{{ContainerPort: w.port}},
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse("100m"),
			}},
		}}},
	}
}

func (w workload) autoscaler() *autoscalingv2.HorizontalPodAutoscaler {
	return &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: w.meta(),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{
				APIVersion: "apps/v1", Kind: "Deployment", Name: w.name,
			},
			MinReplicas: new(int32(fixtureReplicas)),
			MaxReplicas: 8,
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ResourceMetricSourceType,
				Resource: &autoscalingv2.ResourceMetricSource{
					Name: corev1.ResourceCPU,
					Target: autoscalingv2.MetricTarget{
						Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(70)),
					},
				},
			}},
		},
	}
}
