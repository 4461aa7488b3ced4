package changelog

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/snapshot"
)

// listing returns a source of events that counts its requests.
func listing(asked *[]string, err error, all ...Event) Events {
	return func(_ context.Context, namespace, node string) ([]Event, error) {
		*asked = append(*asked, namespace+"/"+node)
		return all, err
	}
}

func TestEvents(t *testing.T) {
	checkout := []Event{
		{
			"Pod", "checkout-6f7b8c9d5-bbbb2", "FailedScheduling", "0/3 nodes\n are available", 2,
			minute(195),
		},
		{
			"Pod", "checkout-6f7b8c9d5-bbbb4", "FailedScheduling", "0/2 nodes are available", 1,
			minute(190),
		},
		{"ReplicaSet", "checkout-6f7b8c9d5", "FailedCreate", "quota", 1, minute(210)},
		{"Deployment", "checkout", "Odd", strings.Repeat("x", 500), 0, minute(185)},
		{"Deployment", "checkout", "Older", "more", 1, minute(184)},
		{"Deployment", "checkout", "Early", "too early", 1, minute(70)},
		{"Deployment", "checkout", "Late", "after the slot", 1, minute(241)},
		{"Pod", "cart-6f7b8c9d5-bbbb2", "Other", "of another workload", 1, minute(195)},
		{"StatefulSet", "checkout", "Other", "of another kind", 1, minute(195)},
		{"Node", "checkout", "Other", "of a node", 1, minute(195)},
	}
	var asked []string
	f := on(200, "namespace", "shop", "deployment", "checkout")
	again := on(205, "namespace", "shop", "deployment", "checkout", "pod", "")
	node := on(200, "node", "n1")
	found, notes := Find(t.Context(), recorded(t,
		"kube_deployment_spec_replicas"+deployment+"3x189 5x50"),
		panelWith(f, again, node), snapshot.Nodes{}, Options{
			End: minute(240), Events: listing(&asked, nil, append(checkout,
				Event{"Node", "n1", "SystemOOM", "", 1, minute(199)})...),
		})
	if notes != nil {
		t.Errorf("got the notes %v, want none", notes)
	}
	want := []string{
		"10m0s: replicas of shop/checkout 3 → 5",
		"-10m0s: event of shop/checkout FailedCreate 1 quota",
		"5m0s: event of shop/checkout FailedScheduling 3 0/3 nodes are available",
		"15m0s: event of shop/checkout Odd 1 " + strings.Repeat("x", 119) + "…",
	}
	if diff := cmp.Diff(want, lines(found, f)); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	want = []string{"1m0s: event of n1 SystemOOM 1 "}
	if diff := cmp.Diff(want, lines(found, node)); diff != "" {
		t.Errorf("changes of the node (-want +got):\n%s", diff)
	}
	if want := []string{"shop/", "/n1"}; !cmp.Equal(asked, want) {
		t.Errorf("got requests for %q, want %q", asked, want)
	}
}

// A refusal is a note, and no further request follows.
func TestEventsRefused(t *testing.T) {
	var asked []string
	_, notes := Find(t.Context(), recorded(t, `up{job="a"} 1x240`),
		panelWith(on(200, "node", "n1"), on(200, "node", "n2")), snapshot.Nodes{}, Options{
			End: minute(240), Events: listing(&asked, errors.New("forbidden")),
		})
	want := []snapshot.Note{snapshot.NoteOf(snapshot.NoteEventsUnlisted, "forbidden")}
	if !cmp.Equal(notes, want) || len(asked) != 1 {
		t.Errorf("got the notes %v and %d requests, want %v and 1", notes, len(asked), want)
	}
}
