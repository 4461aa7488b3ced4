package dashboard

import (
	"context"
	"errors"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/grafana/ask"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
)

// source runs the queries of variables and remembers which failed. Once the server is unreachable,
// every query fails at once.
type source struct {
	ask      *ask.Source
	answered bool
	down     error
	failures []string
}

// LabelNames implements grafana.Source.
func (s *source) LabelNames(ctx context.Context, selector string) ([]string, error) {
	return try(s, ctx, func() ([]string, error) { return s.ask.LabelNames(ctx, selector) })
}

// LabelValues implements grafana.Source.
func (s *source) LabelValues(ctx context.Context, label, selector string) ([]string, error) {
	return try(s, ctx, func() ([]string, error) { return s.ask.LabelValues(ctx, label, selector) })
}

// Query implements grafana.Source.
func (s *source) Query(ctx context.Context, expr string) ([]grafana.Sample, error) {
	return try(s, ctx, func() ([]grafana.Sample, error) { return s.ask.Query(ctx, expr) })
}

func try[T any](s *source, ctx context.Context, ask func() ([]T, error)) ([]T, error) {
	if s.down != nil {
		return nil, s.down
	}
	answer, err := ask()
	switch {
	case err == nil:
		s.answered = true
	case ctx.Err() == nil:
		s.down = unreachable(err, s.answered)
		why := outside.Said(err.Error(), maxReason)
		if !slices.Contains(s.failures, why) {
			s.failures = append(s.failures, why)
		}
	}
	return answer, err
}

// unreachable returns err if no further query can succeed. Once the server has answered a query, an
// error such as 403 is about one query alone.
func unreachable(err error, answered bool) error {
	down := promapi.Unreachable(err)
	var e *promapi.Error
	if down == nil || !errors.As(down, &e) || e.Kind == promapi.KindBadConfig {
		return nil
	}
	switch e.Kind {
	case promapi.KindRefused, promapi.KindNoHost, promapi.KindTLS:
		return down
	}
	if answered {
		return nil
	}
	return down
}
