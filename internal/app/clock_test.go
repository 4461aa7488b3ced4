package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/app"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/state"
)

// A run on a machine whose clock was years ahead leaves a state of the future. Later runs do not
// wait for that time: they send messages, say that these may be repetitions, and fail until the
// state is reset.
func TestAStateOfTheFuture(t *testing.T) {
	cfg, double := notified(t, "send: changes, repeat_interval: 4h")
	slot := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	store, err := app.OpenState(t.Context(), cfg.State, nil)
	if err != nil {
		t.Fatal(err)
	}
	k := state.Key{Cluster: "test", Report: "nodes"}
	var doc state.Doc
	doc.Run, doc.Memory = "of 2031", rules.Memory{Slot: slot.AddDate(5, 0, 0)}
	if _, err := store.Save(t.Context(), k, doc, ""); err != nil {
		t.Fatal(err)
	}
	for run := range 2 {
		before := len(double.Messages())
		r := deliver(t, cfg, app.Options{Slot: slot.Add(time.Duration(run) * 5 * time.Minute)})
		if r.Err == nil || !strings.Contains(r.Err.Error(), "2031-11-22") ||
			!strings.Contains(r.Err.Error(), "promsnap state reset nodes") {
			t.Errorf("run %d: got %v, want an error with the slot and what to do", run, r.Err)
		}
		messages := double.Messages()[before:]
		if len(messages) == 0 ||
			!strings.Contains(messages[0].Text+string(messages[0].Blocks),
				"This may repeat an earlier message") {
			t.Errorf("run %d: got %+v, want one that may repeat an earlier message", run,
				messages)
		}
	}
}
