package app

import (
	"testing"

	"github.com/promsnap/promsnap/internal/board"
	"github.com/promsnap/promsnap/internal/dashboard"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// The progress of a dashboard's panel says whether its queries failed or could not be sent.
func TestEventOf(t *testing.T) {
	sent := board.Failure{Ref: "A", Reason: "refused", Sent: true}
	unsent := board.Failure{Ref: "B", Reason: "no value"}
	for _, tt := range []struct {
		name     string
		queries  int // that were sent
		failures []board.Failure
		data     snapshot.Data
		kind     snapshot.FailureKind
	}{
		{"answered", 2, nil, snapshot.DataComplete, ""},
		{"text", 0, nil, snapshot.DataComplete, ""},
		{"one of two failed", 2, []board.Failure{sent}, snapshot.DataPartial,
			snapshot.FailureOther},
		{"all failed", 1, []board.Failure{unsent, sent}, snapshot.DataFailed,
			snapshot.FailureOther},
		{"not sent", 0, []board.Failure{unsent}, snapshot.DataFailed, snapshot.FailureUnsent},
		{"one not sent", 1, []board.Failure{unsent}, snapshot.DataPartial,
			snapshot.FailureUnsent},
	} {
		got := eventOf(dashboard.Event{Index: 2, Name: "cpu-1", Series: 5, Panel: &board.Panel{
			View: board.View{Failures: tt.failures}, Queries: make([]board.Query, tt.queries),
		}}, 3)
		kind := snapshot.FailureKind("")
		if got.Panel.Failure != nil {
			kind = got.Panel.Failure.Kind
		}
		if got.Index != 5 || got.Spec.Name != "cpu-1" || got.Panel.Total != 5 ||
			got.Panel.Data != tt.data || kind != tt.kind {
			t.Errorf("%s: got %+v of %+v, kind %q, want data %v, kind %q", tt.name, got.Panel,
				got.Spec, kind, tt.data, tt.kind)
		}
	}
}
