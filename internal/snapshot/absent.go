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

// Absence is a query without series, in a panel whose other queries have some.
type Absence struct {
	Ref     string
	Missing []string // metric names that the query reads and Prometheus does not have
}

// AbsentOf returns the absence of the query that a rule judges, nil if the query has series or may
// have none.
func (p *Panel) AbsentOf(rule string) *Absence {
	ref := p.Spec.Query(p.Spec.Rule(rule).Ref).Ref
	for i := range p.Absent {
		if p.Absent[i].Ref == ref {
			return &p.Absent[i]
		}
	}
	return nil
}

// needs returns the metrics without which the panel's i-th query cannot have an answer. It fails if
// promsnap cannot parse the query.
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

// findAbsent finds the panel's queries without series, if others have some, and asks which of their
// metrics exist.
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
			// otherwise the query is in a dialect that promsnap cannot parse
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

// explainEmpty decides whether an empty answer is good news or shows nothing. It asks which of the
// query's metrics exist and whether they are scraped often enough. If the remarks list what was
// left out, that explains the empty answer.
func (p *Panel) explainEmpty(ctx context.Context, q Querier, v panel.Vars) error {
	var needs []string
	for i := range p.Exprs {
		names, err := p.needs(i)
		if err != nil { // the server parsed a query that promsnap cannot
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

// unseen returns the metrics that the panel needs to see what it is for, nil if it sees it.
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
		return nil, fmt.Errorf("checking what the panel can see: %w", err)
	}
	if !blind {
		return nil, nil
	}
	return slices.Clone(p.Spec.Blind.Missing), nil
}

// noteUnseen notes what is missing from an answer that has series.
func (p *Panel) noteUnseen(ctx context.Context, q Querier, v panel.Vars) {
	missing, err := p.unseen(ctx, q, v)
	switch {
	case err != nil:
		p.note(NoteRemarkMissing, err)
	case len(missing) > 0:
		p.Notes = append(p.Notes, NoteOf(NoteNotSeen, p.Spec.Title).with(missing...))
	}
}
