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

// The bounds of detail queries, which cost the server time and the reader attention.
const (
	mostDetailed = 8 // the worst series of a panel
	mostParts    = 3 // parts of one finding
)

// askDetails runs the detail query for the alerts that fire, the worst first. A series with two
// alerts is queried once. Verdicts and pending alerts get no details. A query that fails adds a
// note.
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

// detailed reports whether a finding may have details. One by a forecast comes after the details.
func (p *Panel) detailed(f *Finding) bool {
	return f.Status == rules.Breach && slices.ContainsFunc(p.Spec.Rules, func(r rules.Rule) bool {
		return r.Name == f.Rule && r.IsAlert() && !r.FullIn
	})
}

// askDetail returns the highest series of the panel's detail query for one series.
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
	for i, name := range distinctNames(p.Spec.Detail.Legend, names, all) {
		parts[i].Name = name
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), strings.Compare(a.Name, b.Name))
	})
	return slices.Clip(parts[:min(len(parts), mostParts)]), nil
}

// detailQuery returns the detail query for one series, with its label values escaped for a
// double-quoted PromQL string. A missing label becomes "", which in a matcher also means missing.
// Variables are expanded first, so a label value that looks like a variable stays as it is.
func detailQuery(query string, v panel.Vars, about series.Labels) string {
	return fill(panel.Expand(query, v), func(label string) string {
		return quoted(about.Get(label))
	})
}

// quoted returns s as the inside of a double-quoted PromQL string, whose escapes are those of Go.
// PromQL does not accept a literal U+FFFD.
func quoted(s string) string {
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}
