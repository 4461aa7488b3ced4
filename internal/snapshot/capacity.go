package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/series"
)

// capacity is the total that a ratio refers to, with the labels that it adds to the series.
type capacity struct {
	size  float64
	aside series.Labels
}

// askCapacity queries the capacities at the end of the range and adds them to capacities, by the
// hash of their labels. With names, it only queries those values of Spec.Narrow. If a series has
// several capacities, such as disks mounted over each other, the largest counts, then the one whose
// labels come first.
func (p *Panel) askCapacity(ctx context.Context, q Querier, v panel.Vars, o Options, names []string,
	capacities map[uint64]capacity) error {
	if p.Spec.Capacity == nil {
		return nil
	}
	expr := panel.Expand(p.Spec.Capacity.Query, v)
	if len(names) > 0 {
		var err error
		if expr, err = narrowedTo(expr, p.Spec.Narrow, names); err != nil {
			return err
		}
	}
	_, err := q.Range(ctx, promapi.Query{Expr: expr, Grid: p.newest(), Limit: o.MaxSeries},
		func(s series.Series) error {
			c := s.Values[0]
			if !series.Finite(c) {
				return nil
			}
			own, aside := split(s.Labels, p.Spec.Capacity.Aside)
			k := own.Hash()
			if known, ok := capacities[k]; !ok ||
				cmp.Or(cmp.Compare(known.size, c), aside.Compare(known.aside)) < 0 {
				capacities[k] = capacity{c, aside}
			}
			return nil
		})
	if err != nil {
		return fmt.Errorf("querying the capacity: %w", err)
	}
	return nil
}

// split returns the labels without those named, and the named ones. A named label whose value
// equals that of another label adds nothing and is in neither.
func split(ls series.Labels, names []string) (rest, named series.Labels) {
	if len(names) == 0 {
		return ls, nil
	}
	for _, l := range ls {
		if !slices.Contains(names, l.Name) {
			rest = append(rest, l)
		}
	}
	for _, l := range ls {
		if slices.Contains(names, l.Name) && !slices.ContainsFunc(rest, func(r series.Label) bool {
			return r.Value == l.Value
		}) {
			named = append(named, series.Label{
				Name: strings.Clone(l.Name), Value: strings.Clone(l.Value),
			})
		}
	}
	return rest, named
}
