package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"xinbot.ir/squall/internal/units"
)

// PlatformAdmin is the role that the admin API asks for.
const PlatformAdmin = "platform_admin"

// Token is what an admin token says of itself. The signature is not checked: only the platform can.
type Token struct {
	Subject string
	Roles   []string
	Expires time.Time // zero: never
}

// errNotJWT does not wrap the parser's error, which repeats parts of the token.
var errNotJWT = errors.New("admin token is no JWT: must be three Base64 parts with dots between them")

// ReadToken decodes an admin token without checking it.
func ReadToken(token Secret) (Token, error) {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token.Reveal(), claims); err != nil {
		return Token{}, errNotJWT
	}
	var t Token
	if subject, err := claims.GetSubject(); err == nil {
		t.Subject = subject
	}
	expires, err := claims.GetExpirationTime()
	if err != nil {
		return Token{}, errors.New("admin token: claim exp is no time")
	}
	if expires != nil {
		t.Expires = expires.Time
	}
	t.Roles = append(claimTexts(claims["role"]), claimTexts(claims["roles"])...)
	return t, nil
}

// claimTexts reads a claim that holds one name or several.
func claimTexts(claim any) []string {
	switch claim := claim.(type) {
	case string:
		return strings.Fields(claim)
	case []any:
		var names []string
		for _, name := range claim {
			if text, ok := name.(string); ok {
				names = append(names, text)
			}
		}
		return names
	}
	return nil
}

// Problem returns why the admin API will refuse the token at the given time, or "".
func (t Token) Problem(now time.Time) string {
	switch {
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return fmt.Sprintf("admin token expired %s ago", units.Duration(now.Sub(t.Expires).Round(time.Second)))
	case !slices.Contains(t.Roles, PlatformAdmin):
		return fmt.Sprintf("admin token has no role %s (it has: %s)", PlatformAdmin, orNone(t.Roles))
	}
	return ""
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// TokenSource is where a new admin token can be taken from; its zero value: nowhere.
type TokenSource struct {
	File    string
	Command string
}

// tokenSource takes the admin token from its file or its command, unless it is given as it is.
func (l *resolver) tokenSource(in Input) (s TokenSource) {
	s = TokenSource{File: l.inside(adminTokenFile, read(l, adminTokenFile, parseText)), Command: read(l, tokenCommand, parseText)}
	if s.File != "" && s.Command != "" {
		l.problem("%s and %s are both given: one of them is enough", l.values[adminTokenFile].source, l.values[tokenCommand].source)
		return s
	}
	if l.values[adminToken].set() || s == (TokenSource{}) {
		return s
	}
	name, take := adminTokenFile, func() (string, error) {
		raw, err := l.files.Read(s.File)
		return strings.TrimSpace(string(raw)), err
	}
	if s.Command != "" {
		name, take = tokenCommand, func() (string, error) {
			if in.Output == nil {
				return "", errors.New("this command line runs no other program")
			}
			return in.Output(s.Command)
		}
	}
	token, err := take()
	switch {
	case err != nil:
		l.problem("%s: %w", describe(name, l.values[name].source), err)
	case token == "":
		l.problem("%s: it gives no token", describe(name, l.values[name].source))
	default:
		l.values[adminToken] = settingValue{texts: []string{token}, level: l.values[name].level, source: l.values[name].source}
	}
	return s
}
