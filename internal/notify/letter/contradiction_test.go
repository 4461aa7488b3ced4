package letter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/notify"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// found returns a panel with one series in a status.
func found(i int, st rules.Status, severity rules.Severity) snapshot.Panel {
	f := rules.Finding{
		Rule: "r", Labels: series.FromPairs("node", "a"), Status: st, Severity: severity,
		Value: 0.94, Limit: 0.9, Newest: slot,
	}
	if st == rules.Breach || st == rules.Pending {
		f.Streak = &rules.Streak{
			From: slot.Add(-10 * time.Minute), To: slot, Peak: 0.95, Limit: 0.9, Severity: severity,
		}
	}
	p := snapshot.Panel{Data: snapshot.DataComplete, Total: 1, Spec: panel.Spec{
		Name: fmt.Sprint("p", i), Title: "Memory", Subject: "memory",
		Queries: []panel.Query{{Unit: units.PercentUnit}},
		Rules:   []rules.Rule{{Name: "r", Critical: rules.At(0.9)}},
	}}
	if st == rules.OK {
		p.OK = 1
	} else {
		p.Findings = []snapshot.Finding{{Finding: f, Name: "a", Capacity: 1}}
	}
	return p
}

// No line of a summary denies another line or the report, for any set of panels and any severity of
// the receiver.
func TestNoSummaryContradictsItself(t *testing.T) {
	failed := found(5, rules.OK, rules.None)
	failed.Data, failed.Failure, failed.OK, failed.Total = snapshot.DataFailed,
		snapshot.FailureOf(errors.New("connection refused")), 0, 0
	absent := found(6, rules.OK, rules.None)
	absent.Data, absent.OK, absent.Total = snapshot.DataAbsent, 0, 0
	partial := found(7, rules.OK, rules.None)
	partial.Data, partial.Partial = snapshot.DataPartial, snapshot.NoteOf(snapshot.NotePartSaid,
		"a store is down")
	gone := found(8, rules.Gone, rules.Critical)
	gone.Total, gone.Findings[0].Earlier = 0, &rules.Streak{
		From: slot.Add(-time.Hour), To: slot.Add(-30 * time.Minute), Peak: 0.95, Limit: 0.9,
		Severity: rules.Critical,
	}
	names := []string{
		"ok", "pending", "warning", "critical", "no data", "failed", "absent", "partial", "gone",
	}
	panels := []snapshot.Panel{
		found(0, rules.OK, rules.None), found(1, rules.Pending, rules.Critical),
		found(2, rules.Breach, rules.Warning),
		found(3, rules.Breach, rules.Critical), found(4, rules.NoData, rules.None), failed, absent,
		partial, gone,
	}
	for set := range 1 << len(panels) {
		var of []snapshot.Panel
		var in []string
		for i := range panels {
			if set>>i&1 == 1 {
				of, in = append(of, panels[i]), append(in, names[i])
			}
		}
		has := func(name string) bool { return slices.Contains(in, name) }
		for _, l := range words.Languages() {
			r := report.Build(report.Info{
				Title: "Daily", Slot: slot, Language: l, Nodes: []snapshot.Node{
					{Name: "a", Exporter: true},
				},
			}, of)
			for _, least := range []rules.Severity{rules.None, rules.Warning, rules.Critical} {
				w := newWriter(notify.Delivery{
					Report: r, Message: &notify.Message{Kind: notify.KindSummary, Least: least},
				}, limits)
				summary := w.summary()
				said := said(summary)
				fault := func(what string) {
					t.Helper()
					t.Errorf("%v in %s for %v: %s; got\n%s\nwant no contradiction", in, l, least,
						what, said)
				}
				checked := has("ok") || has("partial") || has("gone") || has("pending") ||
					has("warning") || has("critical")
				if good := strings.HasPrefix(summary.Title, greenMark); good != (len(in) > 0 &&
					!slices.ContainsFunc(in, func(n string) bool {
						return n != "ok" && n != "gone"
					})) {
					fault("it is green, or should be")
				}
				if strings.Contains(said, w.AllOK) &&
					(!checked || has("pending") || has("warning") || has("critical") ||
						has("no data")) {
					fault("not everything is within its limits")
				}
				if strings.Contains(said, w.Unmeasurable) && (checked || has("no data")) {
					fault("something was measured")
				}
				if strings.Contains(said, w.NothingAsked) && checked {
					fault("a check was made")
				}
				hidden := has("warning") && least == rules.Critical && !has("critical")
				if strings.Contains(said, w.NoneOfThese) != (hidden && !has("pending") &&
					!has("no data")) {
					fault("whether something is hidden")
				}
				if len(strings.Split(strings.TrimSpace(said), "\n")) < 2 {
					fault("it says nothing")
				}
			}
		}
	}
}
