package notify

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	maxTries  = 4
	firstWait = time.Second // doubled after each try, unless the receiver asks for more

	// maxResends is how often one run sends a message again that may have arrived: each try may
	// page somebody again.
	maxResends = 1
)

// send makes one delivery, and retries while that may help and ctx leaves time. Nobody else
// retries. unsure says that the delivery may have arrived despite the error; its message is marked
// before it is sent again.
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
				m.PossibleDuplicate, tries = true, try+maxResends
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

// call calls the receiver. A panic becomes an error, which does not say whether something was
// delivered.
func call(ctx context.Context, n Notifier, d Delivery) (receipt Receipt, err error) {
	if ctx.Err() != nil {
		return Receipt{}, errNoTime(ctx)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error (please report it): %v", r)
		}
	}()
	return n.Notify(ctx, d)
}

// sleep waits, and reports whether it did. It returns false at once if ctx would end first.
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
