package promapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// maxFiring is the most alerts of an Alertmanager that are read.
const maxFiring = 50_000

// Firing is an alert that an Alertmanager knows.
type Firing struct {
	Labels     series.Labels
	Since      time.Time // zero: unknown
	Suppressed bool      // by a silence or an inhibition
}

// Firing calls each with every alert that fires now, if the client's server is an Alertmanager
// (API v2). The labels of a Firing are valid only during the call, but their strings may be kept.
// Firing calls begin before each try, and the alerts of earlier tries do not count. It ignores the
// client's matchers.
func (c *Client) Firing(ctx context.Context, begin func(), each func(Firing)) error {
	const op = "reading the alerts of Alertmanager"
	if err := c.enter(ctx); err != nil {
		return c.explain(ctx, op, err)
	}
	defer c.leave()
	return c.attempts(ctx, op, c.o.QueryTimeout, func(ctx context.Context) error {
		begin()
		resp, err := c.get(ctx, "api/v2/alerts", c.params())
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		return decodeFiring(resp.Body, each)
	})
}

// decodeFiring reads the alerts of an Alertmanager, which are a list without a status.
func decodeFiring(body io.Reader, each func(Firing)) error {
	a := newAnswer(body, 0)
	n := 0
	if c, err := a.peek("a list"); err != nil {
		return err
	} else if c != '[' {
		return &Error{
			Kind: KindBadAnswer, Status: http.StatusOK,
			Message: "the answer is no list of alerts",
			Hint:    "is this the address of an Alertmanager?",
		}
	}
	err := a.array("a list of alerts", func() error {
		if n++; n > maxFiring {
			return errMany("the Alertmanager", "alerts", maxFiring)
		}
		return a.firing(each)
	})
	if err != nil {
		return err
	}
	return a.end()
}

// firing reads one alert.
func (a *answerReader) firing(each func(Firing)) error {
	a.nextLabels()
	var f Firing
	err := a.object("an alert", func(key []byte) (err error) {
		switch string(key) {
		case "labels":
			err = a.metric()
		case "startsAt":
			f.Since, err = a.time("the start of an alert")
		case "status":
			err = a.object("the status of an alert", func(key []byte) (err error) {
				if string(key) != "state" {
					return a.skip(0)
				}
				var state string
				state, err = a.short("the state of an alert", maxNumber)
				f.Suppressed = state == "suppressed"
				return err
			})
		default:
			err = a.skip(0)
		}
		return err
	})
	if err != nil {
		return err
	}
	f.Labels = a.labels
	each(f)
	return nil
}
