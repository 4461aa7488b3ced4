package rulefiles

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/promsnap/promsnap/internal/rulefile"
)

// suite is a file of series in the notation of promtool's unit tests, and the rules that run over
// them.
type suite struct {
	name  string
	rules []string // files
	tests []test
	whole bool // also the rules without series
	brief bool // its golden has a line for each rule and not for each episode
}

// test is one group of series.
type test struct {
	Name     string            `yaml:"name,omitempty"`
	Interval model.Duration    `yaml:"interval"`
	Input    []input           `yaml:"input_series"`
	External map[string]string `yaml:"external_labels,omitempty"`
	URL      string            `yaml:"external_url,omitempty"`

	evaluations int
	step        time.Duration // between two evaluations
}

type input struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// testFile holds the keys of a file of series. Others, such as expectations, are ignored.
type testFile struct {
	Rules      []string       `yaml:"rule_files"` // only in testdata/own
	Evaluation model.Duration `yaml:"evaluation_interval"`
	Tests      []test         `yaml:"tests"`

	// those of testdata/field
	Interval model.Duration `yaml:"interval"`
	Input    []input        `yaml:"input_series"`
}

const (
	rulesDir = "../../rulefile/testdata/rules/"
	fieldDir = "../../../testdata/field/"
)

// fieldCases are the cases of real clusters that the node rules run over.
var fieldCases = []string{
	"activefile", "boot_full", "notready_flap", "slow_crashloop",
}

// suites returns all suites.
func suites(t *testing.T) []suite {
	t.Helper()
	all := append(glob(t, rulesDir+"kube-prometheus_*.yaml"), glob(t, rulesDir+"awesome_*.yaml")...)
	var out []suite
	for _, f := range glob(t, "testdata/mixin/*.yaml") {
		out = append(out, read(t, f, all, time.Minute, 0))
	}
	for _, f := range glob(t, "testdata/own/*_series.yml") {
		own := read(t, f, []string{strings.ReplaceAll(f, "_series", "_rules")}, time.Minute, 0)
		own.brief = strings.HasPrefix(own.name, "every")
		out = append(out, own)
	}
	for _, f := range all {
		name, _, _ := strings.Cut(filepath.Base(f), ".")
		out = append(out, generated(t, "generated_"+name, f))
	}
	for i, name := range fieldCases {
		field := read(t, fieldDir+name+".yaml", all, 15*time.Minute, 30)
		field.whole = i == 0 // without series they have no alerts
		out = append(out, field)
	}
	return out
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: got no files (error %v), want some", pattern, err)
	}
	slices.Sort(files)
	return files
}

// read reads a file of series. most, if not 0, is the most evaluations.
func read(t *testing.T, file string, rules []string, step time.Duration, most int) suite {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var f testFile
	if err := yaml.Unmarshal(data, &f); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if len(f.Input) > 0 {
		f.Tests = append(f.Tests, test{Interval: f.Interval, Input: f.Input})
	}
	if f.Evaluation > 0 && most == 0 {
		step = time.Duration(f.Evaluation)
	}
	if dir := filepath.Dir(file); filepath.Base(dir) == "own" && len(f.Rules) > 0 {
		rules = nil
		for _, name := range f.Rules {
			rules = append(rules, filepath.Join(dir, name))
		}
	}
	s := suite{name: strings.Split(filepath.Base(file), ".")[0], rules: rules}
	for i, tt := range f.Tests {
		// a name for -run and the goldens
		tt.Name = fmt.Sprintf("%02d %s", i+1, tt.Name)
		tt.step = step
		tt.evaluations = tt.length(t)
		if most > 0 {
			tt.evaluations = min(tt.evaluations, most)
		}
		s.tests = append(s.tests, tt)
	}
	return s
}

var repeat = regexp.MustCompile(`x(\d+)`)

// length returns how many evaluations a test needs to see all samples, and 6 minutes more: then no
// sample is left.
func (tt *test) length(t *testing.T) int {
	t.Helper()
	longest := 0
	for i, in := range tt.Input {
		// the mixin's name of a job is not that of kube-prometheus
		tt.Input[i].Series = strings.ReplaceAll(in.Series, `job="ksm"`, `job="kube-state-metrics"`)
		n := 0
		for _, field := range strings.Fields(in.Values) {
			n++
			if m := repeat.FindStringSubmatch(field); m != nil {
				var times int
				if _, err := fmt.Sscan(m[1], &times); err != nil {
					t.Fatal(err)
				}
				n += times
			}
		}
		longest = max(longest, n)
	}
	d := time.Duration(longest)*time.Duration(tt.Interval) + 6*time.Minute
	return int(d/tt.step) + 1
}

// parse reads rule files with promsnap's parser. Groups of the same name in several files get
// different names, because promtool orders groups by name.
func parse(t *testing.T, files []string) []rulefile.Group {
	t.Helper()
	var all []rulefile.Group
	seen := map[string]int{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		groups, err := rulefile.Parse(f, data)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range groups {
			if seen[g.Name]++; seen[g.Name] > 1 {
				g.Name = fmt.Sprintf("%s %d", g.Name, seen[g.Name])
			}
			all = append(all, g)
		}
	}
	// each rule after those that it needs, so that all see the same evaluation
	slices.SortStableFunc(all, func(a, b rulefile.Group) int { return turn(a) - turn(b) })
	return all
}

// turn returns 0 for a group of recording rules, 1 for one of alerting rules, and 2 for one that
// reads the alerts of others.
func turn(g rulefile.Group) int {
	turn := 0
	for _, r := range g.Rules {
		switch {
		case strings.Contains(r.Expr, "ALERTS"):
			return 2
		case r.Alert != "":
			turn = 1
		}
	}
	return turn
}
