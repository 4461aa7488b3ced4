package report

import (
	"fmt"
	"strings"

	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/promapi"
	"github.com/promsnap/promsnap/internal/targets"
	"github.com/promsnap/promsnap/internal/words"
)

const (
	// mostTargets is how many jobs, targets that are down and vanished targets a report names each.
	mostTargets = 20
	// The longest texts of a target, in characters.
	targetName  = 80
	targetError = 160
)

// Targets is what a report says about what Prometheus scrapes.
type Targets struct {
	List  *targets.List
	Sum   string   // "39 of 42 targets up, 3 down, 2 vanished within 24 h"
	Notes []string // what is left out, and what is not known

	Jobs     []ScrapeJob // the worst first
	Down     []DownTargets
	Vanished []VanishedTargets
	// how many of each are left out
	JobsLeft, DownLeft, VanishedLeft int

	several bool // there are several clusters
}

// ScrapeJob is a scrape job as text.
type ScrapeJob struct {
	*targets.Job
	Shown  string // its name, with its cluster if there are several
	Share  string // "39/42"
	Counts string // "3 down, 2 vanished"; "" if all are up
}

// DownTargets are the targets of a job that are down for one reason, as text.
type DownTargets struct {
	*targets.Target // the first of them

	Count    int // how many there are
	ShownJob string
	Shown    string // its instance, and how many more there are
	On       string // "on ip-10-0-1-12"; "" if the name of the node is unknown or says nothing
	Trouble  string // "connection refused"
	Advice   string // "is the exporter running on this node?"; "" without any
	Last     string // of the first: "last scrape 09:14"; "" if unknown
}

// VanishedTargets are targets that vanished, as text.
type VanishedTargets struct {
	*targets.Vanished
	ShownJob string
	Shown    string // the instance, or the workload and how many
	On       string // as that of DownTargets
	Seen     string // when the last one was seen
}

// TargetsOf says what a list of targets means, in the language and zone of a report, with at most
// so many of each kind.
func TargetsOf(l *targets.List, in Info, most int) *Targets {
	w := wordingIn(in.Language)
	t := &Targets{List: l, Sum: w.targetSum(l), Notes: w.targetNotes(l)}
	for _, j := range l.Jobs {
		t.several = t.several || j.Cluster != l.Jobs[0].Cluster
	}
	for i := range l.Jobs {
		j := &l.Jobs[i]
		if len(t.Jobs) == most {
			t.JobsLeft++
			continue
		}
		t.Jobs = append(t.Jobs, ScrapeJob{
			Job: j, Shown: t.ShownJob(j.Cluster, j.Name), Share: upShare(j),
			Counts: strings.Join(w.targetCounts(j.Down, j.Unknown, j.Vanished), ", "),
		})
	}
	w.addDown(t, in, most)
	for i := range l.Vanished {
		v := &l.Vanished[i]
		if len(t.Vanished) == most {
			t.VanishedLeft++
			continue
		}
		t.Vanished = append(t.Vanished, VanishedTargets{
			Vanished: v, ShownJob: t.ShownJob(v.Cluster, v.Job), Shown: vanishedName(v),
			On: w.onNode(v.Node, v.Instance), Seen: w.clock(v.Last, in),
		})
	}
	return t
}

// addDown adds the targets that are down, by their jobs and reasons.
func (w wording) addDown(t *Targets, in Info, most int) {
	type reason struct{ cluster, job, trouble, advice string }
	groups, order := map[reason]*DownTargets{}, []*DownTargets{}
	for i := range t.List.Targets {
		x := &t.List.Targets[i]
		if x.Health != promapi.HealthDown {
			continue
		}
		trouble, advice := w.trouble(x)
		k := reason{x.Cluster, x.Job, trouble, advice}
		if groups[k] == nil {
			groups[k] = &DownTargets{Target: x, Trouble: trouble, Advice: advice}
			order = append(order, groups[k])
		}
		groups[k].Count++
	}
	t.DownLeft = max(0, len(order)-most)
	for _, d := range order[:len(order)-t.DownLeft] {
		d.ShownJob, d.Shown = t.ShownJob(d.Cluster, d.Job), shownTarget(d.Name())
		d.On = w.onNode(d.Node, d.Instance)
		if d.Count > 1 {
			d.Shown, d.On = d.Shown+", "+w.Targets.More.Of(d.Count-1), ""
		}
		if !d.LastScrape.IsZero() {
			d.Last = fmt.Sprintf(w.Targets.Last, w.clock(d.LastScrape, in))
		}
		t.Down = append(t.Down, *d)
	}
}

// ShownJob returns the name of a job as readers see it: with its cluster if there are several.
func (t *Targets) ShownJob(cluster, job string) string {
	if t.several && cluster != "" {
		job = cluster + "/" + job
	}
	return shownTarget(job)
}

func shownTarget(name string) string { return outside.Middle(printable(name), targetName) }

// vanishedName returns the workload of targets that vanished with how many they are, or the
// instance.
func vanishedName(v *targets.Vanished) string {
	switch {
	case v.Workload == "":
		return shownTarget(v.Instance)
	case v.Count == 1:
		return shownTarget(v.Workload)
	}
	return shownTarget(v.Workload) + " × " + words.Thousands(v.Count)
}

// upShare returns how many targets of a job are up: "39/42".
func upShare(j *targets.Job) string {
	return words.Thousands(j.Up) + "/" + words.Thousands(j.All())
}

// onNode names the node of a target, unless its instance does.
func (w wording) onNode(node, instance string) string {
	if node == "" || strings.HasPrefix(instance, node) {
		return ""
	}
	return fmt.Sprintf(w.Targets.On, shownTarget(node))
}

// targetSum returns the counts of a list in one line.
func (w wording) targetSum(l *targets.List) string {
	up, down, unknown, gone := 0, 0, 0, 0
	for i := range l.Jobs {
		j := &l.Jobs[i]
		up, down, unknown, gone = up+j.Up, down+j.Down, unknown+j.Unknown, gone+j.Vanished
	}
	all := up + down + unknown
	parts := []string{fmt.Sprintf(w.Targets.Up, words.Thousands(up), words.Thousands(all))}
	if up == all && all > 0 {
		parts[0] = fmt.Sprintf(w.Targets.AllUp, words.Thousands(all))
	}
	parts = append(parts, w.targetCounts(down, unknown, gone)...)
	if gone > 0 {
		last := &parts[len(parts)-1]
		*last = fmt.Sprintf(w.Targets.Within, *last, w.duration(l.Range))
	}
	return strings.Join(parts, ", ")
}

// targetCounts returns how many targets are not up, without zeros.
func (w wording) targetCounts(down, unknown, gone int) (parts []string) {
	for _, c := range []struct {
		n    int
		word words.Counted
	}{{down, w.Targets.Down}, {unknown, w.Targets.Waiting}, {gone, w.Targets.Gone}} {
		if c.n > 0 {
			parts = append(parts, c.word.Of(c.n))
		}
	}
	return parts
}

// targetNotes returns what a list leaves out, and what is not known.
func (w wording) targetNotes(l *targets.List) []string {
	var notes []string
	for _, n := range w.notes(l.Notes) {
		notes = append(notes, printable(n))
	}
	if l.Virtual > 0 {
		notes = append(notes, w.Targets.Virtual.Of(l.Virtual))
	}
	if l.Replaced > 0 {
		notes = append(notes, w.Targets.Replaced.Of(l.Replaced))
	}
	return notes
}

// TroubleOf returns why a target is down in a few words, and what to do about it; "" if nothing is
// known. Both are "" if it is not down.
func TroubleOf(t *targets.Target, l words.Language) (trouble, advice string) {
	return wordingIn(l).trouble(t)
}

func (w wording) trouble(t *targets.Target) (trouble, advice string) {
	switch {
	case t.Health != promapi.HealthDown:
		return "", ""
	case t.Trouble.Code == targets.Other:
		return outside.Said(t.Error, targetError), ""
	case t.Trouble.Code == "":
		return w.Targets.Trouble[targets.Unknown], ""
	}
	trouble = w.Targets.Trouble[t.Trouble.Code]
	advice = w.Targets.Advice[t.Trouble.Code]
	switch t.Trouble.Code {
	case targets.Status:
		trouble = fmt.Sprintf(trouble, t.Trouble.Arg)
	case targets.Timeout:
		advice = fmt.Sprintf(advice, strings.TrimSpace("scrape_timeout "+t.Trouble.Arg))
	}
	return trouble, advice
}
