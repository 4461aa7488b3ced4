package state

import "fmt"

// openError says that others can write where the state is.
type openError struct{ path, why, advice string }

func (e *openError) Error() string {
	return fmt.Sprintf("%s %s, and so could change what is remembered; %s, or choose a directory "+
		"of this user's own for the state", e.path, e.why, e.advice)
}
