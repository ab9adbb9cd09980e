package testcluster

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	issuer = "https://kubernetes.default.svc.cluster.local"

	// shortestToken is the least that the API server gives out.
	shortestToken = 10 * time.Minute

	// leeway is how long after its end the API server still takes a token.
	leeway = time.Minute
)

// Token returns a token of a service account, which must exist, that is refused
// after ttl. The API server remembers for 10 s that it has taken a token, so
// that one in use is refused up to 10 s later.
//
// Tokens of 10 minutes and more come from the API server (TokenRequest), which
// gives out no shorter ones: those are signed here, with its key.
func (c *Cluster) Token(t testing.TB, namespace, account string, ttl time.Duration) string {
	t.Helper()
	accounts := c.client.CoreV1().ServiceAccounts(namespace)
	if ttl >= shortestToken {
		seconds := int64(ttl / time.Second)
		request := &authenticationv1.TokenRequest{
			Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
		}
		answer, err := accounts.CreateToken(t.Context(), account, request, metav1.CreateOptions{})
		if err != nil {
			t.Fatalf("request token of %s/%s: %v", namespace, account, err)
		}
		return answer.Status.Token
	}
	holder, err := accounts.Get(t.Context(), account, metav1.GetOptions{})
	if err != nil {
		t.Fatalf("get service account %s/%s: %v", namespace, account, err)
	}
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": issuer,
		"aud": []string{issuer},
		"sub": "system:serviceaccount:" + namespace + ":" + account,
		"iat": now.Add(-2 * leeway).Unix(),
		"nbf": now.Add(-2 * leeway).Unix(),
		"exp": now.Add(ttl - leeway).Unix(),
		"kubernetes.io": map[string]any{
			"namespace":      namespace,
			"serviceaccount": map[string]any{"name": account, "uid": string(holder.UID)},
		},
	}).SignedString(c.accounts)
	if err != nil {
		t.Fatalf("sign token of %s/%s: %v", namespace, account, err)
	}
	return token
}
