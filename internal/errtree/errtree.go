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
	case rewordedError:
		for _, text := range Joined(e.err) {
			texts = append(texts, e.reword(text))
		}
		return texts
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
	if hasJoin(err) { // within its text
		return []string{strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	return []string{err.Error()}
}

// hasJoin reports whether errors were joined anywhere in err.
func hasJoin(err error) bool {
	switch e := err.(type) { //nolint:errorlint // walks the tree itself
	case interface{ Unwrap() []error }:
		return true
	case interface{ Unwrap() error }:
		return hasJoin(e.Unwrap())
	}
	return false
}

// Redact returns err with a text in which a redactor has put something in the place of secrets; err itself when there is
// none in it, or when it is nil. It can still be found with errors.Is and errors.As.
func Redact(err error, redact func(string) string) error {
	if err == nil || redact(err.Error()) == err.Error() {
		return err
	}
	return rewordedError{err, redact}
}

// rewordedError is an error whose text has no secrets.
type rewordedError struct {
	err    error
	reword func(string) string
}

func (e rewordedError) Error() string { return e.reword(e.err.Error()) }
func (e rewordedError) Unwrap() error { return e.err }
