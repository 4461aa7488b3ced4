package ruleset

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/outside"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/series"
)

// Alert is one alert of a rule: one label set.
type Alert struct {
	Labels   series.Labels // after templates, with alertname
	Name     string        // of its object, as a reader knows it
	State    rulefile.State
	Severity rules.Severity // of its own label
	// those that fired and ended in the range, and the one that is active now, the oldest first;
	// never empty
	Episodes []rulefile.Episode
	// annotations of its newest episode, each one line. They are words from outside.
	Summary, Description string
	Runbook              string // an http or https address, or ""
}

// Now returns the newest episode.
func (a *Alert) Now() rulefile.Episode { return a.Episodes[len(a.Episodes)-1] }

// The longest texts of an alert, in characters.
const (
	maxSummary     = 300
	maxDescription = 600
	maxName        = 200
)

// conclude makes the alerts of a rule's replay.
func (r *run) conclude(rule *Rule, e *evaluation) {
	res := e.states.Result()
	rule.Broken = res.Failures
	notes := slices.Clone(res.Notes)
	from := r.o.End.Add(-r.o.Range)
	at := map[uint64]int{}
	for _, episode := range res.Episodes {
		if !episode.Ended.IsZero() && (!episode.Fired() || !episode.Ended.After(from)) {
			continue
		}
		key := episode.Labels.Hash()
		i, known := at[key]
		if !known {
			i = len(rule.Alerts)
			at[key] = i
			rule.Alerts = append(rule.Alerts, Alert{Labels: episode.Labels})
		}
		rule.Alerts[i].Episodes = append(rule.Alerts[i].Episodes, episode)
	}
	var templates *rulefile.Templates
	for i := range rule.Alerts {
		if templates == nil {
			templates = rulefile.NewTemplates(rule.Rule, r.o.External)
		}
		a := &rule.Alerts[i]
		a.State = a.Now().State(res.Last)
		a.Severity = rulefile.Severity(a.Labels.Get("severity"))
		notes = append(notes, a.annotate(templates)...)
	}
	rule.Notes = distinct(notes)
	rule.nameAlerts()
	slices.SortStableFunc(rule.Alerts, func(a, b Alert) int { return a.compare(&b) })
	e.sketch.into(rule)
}

// compare orders the worse alert first: the active one, the more severe one, the older one.
func (a *Alert) compare(b *Alert) int {
	return cmp.Or(cmp.Compare(b.State, a.State), cmp.Compare(b.Severity, a.Severity),
		a.Now().ActiveSince.Compare(b.Now().ActiveSince), a.Labels.Compare(b.Labels))
}

// annotate fills in the annotations.
func (a *Alert) annotate(t *rulefile.Templates) []rulefile.Note {
	e := a.Now()
	texts, notes := t.Annotations(e.Source, e.Value, e.LastHeld)
	a.Description = outside.Said(texts.Get("description"), maxDescription)
	a.Summary = outside.Said(cmp.Or(texts.Get("summary"), texts.Get("message")), maxSummary)
	if link := strings.TrimSpace(texts.Get("runbook_url")); link != "" {
		if u, err := exchange.ShownURL(link); err == nil {
			a.Runbook = u.String()
		}
	}
	return notes
}

// distinct returns each note once, in order.
func distinct(notes []rulefile.Note) []rulefile.Note {
	seen := map[rulefile.Note]bool{}
	return slices.DeleteFunc(notes, func(n rulefile.Note) bool {
		dup := seen[n]
		seen[n] = true
		return dup
	})
}

// objects are labels that name what an alert is about, the narrowest first. Only the first one that
// an alert has counts.
var objects = []string{
	"persistentvolumeclaim", "job_name", "cronjob", "deployment", "statefulset", "daemonset",
	"horizontalpodautoscaler", "workload", "node", "instance", "persistentvolume",
	"service", "job", "name",
}

// own are labels that say nothing about the object.
var own = []string{"alertname", "severity"}

// nameAlerts names the alerts of a rule by what they are about: "shop/checkout-7d9f". If several
// have the same name, the labels in which they differ follow.
func (r *Rule) nameAlerts() {
	metrics, _ := panel.MetricNames(r.Expr) // none are known of a query that cannot be read
	pods := panel.NamePods(metrics)
	same := map[string][]int{}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		a.Name = objectOf(a.Labels, pods)
		same[a.Name] = append(same[a.Name], i)
	}
	for name, at := range same {
		if len(at) == 1 {
			continue
		}
		differ := differing(r.Alerts, at)
		for _, i := range at {
			var values []string
			for _, label := range differ {
				if v := r.Alerts[i].Labels.Get(label); v != "" {
					values = append(values, label+"="+v)
				}
			}
			r.Alerts[i].Name = strings.TrimSpace(name + " " + strings.Join(values, " "))
		}
	}
	for i := range r.Alerts {
		r.Alerts[i].Name = outside.Middle(outside.Line(r.Alerts[i].Name), maxName)
	}
}

// objectOf returns the name of what an alert is about, "" if it has no labels of its own. pods says
// that the labels pod and container are about it, and not those of an exporter.
func objectOf(ls series.Labels, pods bool) string {
	name, namespace := "", ls.Get("namespace")
	if pods {
		name = strings.TrimSpace(ls.Get("pod") + " " + ls.Get("container"))
	}
	for _, label := range objects {
		if name == "" {
			name = ls.Get(label)
		}
		if (label == "node" || label == "instance") && name != "" && name == ls.Get(label) {
			namespace = "" // that of an exporter
		}
	}
	switch {
	case namespace != "" && name != "":
		return namespace + "/" + name
	case namespace != "":
		return namespace
	}
	return name
}

// differing returns the labels in which some alerts differ.
func differing(alerts []Alert, at []int) []string {
	var names []string
	for _, i := range at {
		for _, l := range alerts[i].Labels {
			if slices.Contains(own, l.Name) || slices.Contains(names, l.Name) {
				continue
			}
			if slices.ContainsFunc(at, func(j int) bool {
				return alerts[j].Labels.Get(l.Name) != l.Value
			}) {
				names = append(names, l.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// into gives the lines of a sketch to the rule, those of its worst alerts first.
func (s *sketch) into(rule *Rule) {
	rule.drawn = s.grid
	drawn := map[uint64]bool{}
	for i := range rule.Alerts {
		a := &rule.Alerts[i]
		key := a.Now().Source.Hash()
		line := s.lines[key]
		if line == nil || drawn[key] {
			continue
		}
		drawn[key] = true
		line.Row = rowOf(a)
		if rule.lines = append(rule.lines, *line); len(rule.lines) == topLines {
			return
		}
	}
}

// ends returns the last evaluation of an episode: of an active one, the newest of the rule.
func ends(e rulefile.Episode, rule *Rule) time.Time {
	if e.Ended.IsZero() {
		return rule.Grid.End()
	}
	return e.Ended.Add(-rule.Interval)
}
