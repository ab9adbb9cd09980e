package kubeclient

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// The client sends what client-go's clientset sends, to the byte. An eviction is the exception: its body is protobuf,
// as all others are, where the clientset has JSON.
func TestClientSendsWhatTheClientsetSends(t *testing.T) {
	type request struct {
		method, url         string
		accept, contentType string
		body                string
	}
	var got request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = request{r.Method, r.URL.String(), r.Header.Get("Accept"), r.Header.Get("Content-Type"), string(body)}
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(server.Close)
	both := func(timeout time.Duration) (*Client, kubernetes.Interface) {
		config := &rest.Config{Host: server.URL, QPS: 1000, Burst: 1000, Timeout: timeout}
		ours, err := NewClient(config)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := kubernetes.NewForConfig(config)
		if err != nil {
			t.Fatal(err)
		}
		return ours, theirs
	}
	ours, theirs := both(CallTime)
	oursUnbounded, theirsUnbounded := both(0)
	var (
		get     metav1.GetOptions
		list    = metav1.ListOptions{LabelSelector: "app in (a,b)"}
		remove  = metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions("uid"), DryRun: []string{metav1.DryRunAll}}
		dry     = metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
		patch   = []byte(`{"spec":{"replicas":1}}`)
		review  = &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get"}}}
		watched = metav1.ListOptions{ResourceVersion: "7", AllowWatchBookmarks: true}
		source  = cache.NewListWatchFromClient(oursUnbounded.Apps, "deployments", "ns", fields.Everything())
	)
	for name, call := range map[string]struct{ ours, theirs func(context.Context) error }{
		"get namespace": {
			func(ctx context.Context) error { _, err := ours.Namespaces().Get(ctx, "a", get); return err },
			func(ctx context.Context) error { _, err := theirs.CoreV1().Namespaces().Get(ctx, "a", get); return err },
		},
		"get pod": {
			func(ctx context.Context) error { _, err := ours.Pods("ns").Get(ctx, "a", get); return err },
			func(ctx context.Context) error { _, err := theirs.CoreV1().Pods("ns").Get(ctx, "a", get); return err },
		},
		"list pods": {
			func(ctx context.Context) error { _, err := ours.Pods("ns").List(ctx, list); return err },
			func(ctx context.Context) error { _, err := theirs.CoreV1().Pods("ns").List(ctx, list); return err },
		},
		"delete pod": {
			func(ctx context.Context) error { return ours.Pods("ns").Delete(ctx, "a", remove) },
			func(ctx context.Context) error { return theirs.CoreV1().Pods("ns").Delete(ctx, "a", remove) },
		},
		"add ephemeral container": {
			func(ctx context.Context) error {
				_, err := ours.Pods("ns").Patch(ctx, "a", types.StrategicMergePatchType, patch, dry, "ephemeralcontainers")
				return err
			},
			func(ctx context.Context) error {
				_, err := theirs.CoreV1().Pods("ns").Patch(ctx, "a", types.StrategicMergePatchType, patch, dry, "ephemeralcontainers")
				return err
			},
		},
		"patch deployment": {
			func(ctx context.Context) error {
				_, err := ours.Deployments("ns").Patch(ctx, "a", types.MergePatchType, patch, dry)
				return err
			},
			func(ctx context.Context) error {
				_, err := theirs.AppsV1().Deployments("ns").Patch(ctx, "a", types.MergePatchType, patch, dry)
				return err
			},
		},
		"list stateful sets": {
			func(ctx context.Context) error { _, err := ours.StatefulSets("ns").List(ctx, list); return err },
			func(ctx context.Context) error {
				_, err := theirs.AppsV1().StatefulSets("ns").List(ctx, list)
				return err
			},
		},
		"list replica sets": {
			func(ctx context.Context) error { _, err := ours.ReplicaSets("ns").List(ctx, list); return err },
			func(ctx context.Context) error {
				_, err := theirs.AppsV1().ReplicaSets("ns").List(ctx, list)
				return err
			},
		},
		"list autoscalers": {
			func(ctx context.Context) error {
				_, err := ours.HorizontalPodAutoscalers("ns").List(ctx, list)
				return err
			},
			func(ctx context.Context) error {
				_, err := theirs.AutoscalingV2().HorizontalPodAutoscalers("ns").List(ctx, list)
				return err
			},
		},
		"list budgets": {
			func(ctx context.Context) error { _, err := ours.PodDisruptionBudgets("ns").List(ctx, list); return err },
			func(ctx context.Context) error {
				_, err := theirs.PolicyV1().PodDisruptionBudgets("ns").List(ctx, list)
				return err
			},
		},
		"review a right": {
			func(ctx context.Context) error {
				return ours.Authorization.Post().Resource("selfsubjectaccessreviews").Body(review).Do(ctx).Error()
			},
			func(ctx context.Context) error {
				_, err := theirs.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
				return err
			},
		},
		"mirror deployments": {
			func(ctx context.Context) error { _, err := source.ListWithContext(ctx, list); return err },
			func(ctx context.Context) error {
				_, err := theirsUnbounded.AppsV1().Deployments("ns").List(ctx, list)
				return err
			},
		},
		"watch deployments": {
			func(ctx context.Context) error { _, err := source.WatchWithContext(ctx, watched); return err },
			func(ctx context.Context) error {
				_, err := theirsUnbounded.AppsV1().Deployments("ns").Watch(ctx, watched)
				return err
			},
		},
	} {
		var sent [2]request
		for i, send := range []func(context.Context) error{call.ours, call.theirs} {
			got = request{}
			if err := send(t.Context()); err == nil {
				t.Errorf("%s: the server's refusal is lost", name)
			}
			sent[i] = got
		}
		if !reflect.DeepEqual(sent[0], sent[1]) || sent[0].method == "" {
			t.Errorf("%s: sent\n%q, the clientset\n%q", name, sent[0], sent[1])
		}
	}
}
