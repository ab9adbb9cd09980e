package demo

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	rolePlatformAdmin = "platform_admin"
	adminTokenLife    = 24 * time.Hour
)

var (
	errNoToken   = errors.New("bearer token is missing, invalid or expired")
	errForbidden = errors.New("token does not carry the role " + rolePlatformAdmin)
)

// issuer makes and checks the admin API's tokens: JWTs signed with HMAC-SHA256
// under a key that lives as long as the process.
type issuer struct {
	key    []byte
	parser *jwt.Parser
}

// claims names the role as `role` or as a member of `roles`.
type claims struct {
	jwt.RegisteredClaims
	Role  string   `json:"role,omitempty"`
	Roles []string `json:"roles,omitempty"`
}

func newIssuer() (*issuer, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make token key: %w", err)
	}
	return &issuer{key, jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())}, nil
}

func (i *issuer) issue(role string, expires time.Time) (string, error) {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject:   "squall-demo",
			IssuedAt:  jwt.NewNumericDate(time.Now()),
			ExpiresAt: jwt.NewNumericDate(expires),
		},
		Role: role,
	}).SignedString(i.key)
	if err != nil {
		return "", fmt.Errorf("sign admin token: %w", err)
	}
	return token, nil
}

// check reads an Authorization header. It reports errNoToken or errForbidden.
func (i *issuer) check(authorization string) error {
	kind, token, found := strings.Cut(authorization, " ")
	if !found || !strings.EqualFold(kind, "bearer") {
		return errNoToken
	}
	var c claims
	if _, err := i.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return i.key, nil }); err != nil {
		return errNoToken
	}
	if c.Role == rolePlatformAdmin {
		return nil
	}
	for _, role := range c.Roles {
		if role == rolePlatformAdmin {
			return nil
		}
	}
	return errForbidden
}
