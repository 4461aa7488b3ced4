package kube_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/promsnap/promsnap/internal/changelog"
)

// An event has its times and its count in different fields, depending on who wrote it.
func TestEvents(t *testing.T) {
	at := func(minutes int) metav1.Time {
		return metav1.NewTime(created.Add(time.Duration(minutes) * time.Minute))
	}
	event := func(reason string, change func(*corev1.Event)) corev1.Event {
		e := corev1.Event{
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: "web-0"}, Reason: reason,
			Message: "m",
		}
		change(&e)
		return e
	}
	pages := map[string][]corev1.Event{
		"": {event("Old", func(e *corev1.Event) {
			e.FirstTimestamp, e.LastTimestamp, e.Count = at(1), at(2), 7
		})},
		"more": {
			event("New", func(e *corev1.Event) { e.EventTime = metav1.MicroTime(at(3)) }),
			event("Series", func(e *corev1.Event) {
				e.EventTime = metav1.MicroTime(at(3))
				e.Series = &corev1.EventSeries{Count: 4, LastObservedTime: metav1.MicroTime(at(5))}
			}),
			event(strings.Repeat("r", 200), func(e *corev1.Event) {
				e.CreationTimestamp, e.Message = at(4), strings.Repeat("m", 600)
			}),
		},
	}
	s := newAPIServer(t)
	s.on("/api/v1/namespaces/shop/events", func(w http.ResponseWriter, r *http.Request) {
		list := corev1.EventList{
			TypeMeta: metav1.TypeMeta{Kind: "EventList", APIVersion: "v1"},
			Items:    pages[r.URL.Query().Get("continue")],
		}
		if r.URL.Query().Get("continue") == "" {
			list.Continue = "more"
		}
		answer(list)(w, r)
	})
	got, err := s.open(t, "").Events(t.Context(), "shop", "")
	if err != nil {
		t.Fatal(err)
	}
	want := []changelog.Event{
		{Kind: "Pod", Name: "web-0", Reason: "Old", Message: "m", Count: 7, Last: at(2).Time},
		{Kind: "Pod", Name: "web-0", Reason: "New", Message: "m", Count: 1, Last: at(3).Time},
		{Kind: "Pod", Name: "web-0", Reason: "Series", Message: "m", Count: 4, Last: at(5).Time},
		{
			Kind: "Pod", Name: "web-0", Reason: strings.Repeat("r", 99) + "…",
			Message: strings.Repeat("m", 499) + "…", Count: 1, Last: at(4).Time,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	asked := s.requests()
	first := "GET /api/v1/namespaces/shop/events?fieldSelector=type%3DWarning&limit=500"
	if len(asked) != 2 || asked[0] != first {
		t.Errorf("got the requests %q, want two, the first %s", asked, first)
	}
}

// Events about a node are in the default namespace.
func TestEventsOfNode(t *testing.T) {
	s := newAPIServer(t)
	s.on("/api/v1/namespaces/default/events", func(w http.ResponseWriter, r *http.Request) {
		answer(corev1.EventList{TypeMeta: metav1.TypeMeta{Kind: "EventList", APIVersion: "v1"}})(w,
			r)
	})
	got, err := s.open(t, "").Events(t.Context(), "", "n1")
	if err != nil || len(got) > 0 {
		t.Errorf("got %v, %v, want no events", got, err)
	}
	want := "GET /api/v1/namespaces/default/events?fieldSelector=involvedObject.kind%3DNode%2C" +
		"involvedObject.name%3Dn1%2Ctype%3DWarning&limit=500"
	asked := s.requests()
	for i := range asked { // the order of the terms does not matter
		asked[i] = strings.Replace(asked[i], "type%3DWarning%2CinvolvedObject.kind%3DNode%2C"+
			"involvedObject.name%3Dn1", "involvedObject.kind%3DNode%2CinvolvedObject.name%3Dn1"+
			"%2Ctype%3DWarning", 1)
	}
	if len(asked) != 1 || asked[0] != want {
		t.Errorf("got the requests %q, want %s", asked, want)
	}
}

// The API server may return events without end, and may forbid them.
func TestEventsAreBounded(t *testing.T) {
	s := newAPIServer(t)
	s.on("/api/v1/namespaces/shop/events", func(w http.ResponseWriter, r *http.Request) {
		answer(corev1.EventList{
			TypeMeta: metav1.TypeMeta{Kind: "EventList", APIVersion: "v1"},
			ListMeta: metav1.ListMeta{Continue: "more"}, Items: make([]corev1.Event, 500),
		})(w, r)
	})
	if got, err := s.open(t, "").Events(t.Context(), "shop", ""); err != nil || len(got) != 2000 {
		t.Errorf("got %d events, %v, want 2000", len(got), err)
	}
	s.on("/api/v1/namespaces/shop/events", forbid)
	_, err := s.open(t, "").Events(t.Context(), "shop", "")
	want := `list events in namespace shop: forbidden (403); grant the RBAC rule ` +
		`{apiGroups: [""], resources: [events], verbs: [list]}`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
