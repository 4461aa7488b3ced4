package snapshot

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// The bounds of what is looked into: detail queries cost the server, and a reader takes in only so
// much.
const (
	mostDetailed = 8 // series of a panel, the worst
	mostParts    = 3 // of one finding
)

// askDetails asks what lies behind the alerts that fire, the worst first: a series that two of them
// are about is asked for once. A verdict is no alert, and what is pending does not fire yet. A
// query that fails costs a note.
func (p *Panel) askDetails(ctx context.Context, q Querier, v panel.Vars) {
	if p.Spec.Detail == nil {
		return
	}
	known := map[uint64][]Part{}
	for i := range p.Findings {
		f := &p.Findings[i]
		if !p.detailed(f) {
			continue
		}
		about := f.Labels.Hash()
		if parts, ok := known[about]; ok {
			f.Details = parts
			continue
		}
		if len(known) == mostDetailed {
			continue
		}
		parts, err := p.askDetail(ctx, q, v, f.Labels)
		if err != nil {
			p.note(NoteRemarkMissing, err)
			return
		}
		known[about], f.Details = parts, parts
	}
}

// detailed reports whether it is asked what lies behind a finding, if it is one of the worst.
func (p *Panel) detailed(f *Finding) bool {
	return f.Status == rules.Breach && slices.ContainsFunc(p.Spec.Rules, func(r rules.Rule) bool {
		return r.Name == f.Rule && r.IsAlert()
	})
}

// askDetail returns the highest series of the panel's detail query about one series.
func (p *Panel) askDetail(ctx context.Context, q Querier, v panel.Vars,
	about series.Labels) ([]Part, error) {
	var parts []Part
	var names []string
	var all []series.Labels
	query := promapi.Query{
		Expr: detailQuery(p.Spec.Detail.Query, v, about),
		Grid: series.Grid{Start: p.Grid.End(), Step: p.Grid.Step, Len: 1},
	}
	_, err := q.Range(ctx, query, func(s series.Series) error {
		if x := s.Values[0]; !math.IsNaN(x) {
			parts = append(parts, Part{Value: x})
			names, all = append(names, legend(p.Spec.Detail.Legend, s.Labels)), append(all,
				s.Labels.Clone())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, name := range apart(p.Spec.Detail.Legend, names, all) {
		parts[i].Name = name
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), strings.Compare(a.Name, b.Name))
	})
	return slices.Clip(parts[:min(len(parts), mostParts)]), nil
}

// detailQuery is the query about one series, with its labels' values escaped for a PromQL string in
// double quotes. A label that is missing is empty, which in a matcher means that it is missing
// there too. Variables are expanded first: what a label's value holds of them is none.
func detailQuery(query string, v panel.Vars, about series.Labels) string {
	return fill(panel.Expand(query, v), func(label string) string {
		return quoted(about.Get(label))
	})
}

// quoted is s as it stands in a PromQL string in double quotes, whose escapes are Go's. PromQL
// takes no U+FFFD as it is.
func quoted(s string) string {
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}
