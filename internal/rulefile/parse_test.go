package rulefile

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/series"
)

func TestParse(t *testing.T) {
	got, err := Parse("rules.yml", []byte(`
groups:
- name: nodes
  interval: 30s
  query_offset: 1m
  limit: 10
  labels: {team: infra, severity: info}
  rules:
  - record: node:up
    expr: up{job="node"}
  - alert: NodeDown
    expr: |
      node:up == 0
    for: 1d12h
    keep_firing_for: 5m
    labels: {severity: page, retries: 3, drop: ""}
    annotations:
      summary: '{{ $labels.instance | title }} is down'
`))
	want := []Group{{
		File: "rules.yml", Name: "nodes", Interval: 30 * time.Second, QueryOffset: time.Minute,
		Limit: 10, Labels: series.FromPairs("severity", "info", "team", "infra"),
		Line: 3, Column: 3,
		Rules: []Rule{{
			Record: "node:up", Expr: `up{job="node"}`, Line: 9, Column: 5,
			Labels: series.FromPairs("severity", "info", "team", "infra"),
		}, {
			Alert: "NodeDown", Expr: "node:up == 0\n", For: 36 * time.Hour,
			KeepFiringFor: 5 * time.Minute, Line: 11, Column: 5,
			Labels: series.FromPairs("drop", "", "retries", "3", "severity", "page",
				"team", "infra"),
			Annotations: series.FromPairs("summary", "{{ $labels.instance | title }} is down"),
		}},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, want none; difference (-want +got):\n%s", err, diff)
	}
}

func TestParseFindsEveryMistake(t *testing.T) {
	data, err := os.ReadFile("testdata/bad.yml")
	if err != nil {
		t.Fatal(err)
	}
	groups, err := Parse("bad.yml", data)
	want := strings.TrimSpace(`
bad.yml:3:13: group "first": interval: unknown unit " minutes" in duration "5 minutes"; write one such as 5m
bad.yml:4:10: group "first": limit is not valid; write a value such as 100
bad.yml:5:3: "partial_response_strategy" is not a key of group "first", which has name, interval, query_offset, limit, labels and rules
bad.yml:6:12: group "first": invalid name of a label: "__name__"
bad.yml:8:5: group "first", rule 1, "NoExpr": needs expr
bad.yml:9:5: "fro" is not a key of group "first", rule 1, "NoExpr", which has alert, record, expr, for, keep_firing_for, labels and annotations
bad.yml:11:11: group "first", rule 2, "BadExpr": expr: 1:35: parse error: unexpected <by> in aggregation
bad.yml:12:10: group "first", rule 2, "BadExpr": for: not a valid duration string: "90"; write one such as 5m
bad.yml:13:5: group "first", rule 2 has the key "for" twice, first in line 12; keep one
bad.yml:15:17: group "first", rule 2, "BadExpr": the template of the label "severity": unclosed action
bad.yml:16:7: group "first", rule 2, "BadExpr": invalid name of a label: ""
bad.yml:18:16: group "first", rule 2, "BadExpr": the template of the annotation "summary": function "humanise" not defined
bad.yml:19:13: group "first", rule 2, "BadExpr": annotation "list" must be text
bad.yml:20:13: group "first", rule 3, "a{b="c"}": the name in record has braces; write what they hold into expr or labels
bad.yml:22:10: group "first", rule 3, "a{b="c"}": a recording rule has no for
bad.yml:23:18: group "first", rule 3, "a{b="c"}": a recording rule has no annotations
bad.yml:25:13: group "first", rule 4, "Both": has both alert and record; keep one
bad.yml:27:5: group "first", rule 5: needs alert or record
bad.yml:28:5: group "first", rule 6 must have keys and values; write key: value, with a space after the colon
bad.yml:29:3: the group "first" is there twice
bad.yml:30:10: group "first": rules must be a list; begin each entry with a hyphen
bad.yml:31:3: a group needs a name
bad.yml:32:1: "group" is not a key of a rule file, which has groups
`)
	if err == nil || err.Error() != want || groups != nil {
		t.Errorf("got %d groups and\n%v\nwant none and\n%s", len(groups), err, want)
	}
	if _, ok := errors.AsType[Errors](err); !ok {
		t.Errorf("got an error of type %T, want Errors", err)
	}
}

const object = `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: %s, namespace: monitoring, labels: {release: kps}}
spec:
  groups:
  - name: g
    partial_response_strategy: abort
    rules:
    - alert: A
      expr: up == 0
`

func TestParseObjects(t *testing.T) {
	one, two := fmt.Sprintf(object, "one"), fmt.Sprintf(object, "two")
	indented := func(s string) string {
		return "- " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
	}
	deployment := "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 1}\n"
	for name, tt := range map[string]struct{ file, want string }{
		"an object": {one, "monitoring/one g"},
		"documents": {one + "---\n" + deployment + "---\n" + two, "monitoring/one g, monitoring/two g"},
		"no name": {
			"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n" +
				"  - {name: a, partial_response_strategy: warn}\n", " a",
		},
		"rule files":  {"groups: [{name: a}]\n---\ngroups: [{name: b}]", " a,  b"},
		"a list":      {"apiVersion: v1\nkind: List\nitems:\n" + indented(one) + indented(two), "monitoring/one g, monitoring/two g"},
		"an API list": {"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRuleList\nmetadata: {continue: \"\"}\nitems: []", ""},
		"JSON":        {`{"groups": [{"name": "a", "rules": [{"record": "x", "expr": "1"}]}]}`, " a"},
		"merge":       {"groups:\n- &a {name: a, interval: 1m}\n- {<<: *a, name: b}", " a,  b"},
		"empty":       {"", ""},
		"comments":    {"# nothing yet\n", ""},
		"no groups":   {"groups:\n", ""},
	} {
		groups, err := Parse("f", []byte(tt.file))
		var got []string
		for _, g := range groups {
			got = append(got, g.Object+" "+g.Name)
		}
		if err != nil || strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: got %q (error %v), want %q", name, strings.Join(got, ", "), err, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	circle := "groups: &a\n- {name: a, labels: &b {<<: *b}}\n"
	for name, tt := range map[string]struct{ file, want string }{
		"text":          {"hello", "f:1:1: a rule file must have keys"},
		"a list":        {"- a", "f:1:1: a rule file must have keys"},
		"YAML":          {"groups:\n- name: 'x\n", "f:2:1: found unexpected end of stream"},
		"a tab":         {"groups:\n\t- name: x", "f:2:1: found character that cannot start"},
		"another kind":  {"apiVersion: v1\nkind: Pod\n", "f:2:7: the file has no rules"},
		"no kind":       {"apiVersion: v1\n", "f:1:1: an object without its kind"},
		"another API":   {"apiVersion: example.com/v1\nkind: PrometheusRule\n", "f:1:1: a PrometheusRule has apiVersion"},
		"spec":          {"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec: {group: []}\n", `f:3:8: "group" is not a key of the spec`},
		"a group twice": {"groups: [{name: a}]\n---\ngroups: [{name: a}]\n", `f:3:11: the group "a" is there twice`},
		"too large":     {"#" + strings.Repeat(" ", MaxFile), "f:1:1: larger than 16 MiB"},
		"a long text":   {"groups: [{name: " + strings.Repeat("x", maxText+1) + "}]", "f:1:17: a text of more than 64 KiB"},
		"documents":     {strings.Repeat("groups:\n---\n", maxDocuments+1), "more than 10000 YAML documents"},
		"a circle":      {circle, "merges (<<) in merges"},
		"many rules":    {"groups:\n- name: a\n  rules:\n" + strings.Repeat("  - {record: a, expr: 1}\n", MaxRules+1), "f:20004:5: more than 20000 rules"},
	} {
		groups, err := Parse("f", []byte(tt.file))
		if err == nil || !strings.Contains(err.Error(), tt.want) || groups != nil {
			t.Errorf("%s: got %d groups, %.300v, want none and an error with %q", name, len(groups),
				err, tt.want)
		}
	}
}

// A file whose aliases hold aliases reads as far more than it has.
func TestParseLimitsAliases(t *testing.T) {
	var b strings.Builder
	b.WriteString("groups:\n- name: g\n  rules:\n  - record: r0\n    expr: up\n    labels: &l {")
	for i := range 2000 {
		fmt.Fprintf(&b, "l%d: v, ", i)
	}
	b.WriteString("}\n")
	for range 3000 {
		b.WriteString("  - {record: r, expr: up, labels: *l}\n")
	}
	_, err := Parse("f", []byte(b.String()))
	if err == nil || !strings.Contains(err.Error(), "too many values") {
		t.Errorf("got %.300v, want an error about too many values", err)
	}
}

func TestParse5000Rules(t *testing.T) {
	var b strings.Builder
	b.WriteString("groups:\n")
	for g := range 100 {
		fmt.Fprintf(&b, "- name: g%d\n  rules:\n", g)
		for r := range 50 {
			fmt.Fprintf(&b, "  - alert: A%d\n    expr: sum by (job) (rate(m%d{a=\"b\"}[5m])) > %d\n"+
				"    for: 5m\n    labels: {severity: warning}\n    annotations:\n"+
				"      summary: '{{ $labels.job }} has {{ $value | humanize }}'\n", r, g, r)
		}
	}
	groups, err := Parse("f", []byte(b.String()))
	n := 0
	for _, g := range groups {
		n += len(g.Rules)
	}
	if err != nil || n != 5000 {
		t.Errorf("got %d rules (error %v), want 5000", n, err)
	}
}
