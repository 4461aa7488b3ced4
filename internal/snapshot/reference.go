package snapshot

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// askReferences runs the reference queries over the panel's range. A failure adds a note.
func (p *Panel) askReferences(ctx context.Context, q Querier, v panel.Vars) {
	left := 0
	for i, r := range p.Spec.References {
		lines, err := p.askReference(ctx, q, panel.Expand(r.Query, v), r.Name)
		if err != nil {
			p.noteReference(r.Name, err)
			continue
		}
		drawn := min(len(lines), panel.MostReferences-len(p.References))
		p.References = append(p.References, lines[:drawn]...)
		if p.Kept != nil {
			for _, l := range lines {
				p.Kept.References = append(p.Kept.References, Referred{
					i, legend(r.Name, l.Labels), l.Labels,
				})
			}
		}
		left += len(lines) - drawn
	}
	if left > 0 {
		p.note(NoteReferencesLeft, left, panel.MostReferences)
	}
}

// noteReference notes why a reference is not drawn.
func (p *Panel) noteReference(name string, err error) {
	switch {
	case errors.Is(err, errNoReference):
		p.note(NoteReferenceEmpty, name)
	case errors.Is(err, errManyLines):
		p.note(NoteReferenceMany, name, mostReferenceSeries)
	case errors.Is(err, errOtherSamples):
		p.note(NoteReferenceElsewhen, name)
	default:
		p.note(NoteReferenceFailed, name, err)
	}
}

var (
	errNoReference  = errors.New("no series")
	errManyLines    = errors.New("too many series")
	errOtherSamples = errors.New("samples at other times")
)

// mostReferenceSeries is the most series that one reference query may return. At most
// MostReferences are drawn, chosen by name.
const mostReferenceSeries = 100

// askReference returns the lines of one reference, sorted by name.
func (p *Panel) askReference(ctx context.Context, q Querier, expr,
	name string) ([]ReferenceLine, error) {
	var lines []ReferenceLine
	meta, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: p.Grid}, func(s series.Series) error {
		if len(lines) == mostReferenceSeries {
			return errManyLines
		}
		lines = append(lines, ReferenceLine{
			Name: legend(name, s.Labels), Labels: s.Labels.Clone(), Values: slices.Clone(s.Values),
		})
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case len(lines) == 0:
		return nil, errNoReference
	case !meta.Grid.Start.Equal(p.Grid.Start):
		return nil, errOtherSamples
	}
	names, all := make([]string, len(lines)), make([]series.Labels, len(lines))
	for i, l := range lines {
		names[i], all[i] = l.Name, l.Labels
	}
	for i, n := range distinctNames(name, names, all) {
		lines[i].Name = n
	}
	slices.SortFunc(lines, compareLines)
	return lines, nil
}

// compareLines orders the lines of one reference.
func compareLines(a, b ReferenceLine) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), a.Labels.Compare(b.Labels))
}
