package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"sync"
	"time"
)

// The limits of work that messages do not wait for.
const (
	laterTime  = 30 * time.Second // of one message
	laterTries = 3                // of one request, if the receiver asks to wait
)

// Later holds work that messages do not wait for, such as uploading pictures. A receiver adds it
// while it notifies, and FollowUp does it after everything was sent and recorded. The zero value is
// empty. It may be used by several goroutines.
type Later struct {
	mu   sync.Mutex
	work []work
}

type work struct {
	name string
	do   func(ctx context.Context) error
}

// Add adds work. Its name is for errors.
func (l *Later) Add(name string, do func(ctx context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.work = append(l.work, work{name, do})
}

// FollowUp does the work that was added since the last call. Its error joins what failed: no
// message depends on it.
func (l *Later) FollowUp(ctx context.Context) error {
	l.mu.Lock()
	all := l.work
	l.work = nil
	l.mu.Unlock()
	var failed []error
	for i, w := range all {
		if ctx.Err() != nil {
			failed = append(failed, fmt.Errorf("messages that stay without pictures: %d: %w",
				len(all)-i, context.Cause(ctx)))
			break
		}
		if err := w.within(ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", w.name, err))
		}
	}
	return errors.Join(failed...)
}

// within does the work in its time.
func (w work) within(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, laterTime)
	defer cancel()
	return w.do(ctx)
}

// Again makes a request of such work, and makes it again while the receiver asks to wait and there
// is time. Notify must not use it, because Deliver retries.
func Again(ctx context.Context, request func() error) error {
	for try := 1; ; try++ {
		err := request()
		var later *RetryError
		if !errors.As(err, &later) || try == laterTries {
			return err
		}
		// a wait that leaves no time is none
		if wait := max(later.After, firstWait); wait >= laterTime || !pause(ctx, wait) {
			return err
		}
	}
}

// pause waits, and reports whether ctx is still valid then.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// FormPart is a field or a file of a form. A file has a file name.
type FormPart struct {
	Name, FileName, ContentType string
	Body                        []byte
}

// Form returns a body of the type multipart/form-data, and its content type.
func Form(parts []FormPart) (body []byte, contentType string, err error) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf(`form-data; name=%q`, p.Name))
		if p.FileName != "" {
			h.Set("Content-Disposition",
				multipart.FileContentDisposition(p.Name, p.FileName))
		}
		if p.ContentType != "" {
			h.Set("Content-Type", p.ContentType)
		}
		to, err := w.CreatePart(h)
		if err != nil {
			return nil, "", fmt.Errorf("writing a form: %w", err)
		}
		if _, err := to.Write(p.Body); err != nil {
			return nil, "", fmt.Errorf("writing a form: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("writing a form: %w", err)
	}
	return out.Bytes(), w.FormDataContentType(), nil
}
