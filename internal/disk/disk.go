// Package disk works with file systems that may never answer: a network share whose server is gone,
// a pipe in the place of a file. It is a leaf.
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

// StalledError says that a file, or the file system that it is on, did not answer in time.
type StalledError struct {
	Path string
	Err  error // why it was not waited for any longer
}

func (e *StalledError) Error() string {
	why := ""
	if !errors.Is(e.Err, context.DeadlineExceeded) { // which says no more
		why = fmt.Sprintf(" (%v)", e.Err)
	}
	return fmt.Sprintf("%s does not answer%s; look at what it is on, such as a share whose "+
		"server is gone, or choose another path", e.Path, why)
}

// Unwrap returns why it was not waited for any longer.
func (e *StalledError) Unwrap() error { return e.Err }

// Within calls f, which works with the files at path, and returns what it returns. Where ctx ends
// first, f is abandoned, because nothing ends a call that the system does not come back from: the
// error is a *StalledError, and f may still do its work at any time after.
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

// grace is how long Within waits for an f that ends with ctx by itself, and knows better why.
const grace = 250 * time.Millisecond

// Do is Within of what returns only an error.
func Do(ctx context.Context, path string, f func() error) error {
	_, err := Within(ctx, path, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// Read reads a file of at most so many bytes; one more says that there are more. It may be a pipe,
// as /dev/stdin is and what a shell writes for <(…): one that nobody writes into is not waited for,
// and ctx ends the wait for whoever does.
func Read(ctx context.Context, path string, most int64) ([]byte, error) {
	return Within(ctx, path, func() ([]byte, error) {
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // it was only read
		defer context.AfterFunc(ctx, func() { _ = f.Close() })()
		b, err := io.ReadAll(io.LimitReader(f, most+1))
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

// ErrNotAFile says that something else stands where a file must be: a pipe, a socket, a link, a
// directory.
var ErrNotAFile = errors.New("which is not a file")

// Open opens a file without waiting: open is that of a directory or os.OpenFile, and is given flag
// and what keeps it from waiting for the other end of a pipe. Anything but a file that stands there
// itself is ErrNotAFile.
func Open(name string, flag int, perm fs.FileMode,
	open func(name string, flag int, perm fs.FileMode) (*os.File, error)) (*os.File, error) {
	f, err := open(name, flag|syscall.O_NONBLOCK, perm)
	if errors.Is(err, syscall.ENXIO) {
		return nil, &fs.PathError{
			Op: "open", Path: name, Err: fmt.Errorf("a pipe, a socket or a device stands there, %w",
				ErrNotAFile),
		}
	} else if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{
			Op: "open", Path: f.Name(), Err: fmt.Errorf("%s stands there, %w", kindOf(info.Mode()),
				ErrNotAFile),
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// kindOf is what stands there, in a word.
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
