//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const chartDir = "../../deploy/helm/promsnap"

// quickstart holds the values of the README's one command.
const quickstart = "cluster=prod-seoul,timeZone=Asia/Seoul,slack.channel=C012," +
	"slack.existingSecret=promsnap-slack"

// helm runs helm and returns its two outputs.
func helm(t testing.TB, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(installed(t, "helm"), args...)
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home,
		"HELM_DATA_HOME="+home)
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

// render renders the chart as the release promsnap in the namespace monitoring-tools.
func render(t testing.TB, flags ...string) []byte {
	t.Helper()
	args := append([]string{"template", "promsnap", chartDir, "--namespace", "monitoring-tools"},
		flags...)
	stdout, stderr, err := helm(t, args...)
	if err != nil {
		t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, stderr)
	}
	return []byte(stdout)
}

// set returns values as --set flags.
func set(values ...string) []string {
	var out []string
	for _, v := range values {
		out = append(out, "--set", v)
	}
	return out
}

// chartValues are sets of values, each with objects that the manifest must have and must not have.
var chartValues = map[string]struct {
	flags    []string
	has, not []string // objects, by KIND/NAME
}{
	"quickstart": {
		flags: set(quickstart),
		has: []string{"CronJob/promsnap-check", "CronJob/promsnap-daily", "ServiceAccount/promsnap",
			"Role/promsnap", "RoleBinding/promsnap",
			"ClusterRole/monitoring-tools-promsnap", "ConfigMap/promsnap-state",
			"Pod/promsnap-test"},
		not: []string{
			"NetworkPolicy/promsnap", "PrometheusRule/promsnap", "Role/monitoring-tools-promsnap",
		},
	},
	"url": {
		flags: set(quickstart, "prometheus.url=http://prometheus-server.monitoring.svc",
			"prometheus.max_series=1000000", "kubernetes.nodes=false"),
		not: []string{
			"ClusterRole/monitoring-tools-promsnap", "ClusterRoleBinding/monitoring-tools-promsnap",
			"Role/monitoring-tools-promsnap",
		},
	},
	"service": {
		flags: set(quickstart, "kubernetes.service=monitoring/prometheus-server:80"),
		has:   []string{"ClusterRole/monitoring-tools-promsnap"},
		not:   []string{"Role/monitoring-tools-promsnap", "RoleBinding/monitoring-tools-promsnap"},
	},
	"service through the API server": {
		flags: set(quickstart, "kubernetes.service=monitoring/prometheus-server:80",
			"rbac.serviceProxy=true"),
		has: []string{
			"Role/monitoring-tools-promsnap", "RoleBinding/monitoring-tools-promsnap",
			"ClusterRole/monitoring-tools-promsnap",
		},
	},
	"s3": {
		flags: set("cluster=prod-seoul", "prometheus.url=http://prometheus", "s3.bucket=reports",
			"s3.region=eu-west-1", "state.store=s3",
			`serviceAccount.annotations.eks\.amazonaws\.com/role-arn=arn:aws:iam::1:role/promsnap`),
		not: []string{"ConfigMap/promsnap-state"},
	},
	"s3 and slack": {
		flags: set(quickstart, "prometheus.url=http://prometheus", "s3.bucket=reports",
			"s3.endpoint=https://minio.example.com", "s3.pathStyle=true",
			"s3.existingSecret=minio", "s3.publicURL=https://reports.example.com"),
	},
	"webhook": {
		flags: set("cluster=c", "prometheus.url=http://prometheus",
			"slackWebhook.existingSecret=hook"),
	},
	"Alertmanager only, which gets no summary": {
		flags: append(set("cluster=c", "prometheus.url=http://prometheus",
			"prometheusRule.enabled=true"), "--set-json",
			`receivers=[{"name":"am","alertmanager":{"url":"http://alertmanager:9093"}}]`),
		has: []string{"CronJob/promsnap-check", "PrometheusRule/promsnap"},
		not: []string{"CronJob/promsnap-daily"},
	},
	"Alertmanager, report without a schedule": {
		flags: append(set(quickstart, "prometheus.url=http://prometheus", "reports.month.range=30d",
			"reports.month.send=summary"), "--set-json",
			`receivers=[{"name":"am","alertmanager":{"url":"http://alertmanager:9093"}}]`),
		not: []string{"CronJob/promsnap-month"},
	},
	"webhook only": {
		flags: append(set("cluster=c", "prometheus.url=http://prometheus"), "--set-json",
			`receivers=[{"name":"own","webhook":{"url":"https://own.example.com"}}]`),
		has: []string{"CronJob/promsnap-check", "CronJob/promsnap-daily"},
	},
	"Pushgateway only": {
		flags: append(set("cluster=c", "prometheus.url=http://prometheus"), "--set-json",
			`receivers=[{"name":"push","pushgateway":{"url":"http://pushgateway:9091"}}]`),
		has: []string{"CronJob/promsnap-check", "CronJob/promsnap-daily"},
	},
	"S3 only": {
		flags: set("cluster=c", "prometheus.url=http://prometheus", "s3.bucket=reports",
			"s3.region=eu-west-1"),
		has: []string{"CronJob/promsnap-check", "CronJob/promsnap-daily"},
	},
	"more receivers": {flags: append(set(quickstart, "prometheus.url=http://prometheus"),
		"--set-json",
		`receivers=[{"name":"alertmanager","alertmanager":{"url":"http://alertmanager:9093"}},
			{"name":"oncall","slack_webhook":{"url_env":"SLACK_WEBHOOK_URL"},"min_severity":"critical","mute_time_intervals":["nights"]}]`,
		"--set-json",
		`time_intervals=[{"name":"nights","time_intervals":[{"times":[{"start_time":"00:00","end_time":"06:00"}]}]}]`,
		"--set-json",
		`extraEnv=[{"name":"SLACK_WEBHOOK_URL","valueFrom":{"secretKeyRef":{"name":"hook","key":"url"}}}]`,
	)},
	"no check": {
		flags: set(quickstart, "prometheus.url=http://prometheus", "reports.check=null"),
		not:   []string{"CronJob/promsnap-check"},
	},
	"another report": {
		flags: set(quickstart, "prometheus.url=http://prometheus",
			"reports.weekly.schedule=0 8 * * mon", "reports.weekly.range=7d",
			"reports.weekly.send=summary", "jobs.weekly.backoffLimit=0",
			"jobs.weekly.suspend=true"),
		has: []string{"CronJob/promsnap-weekly"},
	},
	"everything": {
		flags: append(set(quickstart, "prometheus.url=http://prometheus",
			"networkPolicy.enabled=true", "prometheusRule.enabled=true",
			"prometheusRule.labels.release=kps", "image.digest=sha256:"+strings.Repeat("a", 64),
			"imagePullSecrets[0].name=pull", "priorityClassName=high",
			`nodeSelector.kubernetes\.io/arch=arm64`, "tolerations[0].operator=Exists",
			"podAnnotations.a=b", "serviceAccount.name=other", "language=ko",
			"extraVolumes[0].name=ca", "extraVolumes[0].secret.secretName=ca",
			"extraVolumeMounts[0].name=ca", "extraVolumeMounts[0].mountPath=/etc/ca"),
			"--set-string", `podLabels.azure\.workload\.identity/use=true`, "--set-json",
			`affinity={"nodeAffinity":{}}`, "--set-json",
			`networkPolicy.egress=[{"to":[{"namespaceSelector":{}}]}]`),
		has: []string{"NetworkPolicy/promsnap", "PrometheusRule/promsnap", "ServiceAccount/other"},
	},
	"no objects of its own": {
		flags: set(quickstart, "prometheus.url=http://prometheus", "serviceAccount.create=false",
			"serviceAccount.name=mine", "rbac.create=false"),
		not: []string{"ServiceAccount/mine", "ServiceAccount/promsnap", "Role/promsnap",
			"RoleBinding/promsnap", "ClusterRole/monitoring-tools-promsnap",
			"ClusterRoleBinding/monitoring-tools-promsnap"},
	},
	"default account without rights": {
		flags: set(quickstart, "prometheus.url=http://prometheus", "serviceAccount.create=false",
			"rbac.create=false"),
		not: []string{"ServiceAccount/default", "Role/promsnap"},
	},
	"a dashboard, as text and as YAML": {
		flags: slices.Concat(
			set(quickstart, "reports.daily.dashboard.file=dashboards/1860.json",
				"reports.daily.dashboard.variables.job=node-exporter",
				"reports.check.dashboard.file=dashboards/up.json", "dashboards.none=null"),
			[]string{
				"--set-file", "dashboards.1860=../config/testdata/dashboards/1860.json",
				"--set-json", `dashboards.up={"panels":[{"type":"stat","title":"<Up> & {{ x }}",` +
					`"targets":[{"expr":"up"}]}]}`,
				"--set-json", `reports.daily.rules={"RAM Used":[{"alertname":"RamHigh",` +
					`"above":{"warning":"80%"},"for":"15m"}]}`,
			}),
		has: []string{"ConfigMap/promsnap-dashboard-1860", "ConfigMap/promsnap-dashboard-up"},
		not: []string{"ConfigMap/promsnap-dashboard-none"},
	},
	"a config without a schedule": {
		flags: []string{
			"--set-string",
			"config=version: 1\nkubernetes: {}\nreports:\n  - name: month\n    range: 30d",
		},
		not: []string{"CronJob/promsnap-month"},
	},
	"own config": {
		flags: []string{
			"--set-file", "config=testdata/helm-whole.yaml", "--set",
			"slack.existingSecret=promsnap-slack",
		},
		has: []string{
			"CronJob/promsnap-hourly", "ConfigMap/memory", "ClusterRole/monitoring-tools-promsnap",
		},
		not: []string{
			"CronJob/promsnap-check", "CronJob/promsnap-by-hand", "ConfigMap/promsnap-state",
			"Role/monitoring-tools-promsnap",
		},
	},
}

// TestChart lints and renders the chart with all of chartValues, checks the result against the
// schemas, and lets promsnap check its own file.
func TestChart(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(chartValues)) {
		c := chartValues[name]
		t.Run(name, func(t *testing.T) {
			if stdout, stderr, err := helm(t, append([]string{"lint", "--strict", chartDir},
				c.flags...)...); err != nil {
				t.Errorf("helm lint: got %v, want no error\n%s%s", err, stdout, stderr)
			}
			manifest := render(t, c.flags...)
			conform(t, manifest)
			all := parseObjects(t, manifest)
			for _, id := range c.has {
				all.get(t, id)
			}
			for _, id := range c.not {
				if all[id] != nil {
					t.Errorf("the manifest has %s, want none", id)
				}
			}
			checkConfig(t, all, "promsnap-config")
			testNotes(t, all, c.flags)
		})
	}
}

// testNotes compares the notes after an installation with the manifest. The CronJob that they
// suggest must exist.
func testNotes(t *testing.T, all objects, flags []string) {
	t.Helper()
	stdout, stderr, err := helm(t, append([]string{
		"install", "promsnap", chartDir, "--namespace", "monitoring-tools", "--dry-run=client",
	}, flags...)...)
	if err != nil {
		t.Fatalf("helm install --dry-run=client: %v\n%s", err, stderr)
	}
	_, notes, _ := strings.Cut(stdout, "NOTES:\n")
	says(t, notes, "helm test promsnap -n monitoring-tools --logs\n")
	cronjobs := 0
	for id := range all {
		if name, ok := strings.CutPrefix(id, "CronJob/"); ok {
			cronjobs++
			says(t, notes, "  "+name+"  ")
		}
	}
	_, rest, try := strings.Cut(notes, "--from=cronjob/")
	name, _, _ := strings.Cut(rest, "\n")
	if try != (cronjobs > 0) || try && all["CronJob/"+name] == nil {
		t.Errorf("the notes suggest %[2]q, want one of the %[1]d CronJobs:\n%[3]s", cronjobs, name,
			notes)
	}
}

// TestChartSchedule checks the two CronJobs of the one command.
func TestChartSchedule(t *testing.T) {
	all := parseObjects(t, render(t, set(quickstart)...))
	for _, c := range []struct {
		name, schedule    string
		starting, timeout int
	}{{"check", "*/5 * * * *", 200, 180}, {"daily", "0 9 * * *", 21600, 600}} {
		o := all.get(t, "CronJob/promsnap-"+c.name)
		o.is(t, "spec.schedule", c.schedule)
		o.is(t, "spec.timeZone", "Asia/Seoul")
		o.is(t, "spec.concurrencyPolicy", "Forbid")
		o.is(t, "spec.startingDeadlineSeconds", c.starting)
		o.is(t, "spec.successfulJobsHistoryLimit", 3)
		o.is(t, "spec.failedJobsHistoryLimit", 3)
		o.is(t, "spec.jobTemplate.spec.activeDeadlineSeconds", c.timeout+60)
		o.is(t, "spec.jobTemplate.spec.podFailurePolicy.rules.0.action", "FailJob")
		o.is(t, "spec.jobTemplate.spec.podFailurePolicy.rules.0.onExitCodes", map[string]any{
			"containerName": "promsnap", "operator": "In", "values": []int{2},
		})
		o.is(t, "spec.jobTemplate.spec.podFailurePolicy.rules.1", map[string]any{
			"action": "Ignore", "onPodConditions": []any{
				map[string]any{"type": "DisruptionTarget"},
			},
		})
		const pod = "spec.jobTemplate.spec.template.spec."
		o.is(t, pod+"restartPolicy", "Never")
		o.is(t, pod+"serviceAccountName", "promsnap")
		o.is(t, pod+"containers.0.args",
			[]string{"run", c.name, "--config", "/etc/promsnap/promsnap.yaml", "--deliver",
				"--log-format", "json",
				"--timeout", fmt.Sprintf("%ds", c.timeout)})
		o.is(t, pod+"securityContext.runAsUser", 65532)
		o.is(t, pod+"containers.0.securityContext",
			map[string]any{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
				"capabilities": map[string]any{"drop": []string{"ALL"}}})
	}
	// Later Jobs must use the new configuration.
	checksum := func(flags ...string) any {
		o := parseObjects(t, render(t, flags...)).get(t, "CronJob/promsnap-check")
		annotations := o.at("spec.jobTemplate.spec.template.metadata.annotations")
		return annotations.(map[string]any)["checksum/config"]
	}
	if a, b := checksum(set(quickstart)...), checksum(set(quickstart, "language=ko")...); a == b {
		t.Errorf("the checksum of another configuration is %v, want a different one", a)
	}
}
