package app

import (
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// A run that waited for a proxy until it gave up names the proxy, not its own timeout.
func TestWhyIncomplete(t *testing.T) {
	gaveUp := []snapshot.Panel{
		{}, {Failure: &snapshot.Failure{Kind: snapshot.FailureStopped, GaveUp: time.Minute}},
	}
	for _, tt := range []struct {
		cause  error
		panels []snapshot.Panel
		want   string
	}{
		{errTimeout, nil, "set a longer --timeout"},
		{
			errTimeout, gaveUp, "the proxy in front of Prometheus gave up after 1 min: raise the " +
				"proxy's timeout",
		},
		{errStopped, gaveUp, "the run was stopped from outside"},
	} {
		if got := report.SayNote(words.English,
			whyIncomplete(tt.cause, tt.panels)); !strings.Contains(got, tt.want) {
			t.Errorf("%v: got %q, want %q", tt.cause, got, tt.want)
		}
	}
}
