package rules

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/series"
)

// watch plays slots over samples given as text, one character a minute from start on: a digit is
// tens of percent, a dot is no sample. The rule warns above 80 and is critical above 90, after two
// minutes.
type watch struct {
	rule   Rule
	window int // minutes of a range
	series map[string]string
	edit   func(*RuleResult)
	nodes  Presence // of every node
	memory Memory
}

var memoryHigh = Rule{
	Name: "NodeMemoryHigh", Warning: At(80), Critical: At(90), For: 2 * time.Minute,
}

// minute returns the time of a sample.
func minute(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

// value reads one character: '0' to '9' are 5 to 95, so that 8 is a warning and 9 is critical.
func value(c byte) float64 {
	if c == '.' {
		return math.NaN()
	}
	return float64(c-'0')*10 + 5
}

// result judges the samples of the minutes before slot n. The minute of the slot itself is left
// out, as a query offset does.
func (w *watch) result(n int) RuleResult {
	g := series.Grid{Start: minute(n - w.window), Step: time.Minute, Len: w.window}
	r := RuleResult{
		ID: RuleID{"node-memory", w.rule.Name}, Direction: w.rule.Direction, NoData: w.rule.NoData,
		KeepFiringFor: DefaultKeepFiringFor,
		Data:          DataComplete, From: g.Start, Through: g.End(),
	}
	names := make([]string, 0, len(w.series))
	for name := range w.series {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		node, _, _ := strings.Cut(name, "/")
		ls, identity := series.FromPairs("node", node, "pod", name), series.FromPairs("node", node)
		values := make([]float64, g.Len)
		for i := range values {
			values[i] = math.NaN()
			if at := n - w.window + i; at >= 0 && at < len(w.series[name]) {
				values[i] = value(w.series[name][at])
			}
		}
		if series.Newest(values) < 0 {
			continue // not in the answer
		}
		r.Series = append(r.Series, identity)
		f := Judge(w.rule, series.Series{Labels: ls, Values: values}, g)
		if w.nodes != PresenceUntracked && (f.Status == NoData || f.Status == Gone) {
			// as package alerts does
			if f.Status = NoData; w.nodes == Absent {
				f.Status = Gone
			}
		}
		if f.Status != OK || f.Earlier != nil {
			r.Findings = append(r.Findings, Judged{Finding: f, Identity: identity, Name: name})
		}
	}
	if w.edit != nil {
		w.edit(&r)
	}
	return r
}

func (w *watch) advance(slots ...int) {
	for _, n := range slots {
		w.memory = Advance(w.memory, Evaluation{
			Rules: []RuleResult{w.result(n)}, Objects: Objects{Nodes: Known{Others: w.nodes}},
		}, minute(n))
	}
}

func every(step, from, to int) []int {
	var out []int
	for n := from; n <= to; n += step {
		out = append(out, n)
	}
	return out
}

// summary writes one line for each alert: "a critical [3-20 critical peak 95]", with the reason and
// the slot of the end of each ended episode.
func summary(m Memory) string {
	at := func(t time.Time) string { return fmt.Sprint(int(t.Sub(start).Minutes())) }
	var lines []string
	for k, a := range m.Alerts {
		line := a.Identity["node"] + " " + a.Severity.String()
		if k == BlindKey {
			line = "BLIND"
			if a.SeesPart() {
				line += " to a part"
			}
		}
		if len(a.Episodes) == 0 {
			line += " NEVER " + string(k)
		}
		if !a.Silent.IsZero() {
			line += " silent " + at(a.Silent)
		}
		for _, e := range a.Episodes {
			line += fmt.Sprintf(" [%s-%s %s peak %v", at(e.Since), at(e.Last), e.Worst, e.Peak)
			if !e.Fires() {
				line += fmt.Sprintf(" %s at %s", e.End, at(e.Ended))
			}
			line += "]"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
