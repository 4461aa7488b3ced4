package notify

import (
	"errors"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
)

func matchers(t *testing.T, s string) rules.Matchers {
	t.Helper()
	ms, err := rules.ParseMatchers(s)
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

// A receiver is notified of the alerts that match, and of the rest of what it was notified of.
func TestDecideByMatchers(t *testing.T) {
	warn, crit := rules.Warning, rules.Critical
	blind := rules.Alert{
		Rule: rules.BlindName, Name: "promsnap", Severity: crit, Identity: map[string]string{"node": ""},
		Episodes: []rules.Episode{{Since: before(20), Last: slot, Worst: crit}},
	}
	pageWithBlind := pageOf(firing("a", crit, 20))
	pageWithBlind.Memory.Alerts[rules.BlindKey] = blind
	for name, c := range map[string]struct {
		match string
		page  *Page
		entry Entry
		role  Role
		want  string
	}{
		"new": {
			`node=~"a|c"`, pageOf(firing("a", crit, 20), firing("b", crit, 20)), Entry{},
			RoleChanges, "new NodeMemoryHigh: a",
		},
		"by severity": {
			`severity=critical`, pageOf(firing("a", warn, 20), firing("b", crit, 20)), Entry{},
			RoleChanges, "new NodeMemoryHigh: b",
		},
		"no longer by severity": {
			`severity=critical`, pageOf(firing("a", warn, 20)), known(5, firing("a", crit, 20)),
			RoleChanges, "better NodeMemoryHigh: a (under 1, 1 remain)",
		},
		"resolved and no longer by severity": {
			`severity=critical`, pageOf(ended("a", warn, 60, 20)), known(30, firing("a", crit, 60)),
			RoleChanges, "resolved NodeMemoryHigh: a (under 1, 0 remain)",
		},
		"not repeated": {
			`severity=critical`, pageOf(firing("a", warn, 600)), known(300, firing("a", warn, 600)),
			RoleChanges, "",
		},
		"came and went": {
			`node="a"`, pageOf(ended("a", crit, 60, 20), ended("b", crit, 60, 20)), Entry{},
			RoleChanges, "seen_late NodeMemoryHigh: a\nskipped b",
		},
		"blind": {`node="x"`, pageWithBlind, Entry{}, RoleChanges, "new PromsnapBlind: promsnap"},
		"summary": {
			`node=~"a|c"`, pageOf(firing("a", crit, 20), firing("b", crit, 20),
				ended("c", crit, 60, 20)), Entry{}, RoleSummary, "summary: a c",
		},
		"summary and blind": {
			`node="x"`, pageWithBlind, Entry{}, RoleSummary, "summary: promsnap",
		},
	} {
		r := Receiver{
			Name: "shop", Role: c.role, SendResolved: true, RepeatInterval: 4 * time.Hour,
			Matchers: matchers(t, c.match),
		}
		if got := describe(newDecider(c.page, slot).decide(r, c.entry)); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// reportOf returns a report with one finding of a node for each severity.
func reportOf(nodes map[string]rules.Severity) *report.Report {
	p := snapshot.Panel{
		Spec: panel.Spec{Name: "node-memory", Rules: []rules.Rule{{Name: "NodeMemoryHigh"}}},
		Data: snapshot.DataComplete, Total: len(nodes), OK: 40,
	}
	for node, severity := range nodes {
		p.Findings = append(p.Findings, snapshot.Finding{Name: node, Finding: rules.Finding{
			Rule: "NodeMemoryHigh", Status: rules.Breach, Severity: severity,
			Labels: series.FromPairs("node", node),
		}})
	}
	return report.Build(report.Info{Name: "check", Slot: slot}, []snapshot.Panel{p})
}

// Each receiver sees its own part of the report, the alerts and the history.
func TestEachReceiverSeesItsPart(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20), firing("b", rules.Critical, 20))
		d.rq.Report = reportOf(map[string]rules.Severity{"a": rules.Critical, "b": rules.Critical})
		d.rq.History = HistoryOf(d.book.page, func(_, _ time.Time) []time.Time { return nil },
			before(60), true, slot)
		all, shop := d.receiver("all", RoleSummary), d.receiver("shop", RoleSummary)
		program := d.receiver("program", RoleMirror)
		d.rq.Receivers[1].Matchers = matchers(t, `node="a"`)
		d.rq.Receivers[2].Matchers = matchers(t, `node="b"`)
		d.deliver(t, "")
		d.want(t, "all summary a b", "shop summary a", "program")
		for _, c := range []struct {
			of   *fake
			want [4]int
		}{
			{all, [4]int{2, 2, 2, 2}}, {shop, [4]int{1, 1, 2, 1}}, {program, [4]int{1, 1, 1, 1}},
		} {
			got := c.of.got[0]
			counts := [4]int{
				got.Report.Critical, len(got.Report.Findings), len(got.Memory.Alerts),
				got.History.Alerts.Fired,
			}
			if counts != c.want {
				t.Errorf("%s: got criticals, findings, alerts and fired %v, want %v", c.of.name,
					counts, c.want)
			}
		}
		if got := program.got[0].Report.Findings[0].Name; got != "b" {
			t.Errorf("got a finding of %s, want b", got)
		}
	})
}

// A fallback gets the alerts that match its receiver.
func TestAFallbackHasTheMatchersOfItsReceiver(t *testing.T) {
	withFakeClock(t, func(t *testing.T) {
		d := newFixture(firing("a", rules.Critical, 20), firing("b", rules.Critical, 20))
		d.receiver("shop", RoleChanges, &RefusedError{errors.New("revoked")})
		mail := &fake{name: "mail", log: &d.log}
		d.rq.Receivers[0].Matchers = matchers(t, `node="a"`)
		d.rq.Receivers[0].Fallback = &Fallback{Name: "mail", Notifier: mail}
		d.deliver(t, "revoked")
		d.want(t, "shop new a failed", "mail new a")
	})
}
