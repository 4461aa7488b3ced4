package config

import (
	"cmp"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/units"
)

// several builds the queries of a panel that has more than one. Fields that a query does not set
// come from base.
func (b *builder) several(from []query, path string, base panel.Query) []panel.Query {
	out := make([]panel.Query, 0, len(from))
	names := map[string]string{}
	for i, q := range from {
		at := item(path, i)
		built := panel.Query{
			Ref: cmp.Or(string(q.Ref), string(rune('A'+i%26))), Expr: q.Query, Legend: base.Legend,
			Unit: base.Unit,
		}
		if b.has(key(at, "legend")) {
			built.Legend = q.Legend
		}
		if b.has(key(at, "unit")) {
			built.Unit = q.Unit.Unit
		}
		if b.clean(key(at, "ref")) {
			b.unique(names, built.Ref, b.firstOf(at, "ref", "query"))
		}
		out = append(out, built)
	}
	return out
}

// queries checks a panel's queries, their legends and their units.
func (b *builder) queries(path string, s *panel.Spec, vars panel.Vars) {
	one, many := key(path, "query"), key(path, "queries")
	switch {
	case b.has(one) && b.has(many):
		b.problem(many, "has both query and queries; move the query into the list, or keep one "+
			"of them")
		return
	case b.has(one):
		b.promql(one, s.Queries[0].Expr, vars)
		return
	case !b.has(many):
		return
	}
	for i, q := range s.Queries {
		at := item(many, i)
		if b.has(key(at, "query")) {
			b.promql(key(at, "query"), q.Expr, vars)
		}
		if b.has(key(at, "legend")) {
			b.legend(key(at, "legend"), q.Legend)
		}
		if b.clean(at) && b.clean(item(many, 0)) && q.Unit != s.Unit() && s.Kind != panel.Stat {
			b.problem(b.firstOf(at, "unit", "query"), "the unit is %s, but that of the first "+
				"query is %s, and a chart has one axis; give this query its own panel, or write "+
				"kind: stat", q.Unit, s.Unit())
		}
	}
	switch n := len(s.Queries); {
	case b.clean(many) && !slices.ContainsFunc(s.Queries, func(q panel.Query) bool {
		return q.Ref != ""
	}):
		b.problem(many, "no query; write a list such as [{query: ...}, {query: ...}]")
	case n > panel.MostQueries:
		b.problem(many, "%d queries are too many for a chart; write at most %d, or split the panel",
			n, panel.MostQueries)
	}
}

// unitsOf returns a function that returns the unit in which the limits of a rule are read: that of
// its query, or nil if the unit is wrong.
func (b *builder) unitsOf(p *panelKeys, path string, s *panel.Spec) func(ref) *units.Unit {
	return func(r ref) *units.Unit {
		i := max(slices.IndexFunc(s.Queries, func(q panel.Query) bool {
			return q.Ref == string(r)
		}), 0)
		if !b.clean(key(path, "unit")) ||
			i < len(p.Queries) && !b.clean(key(item(key(path, "queries"), i), "unit")) {
			return nil // do not check limits against a unit that was not meant
		}
		return &s.Queries[i].Unit
	}
}

// refs checks that the rules of the file name queries of the panel.
func (b *builder) refs(from []rule, path string, s *panel.Spec) {
	for i, r := range from {
		at := key(item(path, i), "ref")
		if r.Ref == "" || slices.ContainsFunc(s.Queries, func(q panel.Query) bool {
			return q.Ref == string(r.Ref)
		}) {
			continue
		}
		if len(s.Queries) == 1 {
			b.problem(at, "no query %q; the panel has one query, which needs no ref: remove it",
				shorten(string(r.Ref)))
			continue
		}
		b.problem(at, "no query %q; write one of %s", shorten(string(r.Ref)), refNames(s.Queries))
	}
}

// refNames lists the refs of queries for a message.
func refNames(qs []panel.Query) string {
	names := make([]string, len(qs))
	for i, q := range qs {
		names[i] = q.Ref
	}
	return strings.Join(names, ", ")
}
