package kube

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/promsnap/promsnap/internal/changelog"
	"github.com/promsnap/promsnap/internal/outside"
)

const (
	// eventPage is the number of events in one page, and maxEvents bounds the list. The API server
	// keeps events for an hour by default.
	eventPage = 500
	maxEvents = 2_000
	// maxMessage is the longest message in characters.
	maxMessage = 500
)

// Events returns the warnings about the objects of a namespace or, if node is not empty, about that
// node. Of very many events it returns some.
func (c *Cluster) Events(ctx context.Context, namespace, node string) ([]changelog.Event, error) {
	a := access{verb: "list", resource: "events", namespace: namespace}
	only := fields.OneTermEqualSelector("type", corev1.EventTypeWarning)
	if node != "" {
		a.namespace = metav1.NamespaceDefault // that of events about objects without one
		only = fields.AndSelectors(only, fields.OneTermEqualSelector("involvedObject.kind", "Node"),
			fields.OneTermEqualSelector("involvedObject.name", node))
	}
	var out []changelog.Event
	for next := ""; ; {
		var page corev1.EventList
		if err := c.list(ctx, a, metav1.ListOptions{
			Limit: eventPage, Continue: next, FieldSelector: only.String(),
		}, &page); err != nil {
			return nil, err
		}
		for i := range page.Items {
			out = append(out, eventOf(&page.Items[i]))
		}
		if next = page.Continue; next == "" || len(out) >= maxEvents {
			return out, nil
		}
	}
}

// eventOf returns what a report can show of an event. Its strings are copies, because others would
// keep the whole page in memory.
func eventOf(e *corev1.Event) changelog.Event {
	out := changelog.Event{
		Kind: clip(e.InvolvedObject.Kind), Name: strings.Clone(e.InvolvedObject.Name),
		Reason: clip(e.Reason), Message: strings.Clone(outside.Clip(e.Message, maxMessage)),
		Count: int(max(e.Count, 1)), Last: lastOf(e),
	}
	if e.Series != nil {
		out.Count = int(max(e.Series.Count, 1))
	}
	return out
}

// lastOf returns when an event last happened. Which of its times are set depends on the version of
// the API that its author used.
func lastOf(e *corev1.Event) time.Time {
	last := e.LastTimestamp.Time
	if e.Series != nil && e.Series.LastObservedTime.After(last) {
		last = e.Series.LastObservedTime.Time
	}
	for _, t := range []time.Time{
		e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time,
	} {
		if last.IsZero() {
			last = t
		}
	}
	return last.UTC()
}
