package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/rules"
)

// AlertingRules are alerting rules of Prometheus that a report judges.
type AlertingRules struct {
	// Groups are those of the files, in the order of the files' names.
	Groups []rulefile.Group
	// Objects also chooses PrometheusRule objects of the cluster; nil: none.
	Objects *RuleObjects
	Match   rules.Matchers // of the labels of the rules
	// Interval is that of groups without one; 0: the server's.
	Interval time.Duration
}

// Alerts returns how many alerting rules the files have, whether or not they match.
func (a *AlertingRules) Alerts() int { return alertsOf(a.Groups, nil) }

// RuleObjects chooses PrometheusRule objects of a cluster.
type RuleObjects struct {
	Namespace string // "" for every namespace
	Selector  string // of Kubernetes; "" for every object
}

// The most rule files of a pattern, bytes of all rule files, and alerting rules of a report.
const (
	mostRuleFiles = 500
	mostRuleBytes = 64 << 20
	mostAlerts    = 5000
)

// alertingRules reads the alerting rules of a report, nil if it has none.
func (b *builder) alertingRules(ctx context.Context, r *report, path string) *AlertingRules {
	if r.AlertingRules == nil {
		return nil
	}
	path = key(path, "alerting_rules")
	from := r.AlertingRules
	out := &AlertingRules{Interval: time.Duration(from.EvaluationInterval)}
	for _, m := range from.Match {
		out.Match = append(out.Match, m...)
	}
	if k := from.Kubernetes; k != nil {
		out.Objects = &RuleObjects{string(k.Namespace), k.Selector}
		if !b.has("kubernetes") && !b.has("fleet") {
			b.problem(key(path, "kubernetes"), "needs the API of the cluster; add the section "+
				"kubernetes: {} at the top")
		}
	}
	if len(from.Files) == 0 && out.Objects == nil {
		b.problem(path, "no rules; write files: [rules/*.yml] or kubernetes: {}")
	}
	source := RuleSource{Dir: b.dir(), Beside: b.options.Beside}
	for i, pattern := range from.Files {
		at := item(key(path, "files"), i)
		groups, err := source.Read(ctx, pattern)
		if problems, ok := errors.AsType[Errors](err); ok {
			if b.clean(at) {
				b.problems = append(b.problems, problems...)
			}
		} else if err != nil {
			b.problem(at, "%v", err)
		}
		out.Groups = append(out.Groups, groups...)
	}
	if n := alertsOf(out.Groups, out.Match); n > mostAlerts {
		b.problem(key(path, "files"), "%d alerting rules, more than %d; divide them among several "+
			"reports, or choose some with match", n, mostAlerts)
	}
	return out
}

// RuleSource reads rule files by name.
type RuleSource struct {
	Dir    string                                         // where relative patterns start; "" for the working directory
	Beside func(path string, limit int64) ([]byte, error) // see Options.Beside
	read   map[string]bool
	size   int // bytes
}

// Read returns the groups of the files that match a pattern, in the order of their names. A file
// that an earlier pattern matched is left out. It fails if no file matches. An error of type Errors
// has all mistakes of the files.
func (s *RuleSource) Read(ctx context.Context, pattern string) ([]rulefile.Group, error) {
	if strings.Contains(pattern, "://") {
		return nil, errors.New("an address and not a file; download the rules, so that a report " +
			"stays the same")
	}
	path := pattern
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	names, err := filepath.Glob(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a pattern of files; write one such as rules/*.yml",
			shorten(pattern))
	case len(names) > mostRuleFiles:
		return nil, fmt.Errorf("%q matches %d files, more than %d", shorten(pattern), len(names),
			mostRuleFiles)
	case len(names) == 0 && (s.Beside == nil || strings.ContainsAny(pattern, `*?[\`)):
		return nil, fmt.Errorf("no file matches %s; write the path of a rule file, or a pattern "+
			"such as rules/*.yml", shorten(path))
	case len(names) == 0:
		names = []string{path}
	}
	var groups []rulefile.Group
	var problems Errors
	for _, name := range names {
		if s.read[name] {
			continue
		}
		if s.read == nil {
			s.read = map[string]bool{}
		}
		s.read[name] = true
		data, err := disk.Read(ctx, name, rulefile.MaxFile)
		if s.Beside != nil && errors.Is(err, fs.ErrNotExist) && !filepath.IsAbs(pattern) {
			data, err = s.Beside(filepath.ToSlash(pattern), rulefile.MaxFile)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("there is no file %s", shorten(name))
		case err != nil:
			return nil, fmt.Errorf("cannot be read: %w", err)
		case len(data) > rulefile.MaxFile:
			return nil, fmt.Errorf("%s is larger than %d MiB, so it is not a rule file",
				shorten(name), rulefile.MaxFile>>20)
		}
		if s.size += len(data); s.size > mostRuleBytes {
			return nil, fmt.Errorf("the rule files have more than %d MiB in all; choose fewer "+
				"files", mostRuleBytes>>20)
		}
		found, err := rulefile.Parse(name, data)
		if mistakes, ok := errors.AsType[rulefile.Errors](err); ok {
			for _, p := range mistakes {
				problems = append(problems, Problem{
					File: p.File, Line: p.Line, Column: p.Column, Message: p.Message,
				})
			}
		} else if err != nil {
			return nil, err
		}
		groups = append(groups, found...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return groups, nil
}

// alertsOf counts the alerting rules of groups that match.
func alertsOf(groups []rulefile.Group, match rules.Matchers) int {
	n := 0
	for _, g := range groups {
		for _, r := range g.Rules {
			if r.Alert != "" && r.MatchedBy(match) {
				n++
			}
		}
	}
	return n
}

// ReadRules returns the groups of the rule files of --rules; none without patterns. patterns are
// names of files, in which * and ? match parts of a name. An error of type Errors has all mistakes
// of the files.
func ReadRules(ctx context.Context, patterns []string) ([]rulefile.Group, error) {
	var source RuleSource
	var all []rulefile.Group
	var problems Errors
	for _, pattern := range patterns {
		groups, err := source.Read(ctx, pattern)
		if mistakes, ok := errors.AsType[Errors](err); ok {
			problems = append(problems, mistakes...)
		} else if err != nil {
			return nil, fmt.Errorf("--rules %s: %w", shorten(pattern), err)
		}
		all = append(all, groups...)
	}
	switch {
	case len(problems) > 0:
		return nil, problems
	case len(patterns) > 0 && alertsOf(all, nil) == 0:
		return nil, fmt.Errorf("--rules %s: no alerting rule; recording rules alone judge nothing",
			shorten(strings.Join(patterns, " ")))
	}
	return all, nil
}

// OfRules returns the configuration of a run without a file that judges the rules of files and of
// the cluster: one report, named rules. patterns are names of files, in which * and ? match parts
// of a name; objects may be nil.
func OfRules(ctx context.Context, patterns []string, objects *RuleObjects, match []string,
	o Options) (*Config, error) {
	c, err := Default(o)
	if err != nil {
		return nil, err
	}
	all := &AlertingRules{Objects: objects}
	for _, text := range match {
		var m matchers
		if err := m.UnmarshalText([]byte(text)); err != nil {
			return nil, fmt.Errorf("--match %q: %w", shorten(text), err)
		}
		all.Match = append(all.Match, m...)
	}
	if all.Groups, err = ReadRules(ctx, patterns); err != nil {
		return nil, err
	}
	if n := alertsOf(all.Groups, all.Match); n > mostAlerts {
		return nil, fmt.Errorf("--rules: %d alerting rules, more than %d; choose fewer files, or "+
			"some of the rules with --match", n, mostAlerts)
	}
	r := &c.Reports[0]
	r.Name, r.Title, r.AlertingRules = "rules", "Alerting rules", all
	r.Panels, r.Sizing = nil, nil
	return c, nil
}
