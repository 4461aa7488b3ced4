//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package state

import (
	"context"
	"fmt"
	"runtime"
)

// lock is not there: without it two runs could lose what each other told.
func lock(context.Context, string) (unlock func(), err error) {
	return nil, fmt.Errorf("a directory cannot keep the state on %s; use state.s3", runtime.GOOS)
}
