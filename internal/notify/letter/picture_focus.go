package letter

import (
	"math"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// mostFocused is the most series in the picture of several findings.
const mostFocused = 8

// focused is a series of a picture: its samples in the panel's range and before it.
type focused struct {
	row  snapshot.Row
	line *snapshot.Line // nil: the panel does not draw it
	past *snapshot.Past // nil: not known
}

// focus returns the panel with only the series of the findings, at most mostFocused, over a time
// that holds when they began. It returns nil if none of the series has samples.
func focus(p *snapshot.Panel, found []shownIn) *snapshot.Panel {
	var all []focused
	var findings []snapshot.Finding
	var began time.Time // the first of the drawn ones
	seen := map[uint64]bool{}
	for _, at := range found {
		f := findingOf(p, at)
		if f == nil {
			continue
		}
		findings = append(findings, *f)
		s := focused{line: p.Line(f.Ref, f.Labels), past: p.PastOf(f.Ref, f.Labels)}
		if seen[f.Key()] || len(all) == mostFocused || s.line == nil && s.past == nil {
			continue
		}
		seen[f.Key()] = true
		s.row = rowOf(p, f)
		all = append(all, s)
		if !at.since.IsZero() && (began.IsZero() || at.since.Before(began)) {
			began = at.since
		}
	}
	if len(all) == 0 {
		return nil
	}
	only := *p
	only.Findings, only.Total, only.LeftOut = findings, max(len(findings), len(all)), 0
	only.Rows, only.Lines, only.References, only.Rest = nil, nil, nil, nil
	only.Grid = gridSince(p.Grid, all, began)
	for _, s := range all {
		only.Rows = append(only.Rows, s.row)
		line := snapshot.Line{Row: s.row, Values: s.on(only.Grid, p.Grid)}
		if s.line != nil && s.line.Before != nil {
			before := focused{line: &snapshot.Line{Values: s.line.Before}}
			line.Before = before.on(only.Grid, p.Grid)
		}
		only.Lines = append(only.Lines, line)
	}
	for _, r := range p.References {
		line := focused{line: &snapshot.Line{Values: r.Values}}
		r.Values = line.on(only.Grid, p.Grid)
		only.References = append(only.References, r)
	}
	only.Spec.Kind = panel.Lines
	if rule := p.Spec.Rule(found[0].rule); rule.Holds() {
		only.Spec.Kind = panel.Heatmap // a line between 0 and 1 says less
	}
	return &only
}

// findingOf returns a finding of the panel, which began when the alert did. It returns nil if the
// panel no longer has it.
func findingOf(p *snapshot.Panel, at shownIn) *snapshot.Finding {
	i := slices.IndexFunc(p.Findings, func(f snapshot.Finding) bool {
		return f.Rule == at.rule && f.Name == at.name
	})
	if i < 0 {
		return nil
	}
	f := p.Findings[i]
	if s := f.Streak; s != nil && s.Open && at.since.Before(s.From) && !at.since.IsZero() {
		began := *s
		began.From, began.Open = at.since, at.open
		f.Streak = &began
	}
	return &f
}

// rowOf returns the row of a finding's series.
func rowOf(p *snapshot.Panel, f *snapshot.Finding) snapshot.Row {
	if l := p.Line(f.Ref, f.Labels); l != nil {
		return l.Row
	}
	k := f.Key()
	if i := slices.IndexFunc(p.Rows, func(r snapshot.Row) bool { return r.Key() == k }); i >= 0 {
		return p.Rows[i]
	}
	return snapshot.Row{Name: f.Name, Ref: f.Ref, Labels: f.Labels, Status: f.Status}
}

// leastPicture is the least time in a picture, unless the panel shows less.
const leastPicture = time.Hour

// gridSince returns the grid of a picture: the time since something began, a quarter more before
// that, and at least an hour and a quarter of the panel's range. If it is not known when something
// began, it is the panel's grid. The steps are the panel's, or those of the past if it is needed.
func gridSince(g series.Grid, all []focused, began time.Time) series.Grid {
	from := g.Start
	if !began.IsZero() {
		span := max(g.End().Sub(began)*5/4, min(g.Range(), max(leastPicture, g.Range()/4)))
		from = g.End().Add(-span)
	}
	var past *series.Grid // the coarsest
	for _, s := range all {
		if s.past != nil && (past == nil || s.past.Grid.Step > past.Step) {
			past = &s.past.Grid
		}
	}
	drawn := !slices.ContainsFunc(all, func(s focused) bool { return s.line == nil })
	if past == nil || drawn && !from.Before(g.Start) {
		return cropped(g, from)
	}
	out := cropped(*past, from)
	for out.Step > 0 && out.End().Before(g.End()) {
		out.Len++
	}
	return cropped(out, out.End().Add(-max(g.Range(), snapshot.LookBackRange)))
}

// cropped returns the part of a grid that begins at a time or, if there is no step then, just
// before it.
func cropped(g series.Grid, from time.Time) series.Grid {
	if g.Step <= 0 {
		return g
	}
	n := max(min(int(from.Sub(g.Start)/g.Step), g.Len-2), 0)
	return series.Grid{Start: g.At(n), Step: g.Step, Len: g.Len - n}
}

// on returns the samples of a series on a grid: at each step the newest since the step before. In
// the time of the panel's own grid they are those of its line, if there is one.
func (s focused) on(g, own series.Grid) []float64 {
	out := make([]float64, g.Len)
	for i := range out {
		switch at := g.At(i); {
		case s.line != nil && !at.Before(own.Start):
			out[i] = newestIn(s.line.Values, own, at, g.Step)
		case s.past != nil:
			out[i] = newestIn(s.past.Values, s.past.Grid, at, g.Step)
		default:
			out[i] = math.NaN()
		}
	}
	return out
}

// newestIn returns the newest sample in the step that ends at a time, NaN if there is none.
func newestIn(values []float64, of series.Grid, at time.Time, step time.Duration) float64 {
	if at.Before(of.Start) || of.Step <= 0 {
		return math.NaN()
	}
	i := min(int(at.Sub(of.Start)/of.Step), len(values)-1)
	for ; i >= 0 && of.At(i).After(at.Add(-step)); i-- {
		if !math.IsNaN(values[i]) {
			return values[i]
		}
	}
	return math.NaN()
}
