//go:build acceptance

package acceptance

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestChartWatched checks that each active CronJob has an alert, with the delay that its schedule
// or the values give.
func TestChartWatched(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags []string
		want  map[string]string // report: seconds
	}{
		"quickstart": {set(quickstart), map[string]string{"check": "900",
			"daily": "93600"}},
		"another time of day": {set(quickstart, "reports.daily.schedule=30 7 * * *"),
			map[string]string{"check": "900", "daily": "93600"}},
		"another schedule": {set(quickstart, "reports.daily.schedule=0 9 * * 1",
			"jobs.daily.alertAfterSeconds=612000"),
			map[string]string{"check": "900", "daily": "612000"}},
		"default for all": {set(quickstart, "reports.daily.schedule=0 9 * * 1",
			"jobDefaults.alertAfterSeconds=1209600"),
			map[string]string{"check": "1209600", "daily": "1209600"}},
		"no alert for one report": {set(quickstart, "jobs.check.alertAfterSeconds=0"),
			map[string]string{"daily": "93600"}},
		"suspended": {set(quickstart, "jobs.check.suspend=true"),
			map[string]string{"daily": "93600"}},
		"suspended, unusual schedule": {set(quickstart, "jobs.daily.suspend=true",
			"reports.daily.schedule=0 9 * * 1"), map[string]string{"check": "900"}},
		"all suspended": {set(quickstart, "jobDefaults.suspend=true"), nil},
		"report without a schedule": {set(quickstart, "reports.month.send=summary"),
			map[string]string{"check": "900", "daily": "93600"}},
		"own config": {[]string{"--set-file", "config=testdata/helm-whole.yaml", "--set",
			"jobs.hourly.alertAfterSeconds=7500"}, map[string]string{"hourly": "7500"}},
		"own config, no alert": {[]string{"--set-file", "config=testdata/helm-whole.yaml", "--set",
			"jobs.hourly.alertAfterSeconds=0"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := parseObjects(t, render(t, append(c.flags, "--set",
				"prometheusRule.enabled=true")...))["PrometheusRule/promsnap"]
			rules, _ := o.at("spec.groups.0.rules").([]any)
			var got map[string]string
			for _, r := range rules {
				rule := object(r.(map[string]any))
				if got == nil {
					got = map[string]string{}
				}
				_, got[rule.at("labels.report").(string)],
					_ = strings.Cut(rule.at("expr").(string), "> ")
			}
			if !maps.Equal(got, c.want) || (o == nil) != (c.want == nil) {
				t.Errorf("the alerts are %v, want %v", got, c.want)
			}
		})
	}
}

// TestChartAlerts checks the rules with promtool and runs them over CronJobs that never succeeded,
// that stopped succeeding, and that succeed.
func TestChartAlerts(t *testing.T) {
	o := parseObjects(t, render(t, set(quickstart, "prometheusRule.enabled=true")...)).get(t,
		"PrometheusRule/promsnap")
	o.is(t, "spec.groups.0.rules.0.expr", `time() - max by (namespace,cronjob) (kube_cronjob_status_last_successful_time{cronjob="promsnap-check"} or kube_cronjob_created{cronjob="promsnap-check"}) > 900`)
	o.is(t, "spec.groups.0.rules.1.expr", `time() - max by (namespace,cronjob) (kube_cronjob_status_last_successful_time{cronjob="promsnap-daily"} or kube_cronjob_created{cronjob="promsnap-daily"}) > 93600`)
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(rules, []byte(asJSON(t, o.at("spec"))), 0o644); err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("testdata/helm-alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tests.yaml"), tests, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", rules},
		{"test", "rules", filepath.Join(dir, "tests.yaml")}} {
		if out, err := exec.Command(installed(t, "promtool"),
			args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v, want no error\n%s", strings.Join(args, " "), err, out)
		}
	}
}
