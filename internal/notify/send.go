package notify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	maxTries  = 4
	firstWait = time.Second // doubled after each try, where the receiver does not say how long

	// moreIfUnsure is how often a message is sent again in one run that may have arrived: each try
	// may page somebody once more.
	moreIfUnsure = 1
)

// send gives one delivery to a receiver, trying again where that may help and ctx leaves the time
// for it. It is the only one who tries again. Unsure: it may have been delivered although there is
// an error; its message is marked before it is sent again.
func (d *delivery) send(ctx context.Context, n Notifier,
	what Delivery) (receipt Receipt, unsure bool, err error) {
	wait, tries := firstWait, maxTries
	for try := 1; ; try++ {
		receipt, err = call(ctx, n, what)
		if err == nil {
			return receipt, false, nil
		}
		var refused *RefusedError
		var late *LateError
		var retry *RetryError
		pause := wait
		switch {
		case errors.As(err, &refused), errors.As(err, &late):
			return Receipt{}, unsure, err
		case errors.As(err, &retry):
			pause = max(retry.After, wait)
		default:
			if m := what.Message; m != nil && !m.PossibleDuplicate {
				m.PossibleDuplicate, tries = true, try+moreIfUnsure
			} else if m != nil {
				tries = try
			}
			unsure = true
		}
		if try == tries || !d.sleep(ctx, pause) {
			if try > 1 {
				err = fmt.Errorf("%w (tried %d times)", err, try)
			}
			return Receipt{}, unsure, err
		}
		wait *= 2
	}
}

// call calls the receiver. A panic costs this call, and says nothing of whether something was
// delivered.
func call(ctx context.Context, n Notifier, d Delivery) (receipt Receipt, err error) {
	if ctx.Err() != nil {
		return Receipt{}, noTime(ctx)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a fault in promsnap itself: %v", r)
		}
	}()
	return n.Notify(ctx, d)
}

// sleep waits, and tells whether ctx left the time for it. It does not begin to where it would not.
func (d *delivery) sleep(ctx context.Context, pause time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && deadline.Sub(d.Now()) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
