package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/panel"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/ruleset"
	"github.com/promsnap/promsnap/internal/snapshot"
	"github.com/promsnap/promsnap/internal/words"
)

// RuleObject is a PrometheusRule of the cluster.
type RuleObject struct {
	Namespace, Name string
	JSON            []byte // the whole object
}

// ruleObjectsTime is the limit for listing PrometheusRules.
const ruleObjectsTime = 30 * time.Second

// takeRules runs the alerting rules of a report, nil if it has none. specs are the report's panels,
// and down is why Prometheus is unreachable; nil: it is not. whole is false if there may be more
// rules, because those of the cluster could not be listed or read.
func (s *Source) takeRules(ctx context.Context, r config.Report, o snapshot.Options,
	specs []panel.Spec, down error) (res *ruleset.Result, notes []snapshot.Note, whole bool) {
	if r.AlertingRules == nil {
		return nil, nil, true
	}
	objects, notes := s.ruleObjects(ctx, r.AlertingRules)
	whole = len(notes) == 0
	in := ruleset.Options{
		End: o.End(), Range: r.Range, Interval: r.AlertingRules.Interval,
		MaxSeries: o.MaxSeries, Concurrency: o.Concurrency,
		External: rulefile.External{URL: s.cfg.Prometheus.ExternalURL},
		Section:  words.In(r.Language).Rules.Title, Down: down,
	}
	for i := range specs {
		in.Names = append(in.Names, specs[i].Name)
	}
	if s.o.Rules != nil {
		in.Progress = func(done, of int) { s.o.Rules(r.Name, done, of) }
	}
	groups := slices.Concat(r.AlertingRules.Groups, objects)
	return ruleset.Run(ctx, s.client, groups, r.AlertingRules.Match, in), notes, whole
}

// ruleObjects returns the groups of the cluster's PrometheusRules, if the report asks for them. An
// object that cannot be read is left out; the notes say so.
func (s *Source) ruleObjects(ctx context.Context, from *config.AlertingRules) ([]rulefile.Group,
	[]snapshot.Note) {
	if from.Objects == nil {
		return nil, nil
	}
	unlisted := func(err error) []snapshot.Note {
		return []snapshot.Note{snapshot.NoteOf(snapshot.NoteRulesUnlisted, err)}
	}
	if s.o.Kubernetes == nil {
		return nil, unlisted(fmt.Errorf("this run cannot use the API of the cluster"))
	}
	ctx, cancel := context.WithTimeout(ctx, ruleObjectsTime)
	defer cancel()
	objects, err := s.o.Kubernetes.PrometheusRules(ctx, from.Objects.Namespace,
		from.Objects.Selector)
	if err != nil {
		return nil, unlisted(err)
	}
	var groups []rulefile.Group
	var notes []snapshot.Note
	for _, o := range objects {
		name := o.Namespace + "/" + o.Name
		found, err := rulefile.Parse(name, o.JSON)
		if err != nil {
			notes = append(notes, snapshot.NoteOf(snapshot.NoteRuleObjectUnread, name, err))
			continue
		}
		groups = append(groups, found...)
	}
	return groups, notes
}

// all returns the panels of the report with those of its alerting rules.
func (s *reportSnapshot) all() []snapshot.Panel {
	return slices.Concat(s.panels, s.rulePanels)
}

// withRules adds the results of the alerting rules to an evaluation.
func (s *reportSnapshot) withRules(now rules.Evaluation) rules.Evaluation {
	if s.info.Rules == nil {
		return now
	}
	results := s.info.Rules.Results(s.rulePanels)
	now.Rules = slices.Concat(now.Rules, results)
	now.Configured = slices.Clone(now.Configured)
	for _, r := range results {
		now.Configured = append(now.Configured, r.ID)
	}
	return now
}
