package snapshot

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// nodesBody is the encoded form of Nodes: its maps become lists sorted by key.
type nodesBody struct {
	List     []Node
	Known    []knownBody
	Short    []namedBody
	ByKey    []heldBody
	Kinds    []kindBody
	Exports  []exportsBody
	Detail   []namedBody
	PodNet   []keyBody
	Departed []keyBody
	Current  map[string]bool
	Doubled  []string
	Strange  []string
	Shared   []string
	Several  bool
	Lost     []lostBody
	Partial  bool
	Cluster  string
}

// The entries of the lists.
type (
	keyBody   struct{ Cluster, ID string }
	namedBody struct {
		Key  keyBody
		Name string
	}
	knownBody struct {
		Key  keyBody
		Name string
		Last time.Time
	}
	heldBody struct {
		Key     keyBody
		Holders []holderBody
	}
	holderBody struct {
		Name string
		From time.Time
	}
	kindBody struct {
		Key  keyBody
		Kind NodeKind
	}
	exportsBody struct {
		Key       keyBody
		Instances []string
	}
	lostBody struct {
		Cluster, Job, Instance string
		Last                   time.Time
		Left                   bool
		Nodes                  map[string]string
	}
)

func (k nodeKey) body() keyBody { return keyBody{k.cluster, k.id} }

func (k keyBody) key() nodeKey { return nodeKey{k.Cluster, k.ID} }

// each returns f of every element, nil for nil.
func each[A, B any](of []A, f func(A) B) []B {
	if of == nil {
		return nil
	}
	out := make([]B, len(of))
	for i, a := range of {
		out[i] = f(a)
	}
	return out
}

// listed returns the entries of a map, sorted by key.
func listed[V, E any](of map[nodeKey]V, entry func(keyBody, V) E) []E {
	if of == nil {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(of), func(a, b nodeKey) int {
		return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.id, b.id))
	})
	out := make([]E, 0, len(of))
	for _, k := range keys {
		out = append(out, entry(k.body(), of[k]))
	}
	return out
}

// table returns the map of some entries, nil for nil.
func table[V, E any](of []E, entry func(E) (keyBody, V)) map[nodeKey]V {
	if of == nil {
		return nil
	}
	out := make(map[nodeKey]V, len(of))
	for _, e := range of {
		k, v := entry(e)
		out[k.key()] = v
	}
	return out
}

func bodyOf(n Nodes) nodesBody {
	named := func(k keyBody, name string) namedBody { return namedBody{k, name} }
	keyOnly := func(k keyBody, _ bool) keyBody { return k }
	b := nodesBody{
		List: n.list, Short: listed(n.short, named), Detail: listed(n.detail, named),
		Known: listed(n.known, func(k keyBody, s *knownNode) knownBody {
			return knownBody{k, s.name, s.last}
		}),
		ByKey: listed(n.byKey, func(k keyBody, hs []holder) heldBody {
			return heldBody{k, each(hs, func(h holder) holderBody {
				return holderBody{h.name, h.from}
			})}
		}),
		Kinds: listed(n.kinds, func(k keyBody, kind NodeKind) kindBody {
			return kindBody{k, kind}
		}),
		Exports: listed(n.exports, func(k keyBody, of []string) exportsBody {
			return exportsBody{k, of}
		}),
		PodNet: listed(n.podNet, keyOnly), Departed: listed(n.departed, keyOnly),
		Current: n.current,
		Doubled: n.doubled, Strange: n.strange, Shared: n.shared, Several: n.several,
		Partial: n.partial, Cluster: n.cluster,
	}
	b.Lost = each(n.lost, func(l Lost) lostBody {
		return lostBody{l.Cluster, l.Job, l.Instance, l.Last, l.Left, l.nodes}
	})
	return b
}

func (b nodesBody) nodes() Nodes {
	named := func(e namedBody) (keyBody, string) { return e.Key, e.Name }
	keyOnly := func(k keyBody) (keyBody, bool) { return k, true }
	n := Nodes{
		list: b.List, short: table(b.Short, named), detail: table(b.Detail, named),
		known: table(b.Known, func(e knownBody) (keyBody, *knownNode) {
			return e.Key, &knownNode{e.Name, e.Last}
		}),
		byKey: table(b.ByKey, func(e heldBody) (keyBody, []holder) {
			return e.Key, each(e.Holders, func(h holderBody) holder {
				return holder{h.Name, h.From}
			})
		}),
		kinds: table(b.Kinds, func(e kindBody) (keyBody, NodeKind) { return e.Key, e.Kind }),
		exports: table(b.Exports, func(e exportsBody) (keyBody, []string) {
			return e.Key, e.Instances
		}),
		podNet: table(b.PodNet, keyOnly), departed: table(b.Departed, keyOnly), current: b.Current,
		doubled: b.Doubled, strange: b.Strange, shared: b.Shared, several: b.Several,
		partial: b.Partial, cluster: b.Cluster,
	}
	if b.Known != nil || len(n.list) > 0 { // the table is not the zero value
		n.index = make(map[nodeKey]int, len(n.list))
	}
	for i := range n.list {
		n.index[nodeKey{n.list[i].Cluster, n.list[i].Name}] = i
	}
	n.lost = each(b.Lost, func(l lostBody) Lost {
		return Lost{l.Cluster, l.Job, l.Instance, l.Last, l.Left, l.Nodes}
	})
	return n
}
