//go:build acceptance

package rulefiles

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promsnap/promsnap/internal/rulefile"
)

// failing are rules whose evaluation fails once the gauges of a and b are above 10.
const failing = `groups:
- name: over its limit
  limit: 1
  rules:
  - {alert: Over, expr: gauge > 10, for: 3m}
- name: over its limit with kept alerts
  limit: 1
  rules:
  - {alert: Kept, expr: 'gauge{instance="a"} > 10 or gauge{instance="b"} > 100', keep_firing_for: 9m}
- name: duplicates
  rules:
  - {alert: Duplicates, expr: gauge > 10, labels: {instance: ""}}
- name: duplicates by templates
  rules:
  - {alert: Templates, expr: gauge > 10, labels: {instance: '{{ printf "%.0f" $value }}'}}
- name: duplicates that are not a number
  rules:
  - {alert: NotNumbers, expr: 0 / gauge * 0 > 1 or gauge / 0 * 0, labels: {instance: x}}
`

var promtoolFailure = regexp.MustCompile(`rule: (.*), time: (.*), err: (.*)`)

// TestPromtoolFails compares the first evaluation of a rule that fails with that of promtool, which
// ends a test there.
func TestPromtoolFails(t *testing.T) {
	promtool, dir := promtool(t), t.TempDir()
	path := filepath.Join(dir, "rules.yml")
	if err := os.WriteFile(path, []byte(failing), 0o600); err != nil {
		t.Fatal(err)
	}
	tt := test{
		Name: "failures", Interval: model.Duration(time.Minute), step: time.Minute, evaluations: 20,
		Input: []input{
			{`gauge{instance="a"}`, "5 5 20 20 20 5 20 20 50 5 5 20 20x10"},
			{`gauge{instance="b"}`, "5 20 5 5 5 5 30 20 500 5x10"},
		},
	}
	all, raw := parse(t, []string{path}), rawGroups(t, []string{path})
	for _, g := range all {
		server := newServer(t, []rulefile.Group{g}, tt, true)
		server.run()
		r := server.groups[0].rules[0]
		if len(r.result.Failures) == 0 {
			t.Errorf("%s: got no failure, want one", r.Alert)
			continue
		}
		first := r.result.Failures[0]
		want := fmt.Sprintf("%s %s %s", r.Alert, first.From.Sub(epoch), map[rulefile.Reason]string{
			rulefile.Duplicate: "vector contains metrics with the same labelset after applying " +
				"alert labels",
			rulefile.LimitExceeded: fmt.Sprintf("exceeded limit of %d with %d alerts", g.Limit,
				first.Alerts),
		}[first.Reason])
		writeYAML(t, path, server.chosen(raw))
		file := filepath.Join(dir, "test.yml")
		writeYAML(t, file, unitTests{
			Rules: []string{"rules.yml"}, Evaluation: model.Duration(tt.step),
			Tests: []unitTest{{test: tt, Exprs: []exprTest{{Expr: "vector(0) > 1", At: 1140e9}}}},
		})
		out, _ := exec.Command(promtool, "test", "rules", file).CombinedOutput()
		got := "no failure"
		if m := promtoolFailure.FindStringSubmatch(string(out)); m != nil {
			got = fmt.Sprintf("%s %s %s", m[1], m[2], m[3])
		}
		if got != want {
			t.Errorf("%s: promtool says %s, we say %s\n%.2000s", g.Name, got, want, out)
		}
	}
}
