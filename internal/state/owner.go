package state

import "fmt"

// openError says that others can write in the directory of the state.
type openError struct{ path, why, advice string }

func (e *openError) Error() string {
	return fmt.Sprintf("%s %s, so others could change the state; %s, or choose a directory of "+
		"this user's own for the state", e.path, e.why, e.advice)
}
