package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/outside"
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
	objects, unlisted := s.listRules(ctx, r.AlertingRules.Objects)
	for _, u := range objects.unread {
		notes = append(notes, snapshot.NoteOf(snapshot.NoteRuleObjectUnread, u.name, u.err))
	}
	whole = unlisted == nil && len(notes) == 0
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
	groups := slices.Concat(r.AlertingRules.Groups, objects.groups)
	if in.Interval == 0 && down == nil {
		in.Interval = s.evaluationInterval(ctx, groups)
	}
	res = ruleset.Run(ctx, s.client, groups, r.AlertingRules.Match, in)
	res.Unlisted = snapshot.FailureOf(unlisted)
	return res, notes, whole
}

// ruleObjects is what the PrometheusRules of a cluster have.
type ruleObjects struct {
	groups []rulefile.Group
	unread []unreadObject
}

// unreadObject is a PrometheusRule that is left out because it has mistakes.
type unreadObject struct {
	name string // NAMESPACE/NAME
	err  error
}

// listRules reads the PrometheusRules of the cluster. from may be nil: none.
func (s *Source) listRules(ctx context.Context, from *config.RuleObjects) (out ruleObjects,
	err error) {
	switch {
	case from == nil:
		return out, nil
	case s.o.Kubernetes == nil:
		return out, errors.New("this run cannot use the API of the cluster")
	}
	ctx, cancel := context.WithTimeout(ctx, ruleObjectsTime)
	defer cancel()
	objects, err := s.o.Kubernetes.PrometheusRules(ctx, from.Namespace, from.Selector)
	if err != nil {
		return out, err
	}
	for _, o := range objects {
		name := o.Namespace + "/" + o.Name
		found, err := rulefile.Parse(name, o.JSON)
		if err != nil {
			out.unread = append(out.unread, unreadObject{name, mistakes(err)})
			continue
		}
		out.groups = append(out.groups, found...)
	}
	return out, nil
}

// evaluationInterval returns how often the server evaluates groups without an interval, if there
// are any; 0 if it does not say.
func (s *Source) evaluationInterval(ctx context.Context, groups []rulefile.Group) time.Duration {
	if !slices.ContainsFunc(groups, func(g rulefile.Group) bool { return g.Interval == 0 }) {
		return 0
	}
	d, err := s.client.EvaluationInterval(ctx)
	if err != nil {
		return 0 // it may not be read, and queries say why a server is unreachable
	}
	return d
}

// mistakes returns an error with the mistakes of an object. The API server returns it in one line,
// so it leaves out their positions.
func mistakes(err error) error {
	all, ok := errors.AsType[rulefile.Errors](err)
	if !ok {
		return err
	}
	var said []string
	for _, p := range all {
		said = append(said, outside.Line(p.Message))
	}
	return errors.New(strings.Join(said, "; "))
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
