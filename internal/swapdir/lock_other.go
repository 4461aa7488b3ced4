//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package swapdir

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
)

// errLocked says that another program had the lock all the time.
var errLocked = errors.New("waiting for another program to finish writing")

// lock returns an error: without a lock two programs could overwrite each other's files.
func (d *Dir) lock(context.Context, *os.Root, string) (unlock func(), err error) {
	return nil, fmt.Errorf("%w: a directory cannot keep %s on %s; use a bucket",
		errors.ErrUnsupported, d.use, runtime.GOOS)
}
