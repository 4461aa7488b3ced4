// Package ask answers from a Prometheus server what the variables of a dashboard ask.
package ask

import (
	"context"
	"slices"

	"github.com/promsnap/promsnap/internal/grafana"
	"github.com/promsnap/promsnap/internal/promapi"
)

// maxWarnings bounds the warnings that a Source keeps.
const maxWarnings = 20

// Source implements grafana.Source over a client. It is not safe for concurrent use.
type Source struct {
	client   *promapi.Client
	window   grafana.Window
	warnings []string
}

var _ grafana.Source = (*Source)(nil)

// New returns a Source that asks about a range.
func New(client *promapi.Client, w grafana.Window) *Source {
	return &Source{client: client, window: w}
}

// Warnings returns what the server said of its answers, each sentence once. After a warning, a
// variable may lack values.
func (s *Source) Warnings() []string { return s.warnings }

// LabelNames implements grafana.Source.
func (s *Source) LabelNames(ctx context.Context, selector string) ([]string, error) {
	names, meta, err := s.client.LabelNames(ctx, s.selection(selector))
	s.keep(meta)
	return names, err
}

// LabelValues implements grafana.Source.
func (s *Source) LabelValues(ctx context.Context, label, selector string) ([]string, error) {
	values, meta, err := s.client.LabelValues(ctx, label, s.selection(selector))
	s.keep(meta)
	return values, err
}

// Query implements grafana.Source.
func (s *Source) Query(ctx context.Context, expr string) ([]grafana.Sample, error) {
	samples, meta, err := s.client.Instant(ctx, promapi.Instant{Expr: expr, Time: s.window.To})
	s.keep(meta)
	if err != nil {
		return nil, err
	}
	out := make([]grafana.Sample, len(samples))
	for i, one := range samples {
		out[i] = grafana.Sample(one)
	}
	return out, nil
}

func (s *Source) selection(selector string) promapi.Selection {
	return promapi.Selection{Selector: selector, Start: s.window.From, End: s.window.To}
}

// keep keeps the warnings of an answer.
func (s *Source) keep(meta promapi.Meta) {
	for _, w := range meta.Warnings {
		if len(s.warnings) < maxWarnings && !slices.Contains(s.warnings, w) {
			s.warnings = append(s.warnings, w)
		}
	}
}
