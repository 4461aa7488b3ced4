package promapi

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"

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

// ExternalLabel returns the value of a label that the server adds to everything that leaves it,
// such as the name of its cluster; "" if there is none. It does not retry. A server that does not show
// its configuration has none; that is no error.
func (c *Client) ExternalLabel(ctx context.Context, name string) (string, error) {
	var config struct {
		Global struct {
			ExternalLabels map[string]string `yaml:"external_labels"`
		} `yaml:"global"`
	}
	if err := c.config(ctx, "reading the external labels", &config); err != nil {
		return "", err
	}
	return outside.Said(config.Global.ExternalLabels[name], maxExternal), nil
}

// EvaluationInterval returns how often the server evaluates the groups of rules that do not say it
// themselves; 0 if the server does not show its configuration, or another program's. It does not
// retry.
func (c *Client) EvaluationInterval(ctx context.Context) (time.Duration, error) {
	var config struct {
		Global struct {
			EvaluationInterval string `yaml:"evaluation_interval"`
		} `yaml:"global"`
	}
	if err := c.config(ctx, "reading the evaluation interval", &config); err != nil {
		return 0, err
	}
	d, err := model.ParseDuration(config.Global.EvaluationInterval)
	if err != nil || time.Duration(d) < time.Second {
		return 0, nil // not set, or another program's
	}
	return time.Duration(d), nil
}

// config decodes the configuration that the server shows into out, as far as it has the keys. op
// says what for. It leaves out as it is if the server does not show its configuration, or has that
// of another program.
func (c *Client) config(ctx context.Context, op string, out any) error {
	if err := c.enter(ctx); err != nil {
		return c.explain(ctx, op, err)
	}
	defer c.leave()
	timed, cancel := context.WithTimeoutCause(ctx, c.o.QueryTimeout, errSlow(c.o.QueryTimeout))
	defer cancel()
	answer, err := c.api.Config(timed)
	if err != nil {
		if err = c.explain(timed, op, err); lacksEndpoint(err) {
			return nil
		}
		return err
	}
	_ = yaml.Unmarshal([]byte(answer.YAML), out) // it may be another program's configuration
	return nil
}

// maxExternal is the longest external label that is returned, in characters.
const maxExternal = 100

// lacksEndpoint reports whether err says that the server does not have the endpoint.
func lacksEndpoint(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == KindNotFound || e.Kind == KindBadAnswer ||
		e.Status/100 == 4 && e.Kind != KindDenied)
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
	if err = c.explain(timed, op, err); lacksEndpoint(err) {
		return Server{}, nil
	}
	return Server{}, err
}
