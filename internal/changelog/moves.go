package changelog

import (
	"context"
	"errors"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Move is a series of a panel whose level changed.
type Move struct {
	Panel *snapshot.Panel
	*snapshot.Moved
}

// KeyOfMove returns the key of a panel's series whose level changed. No rule has an empty name.
func KeyOfMove(p *snapshot.Panel, m *snapshot.Moved) Key {
	return Key{rules.RuleID{Panel: p.Spec.Name}, m.Labels.Hash()}
}

const (
	// oldestMove is how long ago a level may have changed for its cause to be looked for.
	oldestMove = 7 * 24 * time.Hour
	// mostMoves are looked at in one run.
	mostMoves = 10
)

// FindMoves returns what changed on the objects of series before their levels did. It looks at the
// first ten that changed within a week, and sends at most six queries.
func FindMoves(ctx context.Context, q snapshot.Querier, moves []Move, nodes snapshot.Nodes,
	o Options) (map[Key]Before, []snapshot.Note) {
	var all []candidate
	for _, m := range moves[:min(len(moves), mostMoves)] {
		if age := o.End.Sub(m.Begin); m.Begin.IsZero() || age < 0 || age > oldestMove {
			continue
		}
		of := &snapshot.Finding{Finding: rules.Finding{Labels: m.Labels}}
		for _, about := range objectsOf(m, of, nodes) {
			all = append(all, candidate{
				key: KeyOfMove(m.Panel, m.Moved), of: of, begin: m.Begin, about: about,
			})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	s := search{q: q, nodes: nodes, o: o}
	ownersErr := s.findOwners(ctx, all)
	s.plan(all)
	found, err := s.ask(ctx)
	var notes []snapshot.Note
	if err := errors.Join(ownersErr, err); err != nil {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteChangesUnknown, err))
	}
	return beforeMoves(all, found, s.grid.Step), notes
}

// beforeMoves returns the changes of the objects of each series.
func beforeMoves(all []candidate, found map[object][]Change, step time.Duration) map[Key]Before {
	out := map[Key]Before{}
	for _, c := range all {
		if changes := before(found[c.about], c, step); len(changes) > 0 {
			out[c.key] = Before{Begin: c.begin, Changes: changes}
		}
	}
	return out
}

// objectsOf returns the objects that a series may be about. A workload that only the names of its
// pods tell may be of any kind.
func objectsOf(m Move, of *snapshot.Finding, nodes snapshot.Nodes) []object {
	namespace, name := m.Labels.Get("namespace"), m.Labels.Get("workload")
	if namespace == "" || name == "" || len(namespace) > maxName || len(name) > maxName {
		if o := objectOf(of, nodes, sourceOf(m.Panel)); o.kind != unknownObject {
			return []object{o}
		}
		return nil
	}
	var out []object
	for _, k := range workloadKinds {
		out = append(out, object{
			kind: workloadObject, cluster: nodes.ClusterOf(m.Labels), namespace: namespace,
			name: name, owner: k.kind,
		})
	}
	return out
}
