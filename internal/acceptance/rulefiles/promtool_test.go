//go:build acceptance

package rulefiles

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/rulefile"
	"github.com/promsnap/promsnap/internal/series"
)

// unitTests is a file of promtool's unit tests.
type unitTests struct {
	Rules      []string       `yaml:"rule_files"`
	Evaluation model.Duration `yaml:"evaluation_interval"`
	Order      []string       `yaml:"group_eval_order"`
	Tests      []unitTest     `yaml:"tests"`
}

type unitTest struct {
	test   `yaml:",inline"`
	Alerts []alertTest `yaml:"alert_rule_test"`
	Exprs  []exprTest  `yaml:"promql_expr_test"`
}

type alertTest struct {
	At     model.Duration  `yaml:"eval_time"`
	Name   string          `yaml:"alertname"`
	Alerts []expectedAlert `yaml:"exp_alerts"`
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

type exprTest struct {
	Expr    string           `yaml:"expr"`
	At      model.Duration   `yaml:"eval_time"`
	Samples []expectedSample `yaml:"exp_samples"`
}

type expectedSample struct {
	Labels string  `yaml:"labels"`
	Value  float64 `yaml:"value"`
}

// TestPromtoolAgrees lets promtool evaluate the same rules over the same series. At every
// evaluation, its series ALERTS are our pending and firing alerts. Where ours change, and at each
// tenth evaluation, the annotations of its firing alerts are ours. The alerts are also those of the
// goldens, and those of rules whose recording rules are expanded.
func TestPromtoolAgrees(t *testing.T) {
	promtool := promtool(t)
	for _, s := range suites(t) {
		t.Run(s.name, func(t *testing.T) {
			groups := parse(t, s.rules)
			raw := rawGroups(t, s.rules)
			var golden strings.Builder
			seen := map[string]bool{}
			dir := t.TempDir()
			args := []string{"test", "rules"}
			var c counts
			for i, tt := range s.tests {
				server := s.replay(t, groups, tt)
				golden.WriteString(server.episodes(tt.Name, s.brief, seen))
				rules := fmt.Sprintf("%02d_rules.yml", i+1)
				writeYAML(t, filepath.Join(dir, rules), server.chosen(raw))
				file := unitTests{
					Rules: []string{rules}, Evaluation: model.Duration(tt.step),
					Tests: []unitTest{server.expectations(tt)},
				}
				for _, g := range server.groups {
					file.Order = append(file.Order, g.Name)
				}
				path := filepath.Join(dir, fmt.Sprintf("%02d_test.yml", i+1))
				writeYAML(t, path, file)
				args = append(args, path)
				c.add(server, file.Tests[0])
			}
			s.compare(t, golden.String())
			// one process for all tests of the suite
			run := exec.Command(promtool, args...)
			run.Env = append(os.Environ(), "GOGC=400") // it needs less processor time
			out, err := run.CombinedOutput()
			if err != nil {
				t.Errorf("promtool: %v, want agreement\n%.20000s", err, out)
			}
			t.Logf("%d tests, %+v", len(s.tests), c)
		})
	}
}

// counts is how much a suite tests.
type counts struct {
	evaluations int
	rules       int // times the tests
	expanded    int // those that need recording rules
	recorded    int // recorded metrics that were expanded
	alerts      int // pending or firing at an evaluation
}

func (c *counts) add(s *server, u unitTest) {
	c.evaluations += s.grid.Len
	c.expanded += s.expanded
	c.recorded += s.recorded
	for _, g := range s.groups {
		c.rules += len(g.rules)
	}
	for _, e := range u.Exprs {
		c.alerts += len(e.Samples)
	}
}

// promtool returns the path of the program that testdata/servers/install.sh has built.
func promtool(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PROMSNAP_SERVERS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", ".cache", "servers")
	}
	path := filepath.Join(dir, "promtool")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; run testdata/servers/install.sh, or set PROMSNAP_SERVERS to its directory",
			err)
	}
	return path
}

func writeYAML(t *testing.T, path string, content any) {
	t.Helper()
	data, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// expectations returns what promtool must find.
func (s *server) expectations(tt test) unitTest {
	u := unitTest{test: tt, Exprs: make([]exprTest, s.grid.Len)}
	firing := make([]map[string][]expectedAlert, s.grid.Len)
	for i := range s.grid.Len {
		u.Exprs[i] = exprTest{Expr: "ALERTS", At: model.Duration(s.grid.At(i).Sub(epoch))}
		firing[i] = map[string][]expectedAlert{}
	}
	unknown := map[string]bool{} // alertnames whose annotations need a query
	for _, g := range s.groups {
		for _, r := range g.rules {
			samples := r.samples(s.grid)
			for _, ep := range r.result.Episodes {
				s.expect(r, ep, samples[ep.Labels.String()], u.Exprs, firing, unknown)
			}
		}
	}
	for i, alerts := range firing {
		for _, name := range slices.Sorted(maps.Keys(alerts)) {
			// what stays the same is large
			same := i%10 > 0 && reflect.DeepEqual(alerts[name], firing[i-1][name])
			if !unknown[name] && !same {
				u.Alerts = append(u.Alerts, alertTest{u.Exprs[i].At, name, alerts[name]})
			}
		}
	}
	return u
}

// expect adds an episode to what promtool must find.
func (s *server) expect(r *rule, ep rulefile.Episode, samples []held, exprs []exprTest,
	firing []map[string][]expectedAlert, unknown map[string]bool) {
	text := map[rulefile.State]string{}
	for _, state := range []rulefile.State{rulefile.Pending, rulefile.Firing} {
		text[state] = alertSeries(r.Rule, ep, state).String()
	}
	own := map[string]string{}
	for _, l := range ep.Labels {
		if l.Name != labels.AlertName {
			own[l.Name] = l.Value
		}
	}
	// promtool queries after all evaluations, and an offset makes samples older
	ahead := int(r.offset / s.grid.Step)
	for i := range exprs {
		state := ep.State(s.grid.At(min(i+ahead, s.grid.Len-1)))
		if state != rulefile.Inactive {
			exprs[i].Samples = append(exprs[i].Samples, expectedSample{text[state], 1})
		}
	}
	var newest held
	var annotations map[string]string
	for i := range exprs {
		state := ep.State(s.grid.At(i))
		if state == rulefile.Inactive {
			continue
		}
		if !samples[i].at.IsZero() {
			newest, annotations = samples[i], nil
		}
		if state != rulefile.Firing {
			continue
		}
		if annotations == nil {
			as, notes := r.templates.Annotations(newest.source, newest.value, newest.at)
			unknown[r.Alert] = unknown[r.Alert] || slices.ContainsFunc(notes,
				func(n rulefile.Note) bool { return n.Code == rulefile.NeedsQuery })
			annotations = map[string]string{}
			for _, l := range as {
				annotations[l.Name] = l.Value
			}
		}
		firing[i][r.Alert] = append(firing[i][r.Alert], expectedAlert{own, annotations})
	}
}

// held is a sample of an alert's series. The zero value is none.
type held struct {
	at     time.Time
	source series.Labels
	value  float64
}

// samples returns the samples of all evaluations, by the labels of their alerts.
func (r *rule) samples(grid series.Grid) map[string][]held {
	out := map[string][]held{}
	if len(r.result.Episodes) == 0 {
		return out
	}
	for _, one := range r.answer {
		for i, v := range one.Values {
			if series.IsGap(v) {
				continue
			}
			at := grid.At(i)
			ls, _ := r.templates.Labels(one.Labels, v, at)
			key := ls.String()
			if out[key] == nil {
				out[key] = make([]held, grid.Len)
			}
			out[key][i] = held{at, one.Labels, v}
		}
	}
	return out
}

// rawGroups returns the groups of rule files, by name, for promtool: the text of the rules is not
// changed, and is not read by promsnap's parser.
func rawGroups(t *testing.T, files []string) map[string]map[string]any {
	t.Helper()
	groups := map[string]map[string]any{}
	seen := map[string]int{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Groups []map[string]any `yaml:"groups"`
			Spec   struct {
				Groups []map[string]any `yaml:"groups"`
			} `yaml:"spec"`
		}
		if err := yaml.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		for _, g := range append(file.Groups, file.Spec.Groups...) {
			name := fmt.Sprint(g["name"])
			if seen[name]++; seen[name] > 1 {
				name = fmt.Sprintf("%s %d", name, seen[name])
			}
			g["name"] = name
			groups[name] = g
		}
	}
	return groups
}

// chosen returns a rule file of the rules that the server evaluates.
func (s *server) chosen(raw map[string]map[string]any) map[string]any {
	var groups []map[string]any
	for _, g := range s.groups {
		all := raw[g.Name]["rules"].([]any)
		own := maps.Clone(raw[g.Name])
		var rules []any
		for _, r := range g.rules {
			rules = append(rules, all[r.index])
		}
		own["rules"] = rules
		groups = append(groups, own)
	}
	return map[string]any{"groups": groups}
}
