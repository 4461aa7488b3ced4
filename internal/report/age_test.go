package report

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
)

// remembered is a memory of the panels' alerts, each advanced through the slots before the report's; since says when what fires began.
func remembered(panels []snapshot.Panel, since map[string]time.Time, slots ...time.Time) *Known {
	k := &Known{}
	for _, at := range append(slots, slot) {
		k.Now = rules.Evaluation{}
		for _, p := range panels {
			for _, r := range p.Spec.Rules {
				if !r.IsAlert() || p.Data != snapshot.DataComplete {
					continue
				}
				result := rules.RuleResult{
					ID: rules.RuleID{Panel: p.Spec.Name, Rule: r.Name}, Data: rules.DataComplete, From: p.Grid.Start, Through: at,
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
						result.Findings = append(result.Findings, rules.Judged{Finding: f.Finding, Identity: f.Labels, Name: f.Name})
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

// aged is the daily report with what is remembered of its alerts: one is new, one three days old, the others are of today.
func aged(t testing.TB) (Info, []snapshot.Panel) {
	t.Helper()
	a, nodes := fleetOf(42)
	in, panels := info(t, nodes), take(a, specs())
	in.Known = remembered(panels, map[string]time.Time{
		"ip-10-0-1-12": slot.Add(-2 * time.Minute), "ip-10-0-1-17": slot.Add(-50 * time.Hour), "spark/exec-7/executor": slot.Add(-8 * time.Hour),
	}, slot.Add(-10*time.Minute), slot.Add(-5*time.Minute))
	return in, panels
}

// TestAges: nine in the morning in Seoul is midnight in UTC, and so days are told apart by the report's zone.
func TestAges(t *testing.T) {
	in, panels := aged(t)
	page := func(in Info) string {
		var got []string
		for _, row := range all(classed(pageOf(t, Build(in, panels)), "findings")[0], "tr")[1:] {
			got = append(got, strings.Join(strings.Fields(text(row))[:3], " "))
		}
		return strings.Join(got, "\n")
	}
	want := strings.Join([]string{
		"critical NEW ip-10-0-1-12", "critical DAY 2", "critical since 01:00", "warning DAY 3", "warning ip-10-0-1-19 /dev/nvme0n1p1",
		"no data ip-10-0-1-21", "ended ip-10-0-1-23 CPU", "ended ip-10-0-1-15 memory",
	}, "\n")
	if got := page(in); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	in.Zone = time.UTC
	if got := page(in); !strings.Contains(got, "critical DAY 3\ncritical DAY 2\nwarning DAY 4\nwarning DAY 2") {
		t.Errorf("in UTC\n%s", got)
	}

	r := Build(in, panels)
	var said []string
	for _, f := range r.Document().Findings {
		if f.Alert == nil {
			continue
		}
		body, err := json.Marshal(f.Alert)
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, f.Name+" "+string(body))
	}
	if want := `ip-10-0-1-12 {"since":"2026-11-21T23:58:00Z","new":true,"day":2}`; len(said) != 5 || said[0] != want {
		t.Errorf("%d alerts in the document, the first is %s, want %s", len(said), said[0], want)
	}
}

// Where nothing is remembered of the very slot, no report says how old its alerts are.
func TestNoAges(t *testing.T) {
	in, panels := aged(t)
	later := *in.Known
	later.Memory = rules.Advance(later.Memory, rules.Evaluation{}, slot.Add(5*time.Minute))
	for name, k := range map[string]*Known{"no state": nil, "a newer slot": &later} {
		in.Known = k
		r := Build(in, panels)
		if slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Age != Age{} }) {
			t.Errorf("%s: an alert has an age", name)
		}
		page := string(files(t, r)["index.html"])
		if strings.Contains(page, `class="age`) || strings.Contains(page, "rows aged") {
			t.Errorf("%s: the page has a column for it", name)
		}
	}
}

// A slot that is run again, over the memory that it has left behind, gives the same bytes.
func TestAgesOfASlotThatIsRunAgain(t *testing.T) {
	in, panels := aged(t)
	once := files(t, Build(in, panels))
	again := *in.Known
	again.Memory = rules.Advance(again.Memory, again.Now, slot)
	in.Known = &again
	for name, body := range files(t, Build(in, panels)) {
		if string(body) != string(once[name]) {
			t.Errorf("%s differs", name)
		}
	}
}
