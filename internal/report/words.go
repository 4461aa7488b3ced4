package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/units"
)

// words is every word of ours that a reader sees: one catalogue for a language. Formats number their verbs, because another language
// has another order of words. The page's headings are fields, which its template names.
type words struct {
	Lang string

	// What a finding is.
	Critical, Warning, NoData, Pending, Ended, OK, Failed string

	// What a finding's sentence is made of.
	What       string // 1 series, 2 subject
	Used       string // 1 "60.4 of 64 GiB"
	Breach     string // 1 what, 2 value
	Since      string // 1 since when
	AtLeast    string // 1 how long
	Over       string // 1 limit
	Under      string // 1 limit
	ReducedTo  string // 1 what, 2 figure's name, 3 value, 4 window
	PendingFor string // 1 what, 2 value, 3 how long, 4 how long it must last
	SilentAt   string // 1 what, 2 since when
	Silent     string // 1 what
	WasOver    string // 1 what, 2 from, 3 to, 4 peak
	WasUnder   string // the same of a rule with a lower limit
	Rising     string
	Falling    string
	GoneToo    string // behind what has ended of something that no longer exists

	// What the report says of itself.
	AllOK, NothingAsked, OnlyFailures, NoNodes string
	NoDataOnly, PanelsFailed, MoreFindings     counted
	AndMore, NodesSilent, MoreNodes            counted
	Absent, FailedLine, Counts, CountsPending  string
	CountsFailed, CountsNodes, Last            string

	// Headings and small words of the page.
	Verdict, Findings, AllFindings, AllNodes, NodeByNode, Fleet, Nodes, Blind, Run, Contents, Panels  string
	Series, Value, ForHowLong, Course, State                                                          string
	NodesMeasured, Incomplete, WarningsHead, FailuresHead                                             string
	Node, Memory, CPU, Disk, RequestedMemory, RequestedCPU                                            string
	FiguresOf, AllSeries, OneSeries, Capacity, LastValue, Average, Maximum, Minimum, Query, OpenGraph string
	Unmeasured, NotListed, NoChart, NoSeries, Nothing, Good                                           string
	MadeBy, SlotWord, Asked, Again, ScrapeWord, RunbookWord, NoFindings                               string
}

// counted is a phrase that counts: another form for one. Both hold one %s.
type counted struct{ One, Many string }

func (c counted) of(n int) string {
	if n == 1 {
		return fmt.Sprintf(c.One, "1")
	}
	return fmt.Sprintf(c.Many, thousands(n))
}

func english() words {
	return words{
		Lang:     "en",
		Critical: "critical", Warning: "warning", NoData: "no data", Pending: "pending", Ended: "ended", OK: "OK", Failed: "failed",

		What:       "%[1]s %[2]s",
		Used:       " (%[1]s)",
		Breach:     "%[1]s %[2]s",
		Since:      " since %[1]s",
		AtLeast:    " for at least %[1]s",
		Over:       " over %[1]s",
		Under:      " under %[1]s",
		ReducedTo:  "%[1]s %[2]s %[3]s over the last %[4]s",
		PendingFor: "%[1]s %[2]s for %[3]s, an alert after %[4]s",
		SilentAt:   "%[1]s: no data since %[2]s",
		Silent:     "%[1]s: no data",
		WasOver:    "%[1]s was over %[2]s–%[3]s, peak %[4]s",
		WasUnder:   "%[1]s was under %[2]s–%[3]s, lowest %[4]s",
		Rising:     "rising",
		Falling:    "falling",
		GoneToo:    "; it no longer exists",

		AllOK:        "Nothing is beyond a limit.",
		NothingAsked: "No check was made.",
		OnlyFailures: "Nothing could be measured: %[1]s",
		NoNodes:      "Nodes: kube_node_info absent; kube-state-metrics brings it",
		NoDataOnly:   counted{"Nothing is beyond a limit, but %s check has no data.", "Nothing is beyond a limit, but %s checks have no data."},
		PanelsFailed: counted{"Nothing is beyond a limit, but %s panel failed.", "Nothing is beyond a limit, but %s panels failed."},
		MoreFindings: counted{"and %s more finding", "and %s more findings"},
		AndMore:      counted{"and %s more", "and %s more"},
		NodesSilent:  counted{"%s node without node_exporter: ", "%s nodes without node_exporter: "},
		MoreNodes:    counted{"and %s more node", "and %s more nodes"},

		Absent:        "%[1]s: %[2]s absent",
		FailedLine:    "FAILED %[1]s: %[2]s",
		Counts:        "%[1]s critical, %[2]s warning, %[3]s no data",
		CountsPending: ", %[1]s pending",
		CountsFailed:  ", %[1]s failed",
		CountsNodes:   "; %[1]s/%[2]s nodes",
		Last:          "last %[1]s",

		Verdict: "Verdict", Findings: "Findings", AllFindings: "All %[1]s findings", AllNodes: "All %[1]s nodes", NodeByNode: "Node by node", Fleet: "Fleet", Nodes: "Nodes", Blind: "Not seen",
		Run: "This run", Contents: "Contents", Panels: "Panels",
		Series: "What", Value: "Value", ForHowLong: "For", Course: "Course", State: "State",
		NodesMeasured: "%[1]s of %[2]s nodes measured", Incomplete: "This report is incomplete: %[1]s", WarningsHead: "Warnings",
		FailuresHead: "Failed panels",
		Node:         "Node", Memory: "Memory", CPU: "CPU", Disk: "Disk", RequestedMemory: "Memory requested", RequestedCPU: "CPU requested",
		FiguresOf: "Figures of %[1]s", AllSeries: "All %[1]s series", OneSeries: "Series", Capacity: "Of", LastValue: "Last", Average: "Avg", Maximum: "Max", Minimum: "Min", Query: "PromQL", OpenGraph: "Open in Prometheus",
		Unmeasured: "not measured",
		NotListed:  "The first %[1]s of %[2]s; report.json has more.", NoChart: "The chart could not be drawn: %[1]s",
		NoSeries: "There is nothing to show, and that is good.", Nothing: "No series came.", Good: "all OK",
		MadeBy: "Made by promsnap %[1]s", SlotWord: "Slot", Asked: "Source", Again: "Make it again",
		ScrapeWord: "scraped every %[1]s", RunbookWord: "Runbook", NoFindings: "No findings.",
	}
}

// state is the word for what a finding is.
func (w words) state(f *Finding) string {
	switch {
	case f.Past():
		return w.Ended
	case f.Status == rules.NoData:
		return w.NoData
	case f.Status == rules.Pending:
		return w.Pending
	case f.Severity == rules.Critical:
		return w.Critical
	}
	return w.Warning
}

// loud is state as the first word of a line on a terminal.
func (w words) loud(f *Finding) string { return strings.ToUpper(w.state(f)) }

// sentence says a finding: "ip-10-0-1-12 memory 94 % (60.4 of 64 GiB) since 02:10".
func (w words) sentence(f *Finding, in Info) string {
	what := fmt.Sprintf(w.What, f.Name, f.Subject)
	switch {
	case f.Past():
		return w.past(what, f, in)
	case f.Status == rules.NoData && f.Since.IsZero():
		return fmt.Sprintf(w.Silent, what)
	case f.Status == rules.NoData:
		return fmt.Sprintf(w.SilentAt, what, clock(f.Since, in))
	case f.reduce != "":
		return fmt.Sprintf(w.ReducedTo, what, string(f.reduce), w.value(f), duration(in.Range))
	case f.Status == rules.Pending:
		return fmt.Sprintf(w.PendingFor, what, w.value(f), duration(f.Lasted), duration(f.need))
	}
	return w.breach(what, f) + w.since(f, in)
}

// breach is the part of the sentence that is not about time.
func (w words) breach(what string, f *Finding) string {
	if f.Value == "" {
		return what
	}
	return fmt.Sprintf(w.Breach, what, w.value(f))
}

func (w words) value(f *Finding) string {
	if f.Used == "" {
		return f.Value
	}
	return f.Value + fmt.Sprintf(w.Used, f.Used)
}

func (w words) since(f *Finding, in Info) string {
	if f.Open {
		return fmt.Sprintf(w.AtLeast, duration(f.Lasted))
	}
	return fmt.Sprintf(w.Since, clock(f.Since, in))
}

func (w words) past(what string, f *Finding, in Info) string {
	format := w.WasOver
	if f.direction == rules.Below {
		format = w.WasUnder
	}
	s := fmt.Sprintf(format, what, clock(f.Since, in), clock(f.Until, in), f.Peak)
	if f.Status == rules.Gone {
		s += w.GoneToo
	}
	return s
}

// headline is the worst finding with what makes it understood, or that there is none; it never calls good what was not seen.
func (w words) headline(r *Report) string {
	if len(r.Findings) > 0 && gravity(r.Findings[0].Status, r.Findings[0].Severity) >= gravity(rules.NoData, rules.None) {
		return w.worst(&r.Findings[0], r.Info)
	}
	switch {
	case len(r.Failures) > 0 && len(r.Failures) == len(r.Panels):
		return fmt.Sprintf(w.OnlyFailures, r.Failures[0].Error)
	case len(r.Failures) > 0:
		return w.PanelsFailed.of(len(r.Failures))
	case r.NoData > 0:
		return w.NoDataOnly.of(r.NoData)
	case r.Checks() == 0:
		return w.NothingAsked
	}
	return w.AllOK
}

// worst is a finding's sentence with the limit and the trend: "…, over 90 % since 02:10, rising".
func (w words) worst(f *Finding, in Info) string {
	s := f.Sentence
	if f.Status == rules.Breach && f.reduce == "" && f.Value != "" {
		over := w.Over
		if f.direction == rules.Below {
			over = w.Under
		}
		s = w.breach(fmt.Sprintf(w.What, f.Name, f.Subject), f) + "," + fmt.Sprintf(over, f.Limit) + w.since(f, in)
	}
	if t := w.trend(f.Trend); t != "" {
		s += ", " + t
	}
	return s
}

func (w words) trend(t Trend) string {
	switch t {
	case Rising:
		return w.Rising
	case Falling:
		return w.Falling
	}
	return ""
}

// counts is the last line of a summary: "2 critical, 3 warning, 1 no data; 40/42 nodes".
func (w words) counts(r *Report) string {
	s := fmt.Sprintf(w.Counts, thousands(r.Critical), thousands(r.Warning), thousands(r.NoData))
	if r.Pending > 0 {
		s += fmt.Sprintf(w.CountsPending, thousands(r.Pending))
	}
	if n := len(r.Failures); n > 0 {
		s += fmt.Sprintf(w.CountsFailed, thousands(n))
	}
	if r.NodesTotal > 0 {
		s += fmt.Sprintf(w.CountsNodes, thousands(r.NodesMeasured), thousands(r.NodesTotal))
	}
	return s
}

// failed is a line on what failed, once for all panels that failed alike.
func (w words) failed(f failureGroup) string {
	s := fmt.Sprintf(w.FailedLine, w.firstOf(f.panels), f.Error)
	if f.Hint != "" {
		s += "; " + f.Hint
	}
	return s
}

// firstOf names the first and counts the others.
func (w words) firstOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return names[0] + " " + w.AndMore.of(len(names)-1)
}

// absent says that a panel's metrics do not exist: "Persistent volumes: kubelet_volume_stats_* absent".
func (w words) absent(p *snapshot.Panel) string {
	if len(p.Missing) == 0 {
		return fmt.Sprintf(w.Silent, p.Spec.Title)
	}
	return fmt.Sprintf(w.Absent, p.Spec.Title, w.family(p.Missing))
}

// family is several metric names in one: what they begin with where that says enough, else the first and how many more.
func (w words) family(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	shorter := func(s string) string { return s[:strings.LastIndexByte(strings.TrimSuffix(s, "_"), '_')+1] }
	prefix := shorter(names[0])
	for _, n := range names[1:] {
		for !strings.HasPrefix(n, prefix) {
			prefix = shorter(prefix)
		}
	}
	if strings.Count(prefix, "_") > 1 {
		return prefix + "*"
	}
	return w.firstOf(names)
}

// namedNodes is how many nodes are named where only a few can be.
const namedNodes = 3

func (w words) unmeasured(names []string) string {
	shown := names[:min(len(names), namedNodes)]
	s := w.NodesSilent.of(len(names)) + strings.Join(shown, ", ")
	if rest := len(names) - len(shown); rest > 0 {
		s += " " + w.AndMore.of(rest)
	}
	return s
}

// clock writes a time of the window in the report's zone: the hour alone where it lies within a day before the slot.
func clock(t time.Time, in Info) string {
	if d := in.Slot.Sub(t); d >= 0 && d < 24*time.Hour {
		return t.In(in.Zone).Format("15:04")
	}
	return t.In(in.Zone).Format("Mon 2 Jan 15:04")
}

// stamp writes the slot: "Sun 22 Nov 2026 09:00 KST".
func stamp(t time.Time, z *time.Location) string { return t.In(z).Format("Mon 2 Jan 2006 15:04 MST") }

// duration writes how long something lasted: "6 h 50 min". Up to two days a whole number of hours stays one: "24 h".
func duration(d time.Duration) string {
	if d <= 48*time.Hour && d >= time.Hour && d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return units.Duration.Format(d.Seconds())
}

// thousands writes a count with a comma between groups of three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
