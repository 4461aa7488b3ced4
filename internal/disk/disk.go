// Package disk works with file systems that may never answer, such as a network share whose server
// is gone, or a pipe in place of a file. It is a leaf.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// StalledError says that a file or its file system did not answer in time.
type StalledError struct {
	Path string
	Err  error // why the wait ended
}

func (e *StalledError) Error() string {
	why := ""
	if !errors.Is(e.Err, context.DeadlineExceeded) { // it adds nothing
		why = fmt.Sprintf(" (%v)", e.Err)
	}
	return fmt.Sprintf("%s does not answer%s; check what it is on, such as a share whose "+
		"server is gone, or choose another path", e.Path, why)
}

// Unwrap returns why the wait ended.
func (e *StalledError) Unwrap() error { return e.Err }

// Within calls f, which uses the files at path, and returns its results. If ctx ends first, it
// abandons f and returns a *StalledError, because nothing ends a blocked system call. f may still
// do its work at any later time.
func Within[T any](ctx context.Context, path string, f func() (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	type outcome struct {
		value    T
		err      error
		panicked any
	}
	ended := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			o.panicked = recover()
			ended <- o
		}()
		o.value, o.err = f()
	}()
	var o outcome
	select {
	case o = <-ended:
	case <-ctx.Done():
		late := time.NewTimer(grace)
		defer late.Stop()
		select {
		case o = <-ended:
		case <-late.C:
			return none, &StalledError{path, context.Cause(ctx)}
		}
	}
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.value, o.err
}

// grace is how long Within waits for an f that ends with ctx itself and returns a better error.
const grace = 250 * time.Millisecond

// Do is Within for functions that return only an error.
func Do(ctx context.Context, path string, f func() error) error {
	_, err := Within(ctx, path, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// Read reads at most limit+1 bytes of a file; the last one shows that there are more than limit.
// The file may be a pipe, such as /dev/stdin or <(…) in a shell. Read does not wait for a pipe that
// nobody writes to, and for any other it waits until ctx ends.
func Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	return Within(ctx, path, func() ([]byte, error) {
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it was only read
		defer context.AfterFunc(ctx, func() { _ = f.Close() })()
		b, err := io.ReadAll(io.LimitReader(f, limit+1))
		if ctx.Err() != nil {
			return nil, &StalledError{path, context.Cause(ctx)}
		}
		if err != nil {
			return nil, err
		}
		if info, err := f.Stat(); len(b) == 0 && err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
			return nil, fmt.Errorf("%s is a pipe that nobody writes into", path)
		}
		return b, nil
	})
}

// ErrNotAFile says that a path is not a regular file but a pipe, a socket, a link or a directory.
var ErrNotAFile = errors.New("not a file")

// Open opens a regular file without waiting. open is os.OpenFile or the method of an os.Root; it
// gets flag, and a flag that keeps it from waiting for the other end of a pipe. Anything but a
// regular file is ErrNotAFile.
func Open(name string, flag int, perm fs.FileMode,
	open func(name string, flag int, perm fs.FileMode) (*os.File, error)) (*os.File, error) {
	f, err := open(name, flag|syscall.O_NONBLOCK, perm)
	if errors.Is(err, syscall.ENXIO) {
		return nil, &fs.PathError{
			Op: "open", Path: name, Err: fmt.Errorf("it is a pipe, a socket or a device, %w",
				ErrNotAFile),
		}
	} else if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{
			Op: "open", Path: f.Name(), Err: fmt.Errorf("it is %s, %w", kindOf(info.Mode()),
				ErrNotAFile),
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// kindOf returns what kind of file it is.
func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a pipe"
	case m&fs.ModeSymlink != 0:
		return "a link"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}
