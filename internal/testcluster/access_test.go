package testcluster_test

import (
	"context"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"xinbot.ir/squall/internal/testcluster"
)

func clientFor(t *testing.T, c *testcluster.Cluster, login testcluster.Login) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(c.Config(t, login))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestReviewsAndRBAC(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	client := clientFor(t, c, testcluster.Login{User: "ann", Groups: []string{"testers"}})
	may := func(verb, resource, sub string) bool {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: verb, Resource: resource, Subresource: sub,
			},
		}}
		answer, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), review, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Status.Allowed
	}
	if may("list", "pods", "") {
		t.Error("ann may list pods without a role")
	}
	if _, err := client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("list pods without a role: %v, want forbidden", err)
	}
	c.Allow(t, namespace, rbacv1.Subject{Kind: rbacv1.GroupKind, Name: "testers"},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
	eventually(t, "ann may list pods", func(context.Context) (bool, error) { return may("list", "pods", ""), nil })
	if may("create", "pods", "eviction") {
		t.Error("ann may evict pods by a role to list them")
	}
}

func TestTokens(t *testing.T) {
	c := shared.Cluster(t)
	namespace := c.Namespace(t)
	for _, ttl := range []time.Duration{time.Hour, time.Minute, time.Second} {
		token := c.Token(t, namespace, "default", ttl)
		client := clientFor(t, c, testcluster.Login{Token: token})
		who := func() (string, error) {
			answer, err := client.AuthenticationV1().SelfSubjectReviews().
				Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
			if err != nil {
				return "", err
			}
			return answer.Status.UserInfo.Username, nil
		}
		want := "system:serviceaccount:" + namespace + ":default"
		if ttl > time.Second {
			if got, err := who(); err != nil || got != want {
				t.Errorf("a token of %v is %q, %v; want %q", ttl, got, err, want)
			}
			continue
		}
		eventually(t, "a token that has ended", func(context.Context) (bool, error) {
			_, err := who()
			if err == nil {
				return false, nil
			}
			return apierrors.IsUnauthorized(err), nil
		})
	}
}
