// Package changelog finds what changed on the object of a finding shortly before it began: the
// image of a workload, its replicas, a reboot of a node. It reads kube-state-metrics, node_exporter
// and the start times that exporters report about themselves.
package changelog

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// Kind is what changed.
type Kind string

// The kinds.
const (
	Image      Kind = "image"      // of a container
	Limit      Kind = "limit"      // of a container's CPU or memory
	Request    Kind = "request"    // of a container's CPU or memory
	Replicas   Kind = "replicas"   // that a workload wants
	Spec       Kind = "spec"       // of a workload, in a way that no other kind says
	Created    Kind = "created"    // a workload is new
	Joined     Kind = "joined"     // a node is new
	Cordoned   Kind = "cordoned"   // a node accepts no more pods, as at the start of a drain
	Uncordoned Kind = "uncordoned" // a node accepts pods again
	Rebooted   Kind = "rebooted"   // a node
	Restarted  Kind = "restarted"  // an exporter
	Happened   Kind = "event"      // the Kubernetes API has a warning about the object
)

// isSampled reports whether changes of a kind are dated by the first sample that shows them. The
// others have a time of their own.
func (k Kind) isSampled() bool {
	switch k {
	case Created, Joined, Rebooted, Restarted, Happened:
		return false
	}
	return true
}

// Change is one change of an object. Its texts are one line and short, whatever a label holds.
type Change struct {
	Kind      Kind
	Object    string // a workload, "shop/checkout"; a node; an exporter's job, with its instance
	Container string // set if the workload has several
	Resource  string // cpu or memory, of a limit or request
	From, To  string // "1.41" and "1.42"; empty for the kinds that say it all
	At        time.Time

	// of an event; At is when it last happened
	Reason, Message string
	Count           int // at least 1
}

// Key identifies the finding of a rule about one series.
type Key struct {
	rules.RuleID
	Series uint64 // the hash of its labels
}

// KeyOf returns the key of a panel's finding.
func KeyOf(p *snapshot.Panel, f *snapshot.Finding) Key {
	return Key{rules.RuleID{Panel: p.Spec.Name, Rule: f.Rule}, f.Labels.Hash()}
}

// Before is what changed before a finding began.
type Before struct {
	Begin time.Time // when the finding began, as far as the window shows
	// Open means that the finding may have begun earlier, so a change may have come after it began.
	Open    bool
	Changes []Change // the newest first, then the events, the newest first
}

// The bounds of a search.
const (
	// window is how long before a finding began its cause is looked for.
	window = 2 * time.Hour
	// oldest is how long ago a finding may have begun: an older one gets no changes.
	oldest = 24 * time.Hour
	// recent is how long ago a finding may have begun for its changes to be dated to the minute.
	recent = 4 * time.Hour
	// mostObjects are looked at in one run: those of the worst causes.
	mostObjects = 8
	// mostCandidates are the pods and claims whose workloads are queried, to find the objects.
	mostCandidates = 40
	// MostChanges is how many changes a finding has at most. It may have as many events.
	MostChanges = 3
	// mostSeries is the limit of one answer.
	mostSeries = 10_000
)

// Options says where to look for changes.
type Options struct {
	End    time.Time // the newest time of the panels' queries
	Events Events    // nil: the Kubernetes API is not asked
	// Cluster is the value of the cluster label that the cluster of the Kubernetes API has, if the
	// server has several clusters.
	Cluster string
	// Begins returns since when the alert of a finding fires, as the state knows it, and whether it
	// may have begun earlier; zero: not known. It is called for findings that may have begun before
	// the window of their panel. Nil: there is no state.
	Begins func(*snapshot.Panel, *snapshot.Finding) (since time.Time, open bool)
}

// Find returns what changed before the alerts of the panels that fire or are silent began. It looks
// only at the objects of the worst causes.
//
// It sends at most eleven queries and at most eight requests for events, however many findings
// there are: one query for the owners of pods, and five each for what began lately and for what
// began earlier. The notes say what could not be found out.
func Find(ctx context.Context, q snapshot.Querier, panels []snapshot.Panel, nodes snapshot.Nodes,
	o Options) (map[Key]Before, []snapshot.Note) {
	all := candidates(panels, nodes, o)
	if len(all) == 0 {
		return nil, nil
	}
	s := search{q: q, nodes: nodes, o: o}
	ownersErr := s.findOwners(ctx, all)
	out := map[Key]Before{}
	errs, eventErrs := []error{ownersErr}, []error(nil)
	for _, part := range byAge(choose(all), o.End) {
		s.plan(part)
		found, err := s.ask(ctx)
		errs = append(errs, err)
		if o.Events != nil && len(eventErrs) == 0 {
			if err := s.addEvents(ctx, found); err != nil {
				eventErrs = append(eventErrs, err)
			}
		}
		for _, c := range part {
			b := Before{Begin: c.begin, Open: c.open}
			b.Changes = append(before(found[c.about], c, s.grid.Step),
				newestEvents(found[c.about], c.begin)...)
			if len(b.Changes) > 0 {
				out[c.key] = b
			}
		}
	}
	var notes []snapshot.Note
	if err := errors.Join(errs...); err != nil {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteChangesUnknown, err))
	}
	if err := errors.Join(eventErrs...); err != nil {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteEventsUnlisted, err))
	}
	return out, notes
}

// before returns the changes of an object that may have caused a finding: the newest of each kind,
// the newest first. A sample may be a step late, so a change that is dated by one may be a step
// after the beginning. So may any change if the finding began after the last sample of its series.
func before(all []Change, f candidate, step time.Duration) []Change {
	var out []Change
	for _, c := range all {
		latest := f.begin
		if c.Kind.isSampled() || f.of.Streak == nil {
			latest = latest.Add(step)
		}
		if c.Kind != Happened && !c.At.Before(f.begin.Add(-window)) && !c.At.After(latest) {
			out = append(out, c)
		}
	}
	out = newestFirst(withoutRepeats(out, step))
	return slices.Clip(out[:min(len(out), MostChanges)])
}

// newestFirst sorts changes, in the same way on every machine.
func newestFirst(all []Change) []Change {
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(string(a.Kind), string(b.Kind)),
			strings.Compare(a.Object, b.Object), strings.Compare(a.Container, b.Container),
			strings.Compare(a.Resource, b.Resource), strings.Compare(a.From, b.From),
			strings.Compare(a.To, b.To), strings.Compare(a.Reason, b.Reason))
	})
	return all
}

// settling is how long after a change of its workload's spec the first new pod may start, such as
// one of a StatefulSet, whose predecessor has to end first.
const settling = 15 * time.Minute

// withoutRepeats leaves out what another change of the same object says better: all but the newest
// change of a kind, a change of a workload's spec that shows as another kind, and the boot of a new
// node.
func withoutRepeats(all []Change, step time.Duration) []Change {
	return slices.DeleteFunc(slices.Clone(all), func(c Change) bool {
		return slices.ContainsFunc(all, func(o Change) bool {
			later := o.At.Sub(c.At)
			switch {
			case o.Kind == c.Kind:
				// one target of a job is enough
				same := o.Object == c.Object || c.Kind == Restarted
				return same && o.Container == c.Container && o.Resource == c.Resource && later > 0
			case c.Kind == Spec:
				return later >= -2*step && later <= settling
			case c.Kind == Rebooted && o.Kind == Joined:
				return later.Abs() <= settling
			case c.Kind == Cordoned:
				return o.Kind == Uncordoned && later > 0 && later < 2*step
			}
			return false
		})
	})
}
