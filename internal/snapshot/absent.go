package snapshot

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// Absence is a query that finds no series where there should be some, of a panel that has other
// queries.
type Absence struct {
	Ref     string
	Missing []string // metric names that the query reads and Prometheus does not have
}

// AbsentOf returns the absence of the query that a rule judges, nil where it has series or may have
// none.
func (p *Panel) AbsentOf(rule string) *Absence {
	ref := p.Spec.Query(p.Spec.Rule(rule).Ref).Ref
	for i := range p.Absent {
		if p.Absent[i].Ref == ref {
			return &p.Absent[i]
		}
	}
	return nil
}

// needs returns the metrics without which the panel's i-th query cannot have an answer: an error
// where promsnap cannot read the query.
func (p *Panel) needs(i int) ([]string, error) {
	names, err := panel.MetricNames(p.Exprs[i])
	switch {
	case err != nil:
		return nil, err
	case i == 0 && len(p.Spec.Needs) > 0:
		return p.Spec.Needs, nil
	case p.Spec.EmptyIsOK:
		return names[:min(1, len(names))], nil
	}
	return names, nil
}

// findAbsent looks for the queries of a panel that find no series while others do, and asks which
// of their metrics exist.
func (p *Panel) findAbsent(ctx context.Context, q Querier) error {
	if !p.several() {
		return nil
	}
	has := map[string]bool{}
	for i := range p.Rows {
		has[p.Rows[i].Ref] = true
	}
	for i, query := range p.Spec.Queries {
		if has[query.Ref] {
			continue
		}
		absence := Absence{Ref: query.Ref}
		if needs, err := p.needs(i); err == nil {
			// of a dialect that promsnap cannot read, nothing is known
			present, err := q.Present(ctx, needs, p.Grid.Start, p.Grid.End())
			if err != nil {
				return fmt.Errorf("query %s: asking which metrics exist: %w", query.Ref, err)
			}
			absence.Missing = slices.DeleteFunc(slices.Clone(needs), func(n string) bool {
				return present[n]
			})
			if p.Spec.EmptyIsOK && len(needs) > 0 && len(absence.Missing) == 0 {
				continue
			}
		}
		p.Absent = append(p.Absent, absence)
		p.Missing = addOnce(p.Missing, absence.Missing)
	}
	return nil
}

// explainEmpty tells an empty answer that is good news from one that says nothing: it asks which of
// the query's metrics exist, and whether they are scraped often enough for it. Where the remarks
// say what was left out, that is why nothing is left.
func (p *Panel) explainEmpty(ctx context.Context, q Querier, v panel.Vars) error {
	var needs []string
	for i := range p.Exprs {
		names, err := p.needs(i)
		if err != nil { // the server has read what promsnap cannot
			p.Data = DataAbsent
			p.note(NoteQueryUnread)
			return nil
		}
		needs = addOnce(needs, names)
	}
	present, err := q.Present(ctx, needs, p.Grid.Start, p.Grid.End())
	if err != nil {
		return fmt.Errorf("asking which metrics exist: %w", err)
	}
	p.Missing = slices.DeleteFunc(slices.Clone(needs), func(n string) bool { return present[n] })
	if len(p.Missing) > 0 {
		p.Data = DataAbsent
		return nil
	}
	every, err := p.sparse(ctx, q, v)
	switch {
	case err != nil:
		return err
	case every > 0:
		p.Data = DataAbsent
		p.note(NoteScrapedSeldom, every, v.RateInterval())
		return nil
	case p.Spec.EmptyIsOK && len(needs) > 0:
		if p.Missing, err = p.unseen(ctx, q, v); err != nil {
			return err
		}
		if len(p.Missing) > 0 {
			p.Data = DataAbsent
		}
		return nil
	}
	p.Data = DataAbsent
	p.askRemarks(ctx, q, v)
	if len(p.Remarks) == 0 {
		p.note(NoteLabelsOtherwise)
	}
	return nil
}

// unseen returns the metrics without which the panel does not see what it is for, none where it
// does.
func (p *Panel) unseen(ctx context.Context, q Querier, v panel.Vars) ([]string, error) {
	if p.Spec.Blind == nil {
		return nil, nil
	}
	blind := false
	query := promapi.Query{
		Expr: panel.Expand(p.Spec.Blind.Query, v),
		Grid: series.Grid{Start: p.Grid.End(), Step: p.Grid.Step, Len: 1},
	}
	_, err := q.Range(ctx, query, func(s series.Series) error {
		blind = blind || !math.IsNaN(s.Values[0])
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("asking what the panel can see: %w", err)
	}
	if !blind {
		return nil, nil
	}
	return slices.Clone(p.Spec.Blind.Missing), nil
}

// noteUnseen says of an answer that has series what is not in it.
func (p *Panel) noteUnseen(ctx context.Context, q Querier, v panel.Vars) {
	missing, err := p.unseen(ctx, q, v)
	switch {
	case err != nil:
		p.note(NoteRemarkMissing, err)
	case len(missing) > 0:
		p.Notes = append(p.Notes, NoteOf(NoteNotSeen, p.Spec.Title).with(missing...))
	}
}
