package changelog

import (
	"context"
	"time"

	"github.com/promsnap/promsnap/internal/alerts"
	"github.com/promsnap/promsnap/internal/outside"
)

// Event is a warning of the Kubernetes API about one object.
type Event struct {
	Kind, Name string // of the object: Pod, checkout-6f7b8c9d5-x2x4z
	Reason     string // FailedScheduling
	Message    string
	Count      int       // how often it happened
	Last       time.Time // when it last happened
}

// Events lists the warnings of the Kubernetes API: those about the objects of a namespace or, if
// node is not empty, about that node.
type Events func(ctx context.Context, namespace, node string) ([]Event, error)

// addEvents adds the events of the objects. After the first error it stops: the API server would
// refuse the others too.
func (s *search) addEvents(ctx context.Context, found map[object][]Change) error {
	if s.listed == nil {
		s.listed = map[string][]Event{}
	}
	for _, o := range s.objects {
		namespace, node := o.namespace, ""
		switch {
		case len(s.nodes.Clusters()) > 1 && o.cluster != s.o.Cluster:
			continue // of another cluster than that of the API
		case o.kind == nodeObject:
			node = o.name
		case o.kind != workloadObject:
			continue
		}
		key := namespace + "/" + node
		if _, ok := s.listed[key]; !ok {
			events, err := s.o.Events(ctx, namespace, node)
			if err != nil {
				return err
			}
			s.listed[key] = events
		}
		shown := o.shown()
		if node != "" {
			shown = shownName(s.nodes.Shown(o.cluster, node))
		}
		found[o] = append(found[o], eventsOf(o, shown, s.listed[key], s.o.End)...)
	}
	return nil
}

// eventsOf returns the events about an object until a time, one for each reason: the newest, with
// the number of all.
func eventsOf(o object, shown string, all []Event, until time.Time) []Change {
	newest := map[string]*Change{}
	for _, e := range all {
		if !e.about(o) || e.Last.After(until) {
			continue
		}
		c := newest[e.Reason]
		if c == nil {
			c = &Change{
				Kind: Happened, Object: shown,
				Reason: outside.Said(e.Reason, longestName),
			}
			newest[e.Reason] = c
		}
		c.Count += max(e.Count, 1)
		said := outside.Said(e.Message, longestMessage)
		if e.Last.After(c.At) || e.Last.Equal(c.At) && said < c.Message {
			c.At, c.Message = e.Last, said
		}
	}
	var out []Change
	for _, c := range newest {
		out = append(out, *c)
	}
	return out
}

// longestMessage is how many characters of an event's message a reader sees.
const longestMessage = 120

// about reports whether an event is about an object: the node, or the workload and what belongs to
// it.
func (e *Event) about(o object) bool {
	switch e.Kind {
	case "Node":
		return o.kind == nodeObject && e.Name == o.name
	case "Pod":
		return o.kind == workloadObject && alerts.WorkloadOfPod(e.Name) == o.name
	case "ReplicaSet":
		return o.owner == "Deployment" && alerts.OwnerName("", e.Kind, e.Name) == o.name
	case "Job":
		return o.kind == workloadObject && alerts.OwnerName("", e.Kind, e.Name) == o.name
	}
	return o.kind == workloadObject && e.Kind == o.owner && e.Name == o.name
}

// newestEvents returns the events of an object from window before a time on, the newest first.
func newestEvents(all []Change, begin time.Time) []Change {
	var out []Change
	for _, c := range all {
		if c.Kind == Happened && !c.At.Before(begin.Add(-window)) {
			out = append(out, c)
		}
	}
	out = newestFirst(out)
	return out[:min(len(out), MostChanges)]
}
