package snapshot

import (
	"math"
	"slices"
	"strings"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// identified is a series of an answer with the node that it belongs to.
type identified struct {
	series.Series               // its labels include the node
	asked         series.Labels // the labels in the answer
	node          string
	added         bool // the node label comes from the identity table
	// the node had the address earlier: what is known about the address now belongs to another node
	past bool
}

// add adds one series of the answer. It keeps the labels but only reads the samples. Samples from
// before an address moved to another node belong to the node that had it then.
func (f *fold) add(s series.Series) {
	parts := f.nodes.parts(s.Labels, f.grid)
	if len(parts) == 1 {
		f.addPart(s, parts[0].node, false)
		return
	}
	seen := false
	for _, p := range parts {
		if series.Newest(s.Values[p.from:min(p.to, len(s.Values))]) < 0 {
			continue
		}
		seen = true
		values := nans(len(s.Values))
		copy(values[p.from:], s.Values[p.from:p.to])
		f.addPart(series.Series{Labels: s.Labels, Values: values}, p.node, p.to < f.grid.Len)
	}
	if !seen {
		f.addPart(s, parts[len(parts)-1].node, false)
	}
}

// addPart adds the part of a series that belongs to one node. If several exporters report a node,
// one after the other or at the same time, built-in panels have one row for it.
func (f *fold) addPart(s series.Series, node string, past bool) {
	id := identified{
		Series: s, asked: s.Labels, node: node, added: node != "" && s.Labels.Get("node") == "",
		past: past,
	}
	if id.added {
		id.Labels = s.Labels.With("node", node)
	}
	instance := s.Labels.Get("instance")
	k := nodeKey{f.nodes.ClusterOf(s.Labels), node}
	instances := f.nodes.exports[k]
	if !f.spec.Builtin || !id.added || len(instances) < 2 && !f.nodes.podNet[k] ||
		!slices.Contains(instances, instance) {
		f.addSeries(id)
		return
	}
	key := id.Labels.With("instance", "")
	if f.nodes.podNet[k] { // the pod's address changes with every restart
		id.Labels, id.added = key, false
	}
	f.unite(key.Hash(), id)
}

// unite merges a series into those of other exporters: at every time the worse sample counts. The
// series with the newest sample gives the labels.
func (f *fold) unite(key uint64, id identified) {
	u := f.united[key]
	if u == nil {
		id.Values = slices.Clone(id.Values)
		if f.united == nil {
			f.united = map[uint64]*identified{}
		}
		f.united[key] = &id
		return
	}
	newest, was := series.Newest(id.Values), series.Newest(u.Values)
	below := len(f.spec.Rules) > 0 && !f.spec.Rules[0].FullIn &&
		f.spec.Rules[0].Direction == rules.Below
	for i, v := range id.Values {
		switch w := u.Values[i]; {
		case math.IsNaN(v):
		case math.IsNaN(w), below && v < w, !below && v > w:
			u.Values[i] = v
		}
	}
	if newest > was ||
		newest == was && strings.Compare(id.asked.Get("instance"), u.asked.Get("instance")) < 0 {
		u.Labels, u.asked, u.node, u.added, u.past = id.Labels, id.asked, id.node, id.added, id.past
	}
}

// addUnited adds the merged series, in an order that does not depend on the answer.
func (f *fold) addUnited() {
	all := make([]*identified, 0, len(f.united))
	for _, u := range f.united {
		all = append(all, u)
	}
	slices.SortFunc(all, func(a, b *identified) int { return a.Labels.Compare(b.Labels) })
	for _, u := range all {
		f.addSeries(*u)
	}
	f.united = nil
}
