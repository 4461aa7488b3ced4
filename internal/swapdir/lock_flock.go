//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package swapdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// errLocked says that another program held the lock all the time.
var errLocked = errors.New("waiting for another program to finish writing")

// lock takes the lock of that name. It waits for the holder until ctx ends. The file is never
// removed: one program could lock the removed file while another creates a new one.
func (*Dir) lock(ctx context.Context, home *os.Root, name string) (unlock func(), err error) {
	f, err := lockFile(home, name)
	if err != nil {
		return nil, err
	}
	for {
		if ctx.Err() != nil {
			_ = f.Close()
			return nil, fmt.Errorf("%w %s/%s: %w", errLocked, home.Name(), name, context.Cause(ctx))
		}
		switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
		case err == nil:
			return func() { _ = f.Close() }, nil // closing releases the lock
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			_ = f.Close()
			return nil, err
		}
		timer := time.NewTimer(lockWait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// lockFile opens the file of the lock, and creates it if needed.
func lockFile(home *os.Root, name string) (*os.File, error) {
	f, err := home.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, fs.ErrExist) {
		return openFile(home, name, os.O_RDWR)
	}
	return f, err
}
