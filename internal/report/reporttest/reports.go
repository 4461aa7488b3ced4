package reporttest

import (
	"errors"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/report"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
	"github.com/promsnap/promsnap/internal/words"
)

// remembered returns a state with the panels' alerts, advanced through the slots before the
// report's. since has the start of each alert that fires.
func remembered(panels []snapshot.Panel, since map[string]time.Time,
	slots ...time.Time) *report.Known {
	k := &report.Known{}
	for _, at := range append(slots, Slot) {
		k.Now = rules.Evaluation{}
		for _, p := range panels {
			for _, r := range p.Spec.Rules {
				if !r.IsAlert() || p.Data != snapshot.DataComplete {
					continue
				}
				result := rules.RuleResult{
					ID: rules.RuleID{Panel: p.Spec.Name, Rule: r.Name}, Data: rules.DataComplete,
					From: p.Grid.Start, Through: at,
					KeepFiringFor: rules.DefaultKeepFiringFor,
				}
				for _, f := range p.Findings {
					if began, ok := since[f.Name]; ok && f.Streak != nil {
						if began.After(at) {
							continue
						}
						streak := *f.Streak
						streak.From, f.Streak = began, &streak
					}
					if f.Rule == r.Name {
						result.Findings = append(result.Findings, rules.Judged{
							Finding: f.Finding, Identity: f.Labels, Name: f.Name,
						})
						result.Series = append(result.Series, f.Labels)
					}
				}
				k.Now.Rules = append(k.Now.Rules, result)
			}
		}
		k.Memory = rules.Advance(k.Memory, k.Now, at)
	}
	return k
}

// Aged returns the daily report with the state of its alerts: one is new, one is three days old,
// and the others began today.
func Aged(t testing.TB) (report.Info, []snapshot.Panel) {
	t.Helper()
	a, nodes := Fleet(42)
	in, panels := Info(t, nodes), Take(a, Specs())
	in.Known = remembered(panels, map[string]time.Time{
		"ip-10-0-1-12": Slot.Add(-2 * time.Minute), "ip-10-0-1-17": Slot.Add(-50 * time.Hour),
		"spark/exec-7/executor": Slot.Add(-8 * time.Hour),
	}, Slot.Add(-10*time.Minute), Slot.Add(-5*time.Minute))
	return in, panels
}

// Korean returns the daily report in Korean, with a failure and a warning. The texts of the panels
// are left out: other tests cover them.
func Korean(t testing.TB) *report.Report {
	t.Helper()
	a, nodes := Fleet(42)
	all := Specs()
	for i := range all {
		s := &all[i]
		s.Title, s.Section, s.Subject, s.Why, s.Hint = "제목", "구역", "메모리", "", ""
		if s.Events != nil {
			s.Events = &panel.Events{
				Within: s.Events.Within, Said: words.Counted{One: "종료 %s회", Many: "종료 %s회"},
			}
		}
	}
	in := Info(t, Machines(nodes))
	in.Title, in.Language = "일일 용량", words.Korean
	panels := snapshot.Take(t.Context(), a, all, snapshot.Options{
		Slot: Slot, Range: 24 * time.Hour, QueryOffset: time.Minute,
	})
	return report.Build(in, append(panels, snapshot.Panel{
		Spec:    panel.Spec{Name: "broken", Title: "제목", Section: "구역"},
		Failure: snapshot.FailureOf(errors.New("…")),
	}))
}

// Evil is written to every place that text from outside can reach. Its brackets, quotes and
// newlines try to close whatever they are in.
const Evil = "x\"'><script>alert(1)</script><img src=x " +
	"onerror=alert(1)>--></style></title>`{{.W}}<!channel>&amp;%00"

// Hostile returns a report with word wherever text from outside can be.
func Hostile(t testing.TB, word string) *report.Report {
	t.Helper()
	in := report.Info{
		Cluster: word, Name: word, Title: word, Slot: Slot, Range: 1, Version: word, Server: word,
		ServerURL: word, ExternalURL: "https://example.com/" + word,
		Command: word, Incomplete: snapshot.NoteOf(snapshot.NoteCutShort, word),
		Nodes: []snapshot.Node{
			{Name: word, InternalIP: word},
			{
				Name: "n" + word, Exporter: true, Known: true, InstanceType: word,
				Zone: word + "-" + word, Pool: word, Kubelet: word, Cordoned: true,
				Taints: []string{word, word}, Conditions: []string{word},
			},
			{Name: "o" + word, Exporter: true, Known: true, Kubelet: "v" + word},
		},
	}
	spec := panel.Spec{
		Name: "node-memory", Measure: panel.NodeMemory, Title: word, Section: word,
		Queries: []panel.Query{{Expr: "memory", Unit: units.PercentUnit, Legend: "{{node}} {{l}}"}},
		Subject: word, Why: word, Hint: word,
		Rules: []rules.Rule{
			{Name: word, Warning: rules.At(0.5), RunbookURL: "https://example.com/" + word},
		},
	}
	failed, absent, undrawn := spec, spec, spec
	failed.Name, failed.Queries = "failed", []panel.Query{
		{Expr: "nothing", Unit: units.PercentUnit},
	}
	absent.Name, absent.Queries = "absent", []panel.Query{{Expr: "quiet", Unit: units.PercentUnit}}
	undrawn.Name = "undrawn"
	a := Answers{"quiet": {}}
	a.Add("memory", series.FromPairs("node", word, "l", word), Constant(0.9))
	panels := Take(a, []panel.Spec{spec, failed, absent, undrawn})
	panels[0].Notes = []snapshot.Note{snapshot.NoteOf(snapshot.NoteServerWarns, word)}
	panels[0].Exprs = []string{word}
	panels[1].Failure = snapshot.FailureOf(errors.New(word))
	panels[2].Missing = []string{word, "b" + word}
	return report.Build(in, panels)
}
