package testcluster

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Namespace creates a namespace for one test and returns its name, which begins
// with the test's. The cluster starts to remove it when the test ends.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	prefix := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(t.Name()), "-")
	prefix = strings.Trim(prefix[:min(40, len(prefix))], "-") + "-"
	namespaces := c.client.CoreV1().Namespaces()
	created, err := namespaces.Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(c.ctx, 10*time.Second)
		defer cancel()
		// A namespace that stays is no harm to other tests.
		_ = namespaces.Delete(ctx, created.Name, metav1.DeleteOptions{})
	})
	if err := c.awaitAccount(t.Context(), created.Name); err != nil {
		t.Fatal(err)
	}
	return created.Name
}

// awaitAccount waits for the service account without which pods are refused.
func (c *Cluster) awaitAccount(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return await(ctx, "default service account of "+namespace, func(ctx context.Context) (string, error) {
		_, err := c.client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return err.Error(), nil
		}
		return "", err
	})
}

// Allow lets a user or a service account do something in a namespace:
//
//	c.Allow(t, ns, rbacv1.Subject{Kind: "User", Name: "ann"},
//		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}})
func (c *Cluster) Allow(t testing.TB, namespace string, who rbacv1.Subject, rules ...rbacv1.PolicyRule) {
	t.Helper()
	if who.Kind == rbacv1.ServiceAccountKind && who.Namespace == "" {
		who.Namespace = namespace
	}
	if who.Kind != rbacv1.ServiceAccountKind {
		who.APIGroup = rbacv1.GroupName
	}
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{GenerateName: "allow-"}, Rules: rules}
	role, err := c.client.RbacV1().Roles(namespace).Create(t.Context(), role, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("create role: %v", err)
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role.Name},
		Subjects:   []rbacv1.Subject{who},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
	}
	if _, err := c.client.RbacV1().RoleBindings(namespace).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatalf("bind role: %v", err)
	}
}
