//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
)

// errLocked says that another run had the lock all the time.
var errLocked = errors.New("waiting for another run to finish writing")

// lock returns an error: without a lock two runs could overwrite each other's state.
func lock(context.Context, *os.Root, string) (unlock func(), err error) {
	return nil, fmt.Errorf("%w: a directory cannot keep the state on %s; use state.s3",
		errors.ErrUnsupported, runtime.GOOS)
}
