package swapdir

import "fmt"

// openError says that others can write in the directory.
type openError struct{ path, why, use, advice string }

func (e *openError) Error() string {
	return fmt.Sprintf("%s %s, so others could change %s; %s, or choose a directory of this "+
		"user's own for %s", e.path, e.why, e.use, e.advice, e.use)
}
