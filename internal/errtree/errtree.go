// Package errtree finds errors in the tree that errors.Join and fmt.Errorf with %w make.
package errtree

// All returns every error of type T in err's tree, in the order of its branches. It does not look inside an error
// that it returns.
func All[T error](err error) (all []T) {
	if found, ok := err.(T); ok { //nolint:errorlint // walks the tree itself
		return []T{found}
	}
	switch e := err.(type) { //nolint:errorlint // walks the tree itself
	case interface{ Unwrap() []error }:
		for _, branch := range e.Unwrap() {
			all = append(all, All[T](branch)...)
		}
	case interface{ Unwrap() error }:
		all = All[T](e.Unwrap())
	}
	return all
}
