// Package errtree finds errors in the tree that errors.Join and fmt.Errorf with %w make.
package errtree

import "strings"

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

// Joined returns the texts of the errors that were joined into err, each with what wraps it, in their order. A line
// break in one of them was in its own text.
func Joined(err error) (texts []string) {
	switch e := err.(type) { //nolint:errorlint // walks the tree itself
	case interface{ Unwrap() []error }:
		for _, branch := range e.Unwrap() {
			texts = append(texts, Joined(branch)...)
		}
		if strings.Join(texts, "\n") == err.Error() {
			return texts
		}
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			if before, is := strings.CutSuffix(err.Error(), inner.Error()); is {
				texts = Joined(inner)
				texts[0] = before + texts[0]
				return texts
			}
		}
	}
	return []string{err.Error()}
}
