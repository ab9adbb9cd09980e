package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// roleHint is where the rights come from.
const roleHint = "apply the Role in docs/faults.md"

// explain wraps an error of the API with what was being done and what would help.
func (l *link) explain(what string, err error) error {
	var status apierrors.APIStatus
	var refused net.Error
	switch {
	case err == nil:
		return nil
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%s: %w: the login of context %s has expired or is unknown: log in again", what, err, l.where.contextName())
	case apierrors.IsForbidden(err) && byAuthorizer(err):
		return fmt.Errorf("%s: %w: %s", what, err, roleHint)
	case errors.As(err, &status): // the server says it best: quota, admission, finalizers
		return fmt.Errorf("%s: %w", what, err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", what, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &refused) && refused.Timeout():
		return said{fmt.Sprintf("%s: the API server %s did not answer in time", what, l.where.Server), err}
	case errors.As(err, &refused):
		return said{fmt.Sprintf("%s: the API server %s cannot be reached", what, l.where.Server), err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// said is an error in our own words. Its cause can be found with errors.Is and errors.As, and is not
// shown: what the HTTP client says of it is of no use to an operator.
type said struct {
	text  string
	cause error
}

func (s said) Error() string { return s.text }
func (s said) Unwrap() error { return s.cause }

// byAuthorizer tells a missing right from a quota or an admission plugin, which are Forbidden too.
func byAuthorizer(err error) bool { return strings.Contains(err.Error(), " cannot ") }

// errDoubtful says that an object of a record is not there, and that this may be the wrong cluster.
func (l *link) errDoubtful(object string) error {
	return fmt.Errorf("find %s of the record at %s: it is not there, and this may be another cluster than the record's", object, l.where.Server)
}
