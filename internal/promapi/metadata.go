package promapi

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/promsnap/promsnap/internal/outside"
)

// maxNames is the longest list of names in one request of Present, in bytes. The names are part of
// the URL.
const maxNames = 1500

// Present reports which of the metrics have a series between start and end that matches the
// client's matchers. A server keeps its index in blocks of hours, so a metric that ended shortly
// before start may still be present.
func (c *Client) Present(ctx context.Context, names []string, start,
	end time.Time) (map[string]bool, error) {
	const op = "looking up metrics"
	if err := c.enter(ctx); err != nil {
		return nil, c.explain(ctx, op, err)
	}
	defer c.leave()
	present := make(map[string]bool, len(names))
	for len(names) > 0 {
		n, size := 1, len(names[0])
		for n < len(names) && size+len(names[n]) < maxNames {
			size += len(names[n]) + 1
			n++
		}
		selector, err := c.selector(names[:n])
		if err != nil {
			return nil, c.explain(ctx, op, err)
		}
		found, err := c.metricNames(ctx, op, selector, start, end)
		if err != nil {
			return nil, err
		}
		for _, name := range names[:n] {
			present[name] = found[name]
		}
		names = names[n:]
	}
	return present, nil
}

// selector returns a selector of all series of the metrics that match the client's matchers.
func (c *Client) selector(names []string) (string, error) {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	byName, err := labels.NewMatcher(labels.MatchRegexp, model.MetricNameLabel,
		strings.Join(quoted, "|"))
	if err != nil {
		return "", &Error{Kind: KindBadConfig, Message: err.Error(), Err: err}
	}
	all := []string{byName.String()}
	for _, m := range c.o.Matchers {
		all = append(all, m.String())
	}
	return "{" + strings.Join(all, ",") + "}", nil
}

// metricNames returns the names of the metrics that match selector.
func (c *Client) metricNames(ctx context.Context, op, selector string, start,
	end time.Time) (map[string]bool, error) {
	found := map[string]bool{}
	err := c.attempts(ctx, op, c.o.QueryTimeout, func(ctx context.Context) error {
		values, _, _, err := c.api.LabelValues(ctx, model.MetricNameLabel, []string{selector},
			start, end)
		for _, v := range values {
			found[string(v)] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// maxVersion is the longest version of a server, in characters.
const maxVersion = 50

// Server describes a server.
type Server struct {
	Version string // "" if unknown
}

// Name returns the name of the server for a report: "Prometheus 3.15.0".
func (s Server) Name() string {
	if s.Version == "" {
		return "Prometheus"
	}
	return "Prometheus " + s.Version
}

// Server queries the version of the server. It does not retry. A server that does not have this
// endpoint has no version; that is no error.
func (c *Client) Server(ctx context.Context) (Server, error) {
	const op = "reading the version"
	if err := c.enter(ctx); err != nil {
		return Server{}, c.explain(ctx, op, err)
	}
	defer c.leave()
	timed, cancel := context.WithTimeoutCause(ctx, c.o.QueryTimeout, errSlow(c.o.QueryTimeout))
	defer cancel()
	info, err := c.api.Buildinfo(timed)
	if err == nil {
		return Server{Version: outside.Middle(c.sent.Scrub(info.Version), maxVersion)}, nil
	}
	err = c.explain(timed, op, err)
	var e *Error
	if errors.As(err, &e) && (e.Kind == KindNotFound || e.Kind == KindBadAnswer ||
		e.Status/100 == 4 && e.Kind != KindDenied) {
		return Server{}, nil
	}
	return Server{}, err
}
