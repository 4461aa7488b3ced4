package report_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/report/json"
	"github.com/promsnap/promsnap/internal/report/reporttest"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// parts are the panels that a report can have.
var parts = []struct {
	name    string
	checked bool // whether a limit was compared with data
	panel   func(*snapshot.Panel)
}{

	{"ok", true, func(p *snapshot.Panel) { p.OK, p.Total = 1, 1 }},
	{"empty and good", true, func(p *snapshot.Panel) { p.Spec.EmptyIsOK = true }},
	{"without rules", false, func(p *snapshot.Panel) { p.Spec.Rules, p.Total = nil, 1 }},
	{"pending", true, finds(rules.Pending)},
	{"breach", true, finds(rules.Breach)},
	{"no data", false, finds(rules.NoData)},
	{"ended", true, func(p *snapshot.Panel) { finds(rules.OK)(p); p.OK = 1 }},
	{"absent", false, func(p *snapshot.Panel) {
		p.Data, p.Missing = snapshot.DataAbsent, []string{"metric"}
	}},
	{"partial", true, func(p *snapshot.Panel) {
		p.OK, p.Total, p.Data, p.Partial = 1, 1, snapshot.DataPartial,
			snapshot.NoteOf(snapshot.NotePartSaid, "a store is down")
	}},
	{"gone", true, finds(rules.Gone)},
	{"flapping", true, func(p *snapshot.Panel) {
		finds(rules.Breach)(p)
		s := p.Findings[0].Streak
		s.Seen, s.Expected, s.Bouts, s.Beyond = 40, 40, 5, 20
	}},
	{"failed", false, func(p *snapshot.Panel) {
		p.Data, p.Failure = snapshot.DataFailed,
			snapshot.FailureOf(errors.New("connection refused"))
	}},
}

// finds gives a panel one series with a finding.
func finds(st rules.Status) func(*snapshot.Panel) {
	return func(p *snapshot.Panel) {
		f := rules.Finding{
			Rule: "r", Labels: series.FromPairs("node", p.Spec.Name), Status: st,
			Severity: rules.Critical, Value: 0.94, Limit: 0.9,
		}
		s := &rules.Streak{
			From: reporttest.Slot.Add(-10 * time.Minute), To: reporttest.Slot, Peak: 0.95,
			Limit: 0.9, Severity: rules.Critical,
		}
		switch st {
		case rules.NoData:
			f.Newest = reporttest.Slot.Add(-time.Hour)
		case rules.OK, rules.Gone:
			f.Earlier = s
		default:
			f.Streak = s
		}
		p.Total, p.Findings = 1, []snapshot.Finding{{Finding: f, Name: p.Spec.Name, Capacity: 1}}
	}
}

// combined returns the report of some of the parts.
func combined(t *testing.T, set int,
	l words.Language) (r *report.Report, has func(string) bool, checked bool) {
	t.Helper()
	var names []string
	var panels []snapshot.Panel
	for i, part := range parts {
		if set>>i&1 == 0 {
			continue
		}
		p := snapshot.Panel{Data: snapshot.DataComplete, Spec: panel.Spec{
			Name: fmt.Sprint("p", i), Title: "Panel " + part.name, Subject: "memory",
			Queries: []panel.Query{{Unit: units.PercentUnit}},
			Rules:   []rules.Rule{{Name: "r", Critical: rules.At(0.9), For: 15 * time.Minute}},
		}}
		part.panel(&p)
		names, panels, checked = append(names, part.name), append(panels, p), checked ||
			part.checked
	}
	in := reporttest.Info(t, []snapshot.Node{{Name: "a", Exporter: true}})
	in.Language = l
	return report.Build(in, panels), func(name string) bool {
		return slices.Contains(names, name)
	}, checked
}

// TestNothingIsContradicted checks that no place of a report denies what another says, for any set
// of parts.
func TestNothingIsContradicted(t *testing.T) {
	for set := range 1 << len(parts) {
		for _, l := range words.Languages() {
			r, has, checked := combined(t, set, l)
			w := words.In(l)
			breach := has("breach") || has("flapping")
			bad, missing := breach || has("pending"), has("no data") || has("absent") ||
				has("failed") || has("partial") || !checked
			calm := ""
			if len(r.Findings) == 0 {
				calm = r.NoFindings()
			}
			summary := strings.Join(r.Summary(), "\n")
			fault := func(format string, args ...any) {
				t.Helper()
				t.Errorf("%s %09b: %s; got\nheadline %q, in the findings' place %q, verdict %s\n"+
					"%s\nwant no contradiction", l, set, fmt.Sprintf(format, args...), r.Headline,
					calm, r.Verdict(), summary)
			}
			says := func(phrase string) bool {
				return strings.Contains(r.Headline+"\n"+calm+"\n"+summary, phrase)
			}
			if says(w.AllOK) && (bad || has("no data") || !checked) {
				fault("AllOK, although a value is above or below its limit, silent or unchecked")
			}
			if says(w.Unmeasurable) && (checked || has("no data") || has("without rules")) {
				fault("something was measured")
			}
			if says(w.NothingAsked) && checked {
				fault("a check was made")
			}
			if calm == w.NoFindings && missing {
				fault("not everything was seen")
			}
			if n := len(r.Failures); n > 0 && !breach && !has("no data") &&
				!strings.Contains(r.Headline, w.PanelsFailed.Of(n)) && n != len(r.Panels) {
				fault("the headline does not say that a panel failed")
			}
			if has("absent") && !breach && !has("no data") &&
				!strings.Contains(r.Headline, w.ChecksSilent.Of(r.NoData)) &&
				len(r.Failures) != len(r.Panels) {
				fault("the headline does not say that a check has no data")
			}
			part := fmt.Sprintf(w.AnswersIncomplete, "a store is down")
			if has("partial") && !breach && !has("no data") && !strings.Contains(r.Headline, part) {
				fault("the headline does not say that the answers are incomplete")
			}
			if ok := r.Verdict() == report.VerdictOK; ok != (!bad && !missing) {
				fault("it is OK: %t", ok)
			}
			if d := json.DocumentOf(r); d.Headline != r.Headline ||
				len(d.Findings) != len(r.Findings) || d.Counts.Pending != r.Pending {
				fault("report.json: %q, %d findings, %d pending", d.Headline, len(d.Findings),
					d.Counts.Pending)
			}
			if strings.ContainsAny(r.Headline+calm, "%!") || strings.Contains(r.Headline, "..") ||
				strings.Contains(r.Headline, "  ") {
				if !breach && !has("pending") {
					fault("odd signs")
				}
			}
			// All places have the same counts: the texts of the findings, report.json and the last
			// line on the terminal.
			said := map[string]int{}
			for i := range r.Findings {
				f, d := &r.Findings[i], json.DocumentOf(r).Findings[i]
				said[r.FindingRow(f).State]++
				if ended := d.Status == "ended"; ended != f.Past() ||
					ended != (r.FindingRow(f).State == w.Ended) || d.Open != f.Open {
					fault("report.json says %s, open %t, of %s, open %t", d.Status, d.Open,
						r.FindingRow(f).State, f.Open)
				}
			}
			if has("absent") {
				said[w.NoData]++
			}
			counted := map[string]int{
				w.Critical: r.Critical, w.Warning: r.Warning, w.NoData: r.NoData,
				w.Pending: r.Pending,
			}
			for word, n := range counted {
				if said[word] != n {
					fault("%d findings are %s, and %d are counted", said[word], word, n)
				}
			}
			if c := json.DocumentOf(r).Counts; c.Critical != r.Critical || c.Warning != r.Warning ||
				c.NoData != r.NoData || c.OK != r.OK {
				fault("report.json counts %+v", c)
			}
			if !strings.Contains(summary, fmt.Sprintf(w.Counts, fmt.Sprint(r.Critical),
				fmt.Sprint(r.Warning), fmt.Sprint(r.NoData))) {
				fault("the terminal counts otherwise")
			}
			if has("pending") && !strings.Contains(summary, strings.ToUpper(w.Pending)) {
				fault("the pending check is not in the summary")
			}
		}
	}
}
