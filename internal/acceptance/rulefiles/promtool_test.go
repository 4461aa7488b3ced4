//go:build acceptance

package rulefiles

import (
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
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
// evaluation, its series ALERTS are our pending and firing alerts, and the annotations of its
// firing alerts are ours.
func TestPromtoolAgrees(t *testing.T) {
	promtool := promtool(t)
	for _, s := range suites(t) {
		t.Run(s.name, func(t *testing.T) {
			groups := parse(t, s.rules)
			file := unitTests{Rules: []string{"rules.yml"}}
			var golden strings.Builder
			for _, g := range groups {
				file.Order = append(file.Order, g.Name)
			}
			evaluations, alerts := 0, 0
			for _, tt := range s.tests {
				file.Evaluation = model.Duration(tt.step)
				server := replay(t, groups, tt)
				golden.WriteString("== " + tt.Name + "\n" + server.episodes())
				u := server.expectations(tt)
				file.Tests = append(file.Tests, u)
				evaluations += len(u.Exprs)
				for _, e := range u.Exprs {
					alerts += len(e.Samples)
				}
			}
			s.compare(t, golden.String())
			dir := t.TempDir()
			write(t, filepath.Join(dir, "rules.yml"), ruleFile(t, s.rules))
			data, err := yaml.Marshal(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "test.yml"), data)
			out, err := exec.Command(promtool, "test", "rules",
				filepath.Join(dir, "test.yml")).CombinedOutput()
			if err != nil {
				t.Errorf("promtool: %v, want agreement\n%.20000s", err, out)
			}
			t.Logf("%d tests, %d evaluations, %d alerts pending or firing", len(s.tests),
				evaluations, alerts)
		})
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

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// expectations returns what promtool must find.
func (s *server) expectations(tt test) unitTest {
	u := unitTest{test: tt}
	for i := range tt.evaluations {
		at := epoch.Add(time.Duration(i) * tt.step)
		e := exprTest{Expr: "ALERTS", At: model.Duration(at.Sub(epoch))}
		firing := map[string][]expectedAlert{}
		unknown := map[string]bool{} // alertnames whose annotations need a query
		for _, g := range s.groups {
			for _, r := range g.rules {
				for _, ep := range r.evaluator.Result().Episodes {
					state := ep.State(at)
					if state == rulefile.Inactive {
						continue
					}
					e.Samples = append(e.Samples, expectedSample{
						alertSeries(r.Rule, ep, state).String(), 1,
					})
					if state != rulefile.Firing {
						continue
					}
					held := r.held(ep, i)
					as, notes := r.templates.Annotations(held.source, held.value, held.at)
					unknown[r.Alert] = unknown[r.Alert] || slices.ContainsFunc(notes,
						func(n rulefile.Note) bool { return n.Code == rulefile.NeedsQuery })
					a := expectedAlert{map[string]string{}, map[string]string{}}
					for _, l := range ep.Labels {
						a.Labels[l.Name] = l.Value
					}
					delete(a.Labels, labels.AlertName)
					for _, l := range as {
						a.Annotations[l.Name] = l.Value
					}
					firing[r.Alert] = append(firing[r.Alert], a)
				}
			}
		}
		for name, alerts := range firing {
			if !unknown[name] {
				u.Alerts = append(u.Alerts, alertTest{e.At, name, alerts})
			}
		}
		u.Exprs = append(u.Exprs, e)
	}
	return u
}

// held is a sample of an alert's series.
type held struct {
	at     time.Time
	source series.Labels
	value  float64
}

// held returns the newest sample of an alert's series at an evaluation.
func (r *rule) held(e rulefile.Episode, i int) held {
	for ; i >= 0; i-- {
		at := r.grid.At(i)
		for _, s := range r.answer {
			if math.IsNaN(s.Values[i]) {
				continue
			}
			if ls, _ := r.templates.Labels(s.Labels, s.Values[i], at); ls.Compare(e.Labels) == 0 {
				return held{at, s.Labels, s.Values[i]}
			}
		}
	}
	return held{}
}

// ruleFile returns the groups of rule files as one file for promtool: the text of the rules is not
// changed, and is not read by promsnap's parser.
func ruleFile(t *testing.T, files []string) []byte {
	t.Helper()
	var groups []map[string]any
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
			g = maps.Clone(g)
			name := fmt.Sprint(g["name"])
			if seen[name]++; seen[name] > 1 {
				g["name"] = fmt.Sprintf("%s %d", name, seen[name])
			}
			groups = append(groups, g)
		}
	}
	out, err := yaml.Marshal(map[string]any{"groups": groups})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
