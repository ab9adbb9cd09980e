package kubeclient

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"xinbot.ir/squall/internal/cause"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// RoleHint is where the rights come from that faults and evidence need.
const RoleHint = "apply the Role in docs/faults.md"

// Explain wraps an error of the API with the operation and the remedy.
func (cl *Cluster) Explain(what string, err error) error {
	var status apierrors.APIStatus
	var refused net.Error
	switch {
	case err == nil:
		return nil
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: %w: the login of context %s has expired or is unknown: log in again", what, err, cl.Ref.ContextName())
	case apierrors.IsForbidden(err) && byAuthorizer(err):
		return fmt.Errorf("%s: %w: %s", what, err, cmp.Or(cl.roleHint, RoleHint))
	case errors.As(err, &status): // the server says it best: quota, admission, finalizers
		return fmt.Errorf("%s: %w", what, err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &refused) && refused.Timeout():
		return apiError{fmt.Sprintf("%s: the API server %s did not answer in time", what, cl.Ref.Server), err}
	case tlsTrouble(err):
		return apiError{fmt.Sprintf("%s: no TLS with the API server %s: %v: check certificate-authority and tls-server-name of its cluster in the kubeconfig", what, cl.Ref.Server, cause.Plain(err)), err}
	case errors.As(err, &refused):
		return apiError{fmt.Sprintf("%s: the API server %s cannot be reached: %v", what, cl.Ref.Server, cause.Plain(err)), err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// tlsTrouble reports whether something is the matter with the server's certificate, or with its TLS.
func tlsTrouble(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(tls.RecordHeaderError)) ||
		errors.As(err, new(tls.AlertError)) || errors.Is(err, http.ErrSchemeMismatch)
}

// apiError is an error of the API with a text for operators. Its cause can be found with errors.Is and errors.As;
// the HTTP client's text of it is not shown.
type apiError struct {
	text  string
	cause error
}

func (s apiError) Error() string { return s.text }
func (s apiError) Unwrap() error { return s.cause }

// byAuthorizer tells a missing right from a quota or an admission plugin, which are Forbidden too.
func byAuthorizer(err error) bool { return strings.Contains(err.Error(), " cannot ") }
