//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const chartDir = "../../deploy/helm/promsnap"

// quickstart are the values of the README's one command.
const quickstart = "cluster=prod-seoul,timeZone=Asia/Seoul,slack.channel=C012,slack.existingSecret=promsnap-slack"

// helm runs helm and returns what it says on its two outputs.
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

// render has helm render the chart as the release promsnap in the namespace monitoring-tools.
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

// set gives values as --set has them.
func set(values ...string) []string {
	var out []string
	for _, v := range values {
		out = append(out, "--set", v)
	}
	return out
}

// chartValues are values that somebody may give, and what is in the manifest then and is not.
var chartValues = map[string]struct {
	flags    []string
	has, not []string // objects, by KIND/NAME
}{
	"quickstart": {
		flags: set(quickstart),
		has: []string{"CronJob/promsnap-check", "CronJob/promsnap-daily", "ServiceAccount/promsnap", "Role/promsnap", "RoleBinding/promsnap",
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
	"an Alertmanager alone, which takes no summary": {
		flags: append(set("cluster=c", "prometheus.url=http://prometheus",
			"prometheusRule.enabled=true"), "--set-json",
			`receivers=[{"name":"am","alertmanager":{"url":"http://alertmanager:9093"}}]`),
		has: []string{"CronJob/promsnap-check", "PrometheusRule/promsnap"},
		not: []string{"CronJob/promsnap-daily"},
	},
	"an Alertmanager, and a report that nothing makes by itself": {
		flags: append(set(quickstart, "prometheus.url=http://prometheus", "reports.month.range=30d",
			"reports.month.send=summary"), "--set-json",
			`receivers=[{"name":"am","alertmanager":{"url":"http://alertmanager:9093"}}]`),
		not: []string{"CronJob/promsnap-month"},
	},
	"a webhook alone": {
		flags: append(set("cluster=c", "prometheus.url=http://prometheus"), "--set-json",
			`receivers=[{"name":"own","webhook":{"url":"https://own.example.com"}}]`),
		has: []string{"CronJob/promsnap-check", "CronJob/promsnap-daily"},
	},
	"a Pushgateway alone": {
		flags: append(set("cluster=c", "prometheus.url=http://prometheus"), "--set-json",
			`receivers=[{"name":"push","pushgateway":{"url":"http://pushgateway:9091"}}]`),
		has: []string{"CronJob/promsnap-check", "CronJob/promsnap-daily"},
	},
	"S3 alone": {
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
	"nothing of its own": {
		flags: set(quickstart, "prometheus.url=http://prometheus", "serviceAccount.create=false",
			"serviceAccount.name=mine", "rbac.create=false"),
		not: []string{"ServiceAccount/mine", "ServiceAccount/promsnap", "Role/promsnap", "RoleBinding/promsnap", "ClusterRole/monitoring-tools-promsnap",
			"ClusterRoleBinding/monitoring-tools-promsnap"},
	},
	"the namespace's own account, without rights": {
		flags: set(quickstart, "prometheus.url=http://prometheus", "serviceAccount.create=false",
			"rbac.create=false"),
		not: []string{"ServiceAccount/default", "Role/promsnap"},
	},
	"a whole config without a schedule": {
		flags: []string{
			"--set-string",
			"config=version: 1\nkubernetes: {}\nreports:\n  - name: month\n    range: 30d",
		},
		not: []string{"CronJob/promsnap-month"},
	},
	"whole config": {
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

// TestChart lints and renders the chart over the matrix, holds what comes out against the schemas,
// and has promsnap check its own file.
func TestChart(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(chartValues)) {
		c := chartValues[name]
		t.Run(name, func(t *testing.T) {
			if stdout, stderr, err := helm(t, append([]string{"lint", "--strict", chartDir},
				c.flags...)...); err != nil {
				t.Errorf("helm lint: %v\n%s%s", err, stdout, stderr)
			}
			manifest := render(t, c.flags...)
			conform(t, manifest)
			all := parseObjects(t, manifest)
			for _, id := range c.has {
				all.get(t, id)
			}
			for _, id := range c.not {
				if all[id] != nil {
					t.Errorf("there is a %s", id)
				}
			}
			checkConfig(t, all, "promsnap-config")
			testNotes(t, all, c.flags)
		})
	}
}

// testNotes holds what is said after an installation against the manifest: the CronJob to try is
// one that there is.
func testNotes(t *testing.T, all objects, flags []string) {
	t.Helper()
	said, stderr, err := helm(t, append([]string{
		"install", "promsnap", chartDir, "--namespace", "monitoring-tools", "--dry-run=client",
	}, flags...)...)
	if err != nil {
		t.Fatalf("helm install --dry-run=client: %v\n%s", err, stderr)
	}
	_, notes, _ := strings.Cut(said, "NOTES:\n")
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
		t.Errorf("there are %d CronJobs, and the notes say to try %q:\n%s", cronjobs, name, notes)
	}
}

// TestChartSchedule holds the two CronJobs of the one command against what was promised.
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
			[]string{"run", c.name, "--config", "/etc/promsnap/promsnap.yaml", "--deliver", "--log-format", "json",
				"--timeout", fmt.Sprintf("%ds", c.timeout)})
		o.is(t, pod+"securityContext.runAsUser", 65532)
		o.is(t, pod+"containers.0.securityContext",
			map[string]any{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
				"capabilities": map[string]any{"drop": []string{"ALL"}}})
	}
	// The Jobs that are made next have the new configuration.
	checksum := func(flags ...string) any {
		o := parseObjects(t, render(t, flags...)).get(t, "CronJob/promsnap-check")
		return o.at("spec.jobTemplate.spec.template.metadata.annotations").(map[string]any)["checksum/config"]
	}
	if a, b := checksum(set(quickstart)...), checksum(set(quickstart, "language=ko")...); a == b {
		t.Errorf("another configuration has the same checksum %v", a)
	}
}

// TestChartSecurity: OpenShift's own users are not overridden, null takes a key away, and
// runAsNonRoot stays.
func TestChartSecurity(t *testing.T) {
	const pod = "spec.jobTemplate.spec.template.spec.securityContext"
	seccomp := map[string]any{"type": "RuntimeDefault"}
	for _, c := range []struct {
		flags []string
		want  map[string]any
	}{
		{append(set(quickstart), "--api-versions", "security.openshift.io/v1"), map[string]any{"runAsNonRoot": true, "seccompProfile": seccomp}},
		{append(set(quickstart, "podSecurityContext.runAsUser=1000700000"), "--api-versions", "security.openshift.io/v1"),
			map[string]any{"runAsNonRoot": true, "runAsUser": 1000700000, "seccompProfile": seccomp}},
		{set(quickstart, "podSecurityContext.runAsUser=null", "podSecurityContext.runAsNonRoot=null"),
			map[string]any{"runAsNonRoot": true, "runAsGroup": 65532, "fsGroup": 65532, "seccompProfile": seccomp}},
	} {
		parseObjects(t, render(t, c.flags...)).get(t, "CronJob/promsnap-check").is(t, pod, c.want)
	}
	all := parseObjects(t, render(t, set(quickstart, `podAnnotations.sidecar\.istio\.io/inject=off`, "global.imageRegistry=registry.example.com/mirror")...))
	all.get(t, "Pod/promsnap-test").is(t, "metadata.annotations", map[string]any{
		"helm.sh/hook": "test", "helm.sh/hook-delete-policy": "before-hook-creation", "sidecar.istio.io/inject": "off",
	})
	image, _ := all.get(t, "Pod/promsnap-test").at("spec.containers.0.image").(string)
	if want := "registry.example.com/mirror/promsnap/promsnap:"; !strings.HasPrefix(image, want) {
		t.Errorf("got the image %s, want one that begins with %s", image, want)
	}
}

// TestChartValues looks for what single values change.
func TestChartValues(t *testing.T) {
	t.Run("0 and false count", func(t *testing.T) {
		o := parseObjects(t, render(t, set(quickstart, "jobs.check.backoffLimit=0", "jobs.check.successfulJobsHistoryLimit=0", "jobDefaults.suspend=true",
			"jobs.daily.suspend=false")...))
		check, daily := o.get(t, "CronJob/promsnap-check"), o.get(t, "CronJob/promsnap-daily")
		check.is(t, "spec.jobTemplate.spec.backoffLimit", 0)
		check.is(t, "spec.successfulJobsHistoryLimit", 0)
		check.is(t, "spec.suspend", true)
		daily.is(t, "spec.suspend", false)
	})
	t.Run("one namespace", func(t *testing.T) {
		o := parseObjects(t, render(t, set(quickstart, "kubernetes.namespace=monitoring")...))
		o.get(t, "ConfigMap/promsnap-state").is(t, "metadata.namespace", "monitoring-tools")
		o.get(t, "Role/promsnap").is(t, "rules.1.resourceNames", []string{"promsnap-state"})
	})
	t.Run("a whole configuration that leaves the state to promsnap", func(t *testing.T) {
		o := parseObjects(t, render(t, "--set-string", "config=kubernetes:\n  namespace: monitoring"))
		o.get(t, "ConfigMap/promsnap-state").is(t, "metadata.namespace", "monitoring")
		o.get(t, "Role/monitoring-tools-promsnap").is(t, "rules.0.resourceNames", []string{"promsnap-state"})
	})
	t.Run("name", func(t *testing.T) {
		long := strings.Repeat("x", 52)
		stdout, stderr, err := helm(t, append([]string{"template", long, chartDir}, set(quickstart, "reports.a-report-of-21-letter.schedule=0 0 * * *",
			"reports.a-report-of-21-letter.send=summary")...)...)
		if err != nil {
			t.Fatal(stderr)
		}
		for id, o := range parseObjects(t, []byte(stdout)) {
			if name := o.at("metadata.name").(string); o.at("kind") == "CronJob" && len(name) > 52 {
				t.Errorf("%s: %d characters, and Kubernetes takes 52", id, len(name))
			}
		}
	})
	t.Run("workload identity", func(t *testing.T) {
		o := parseObjects(t, render(t, set(quickstart, `serviceAccount.annotations.eks\.amazonaws\.com/role-arn=arn:aws:iam::1:role/promsnap`)...))
		o.get(t, "ServiceAccount/promsnap").is(t, "metadata.annotations", map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/promsnap"})
	})
}

// TestChartServices looks for what promsnap may do with Services, which is as little as the way to
// Prometheus takes.
func TestChartServices(t *testing.T) {
	list := map[string]any{"apiGroups": []string{""}, "resources": []string{"services"}, "verbs": []string{"list"}}
	proxy := func(names ...string) map[string]any {
		rule := map[string]any{"apiGroups": []string{""}, "resources": []string{"services/proxy"}, "verbs": []string{"get", "create"}}
		if len(names) > 0 {
			rule["resourceNames"] = names
		}
		return rule
	}
	const one, through = "kubernetes.service=monitoring/https:prometheus:9091/prefix", "rbac.serviceProxy=true"
	for name, c := range map[string]struct {
		values       []string
		cluster, own []any // the rules of the cluster's role, and of the role in monitoring
	}{
		"looking for it": {nil, []any{list}, nil},
		"looking for it, and through the API server": {[]string{through}, []any{list, proxy()}, nil},
		"in one namespace":                           {[]string{"kubernetes.namespace=monitoring"}, nil, []any{list}},
		"in one namespace, and through":              {[]string{"kubernetes.namespace=monitoring", through}, nil, []any{list, proxy()}},
		"one Service":                                {[]string{one}, nil, nil},
		"one Service, through":                       {[]string{one, through}, nil, []any{proxy("https:prometheus:9091")}},
		"a port's name, through":                     {[]string{"kubernetes.service=monitoring/prometheus:web", through}, nil, []any{proxy("prometheus:web")}},
		"an address":                                 {[]string{"prometheus.url=http://prometheus", through}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			all := parseObjects(t, render(t, set(append(c.values, quickstart, "kubernetes.nodes=false")...)...))
			for id, want := range map[string][]any{"ClusterRole/monitoring-tools-promsnap": c.cluster, "Role/monitoring-tools-promsnap": c.own} {
				if want == nil {
					if all[id] != nil {
						t.Errorf("there is a %s: %s", id, asJSON(t, all[id]["rules"]))
					}
					continue
				}
				all.get(t, id).is(t, "rules", want)
			}
			if c.own != nil {
				all.get(t, "Role/monitoring-tools-promsnap").is(t, "metadata.namespace", "monitoring")
			}
			all.get(t, "Role/promsnap").is(t, "rules.2", nil)
		})
	}
}

// TestChartNetworkPolicy: the ports of all that promsnap.yaml has the addresses of are open, beside
// those of the values, and each is there once.
func TestChartNetworkPolicy(t *testing.T) {
	for values, want := range map[string][]int{
		"": nil,
		"kubernetes.service=monitoring/prometheus-server:80":                                                                      {80},
		"kubernetes.service=monitoring/https:prometheus:9090/prefix-1":                                                            nil,
		"kubernetes.service=monitoring/vmselect:8481/select/0":                                                                    {8481},
		"prometheus.url=http://p":                                                                                                 {80},
		"prometheus.url=https://p/prefix:1":                                                                                       nil,
		"prometheus.url=http://p:8080/prefix":                                                                                     {8080},
		"prometheus.url=http://[fd00::1]:8428":                                                                                    {8428},
		"prometheus.url=http://p,prometheus.external_url=http://p:8":                                                              {80},
		"prometheus.http_config.proxy_url=http://proxy:3128":                                                                      {3128},
		"prometheus.http_config.oauth2.token_url=http://login:8081/t":                                                             {8081},
		"s3.bucket=b,s3.endpoint=http://minio:9000,s3.publicURL=http://minio:9001":                                                {9000},
		"s3.bucket=b,s3.endpoint=http://minio:9000,state.store=s3":                                                                {9000},
		"receivers[0].name=a,receivers[0].alertmanager.url=http://am:9093":                                                        {9093},
		"receivers[0].name=a,receivers[0].pushgateway.url=http://push:9091/":                                                      {9091},
		"receivers[0].name=a,receivers[0].webhook.url=http://own:8000/a?b=http://c:1":                                             {8000},
		"receivers[0].name=a,receivers[0].slack_webhook.url=http://kim:secret@hooks:8443/x":                                       {8443},
		"receivers[0].name=a,receivers[0].slack_webhook.url_env=HOOK":                                                             nil,
		"receivers[0].name=a,receivers[0].slack.channel=C012,receivers[0].slack.api_url=http://slack:8444":                        {8444},
		"reports.check.heartbeat.url=http://hc:8000/ping/1":                                                                       {8000},
		"kubernetes.service=monitoring/prometheus:80,reports.check.heartbeat.url=http://hc,reports.daily.heartbeat.url=http://hc": {80},
	} {
		flags := set(quickstart, "networkPolicy.enabled=true")
		if values != "" {
			flags = append(flags, "--set", values)
		}
		o := parseObjects(t, render(t, flags...)).get(t, "NetworkPolicy/promsnap")
		var got []int
		for _, p := range o.at("spec.egress.0.ports").([]any) {
			got = append(got, p.(map[string]any)["port"].(int))
		}
		if want := append([]int{53, 53, 443, 6443, 9090}, want...); !slices.Equal(got, want) {
			t.Errorf("%q: the ports %d are open, want %d", values, got, want)
		}
	}
}

// TestChartRefusals gives the chart values that it cannot work with: helm says where and what is
// wanted.
func TestChartRefusals(t *testing.T) {
	for _, c := range []struct {
		flags []string
		says  []string
	}{
		{set("slack.channel=C012,slack.existingSecret=s"), []string{"set the cluster's name", "--set cluster=prod-seoul"}},
		{set("cluster=c"), []string{"there is no receiver: set slack.channel"}},
		{set("cluster=c,slack.channel=C012"), []string{"slack.existingSecret=promsnap-slack"}},
		{set("cluster=c,state.store=s3,slackWebhook.existingSecret=s"), []string{"state.store=s3 needs s3.bucket"}},
		{set(quickstart, "timeZone=5"), []string{"/timeZone", "want string"}},
		{set(quickstart, "slack.channel=#alerts"), []string{"/slack/channel", "pattern"}},
		{set(quickstart, "jobs.check.timeoutSeconds=3m"), []string{"/jobs/check/timeoutSeconds", "want integer"}},
		{set(quickstart, "jobs.check.timeout=180"), []string{"/jobs/check", "timeout"}},
		{set(quickstart, "jobs.daily.timeoutSeconds=21601"), []string{"/jobs/daily/timeoutSeconds", "21,600"}},
		{set(quickstart, "jobs.chek.timeoutSeconds=60"), []string{"jobs.chek: there is no report chek; there are check, daily"}},
		{set(quickstart, "kubernetes.servce=monitoring/prometheus:80"), []string{"/kubernetes", "'servce' not allowed"}},
		{set(quickstart, "kubernetes.context=prod"), []string{"/kubernetes", "'context' not allowed"}},
		{set(quickstart, "reports.check.sende=changes"), []string{"/reports/check", "'sende' not allowed"}},
		{set(quickstart, "reports.check.name=chek"), []string{"/reports/check", "'name' not allowed"}},
		{set(quickstart, "reports.check.range=1 hour"), []string{"/reports/check/range", "pattern"}},
		{set(quickstart, "reports.check.panels[0].unit=apples"), []string{"/reports/check/panels/0/unit"}},
		{set(quickstart, "prometheus.scrapeInterval=30s"), []string{"/prometheus", "'scrapeInterval' not allowed"}},
		{set(quickstart, "prometheus.http_config.basic_auth.user=kim"), []string{"/prometheus/http_config/basic_auth", "'user' not allowed"}},
		{set(quickstart, "receivers[0].name=x"), []string{"/receivers/0", "missing property 'webhook'"}},
		{set(quickstart, "receivers[0].name=x,receivers[0].webhook.url=https://x,receivers[0].slack.channel=C012"), []string{"/receivers/0", "oneOf"}},
		{set(quickstart, "receivers[0].name=x,receivers[0].webhok.url=https://x"), []string{"/receivers/0", "'webhok' not allowed"}},
		{set(quickstart, "time_intervals[0].name=nights"), []string{"/time_intervals/0", "missing property 'time_intervals'"}},
		{set(quickstart, "kubernetes.nodes=perhaps"), []string{"/kubernetes/nodes", "want boolean"}},
		{set(quickstart, "clustr=x"), []string{"clustr"}},
		{set(quickstart, "reports.Check.schedule=0 0 * * *"), []string{"invalid propertyName 'Check'"}},
		{set(quickstart, "kubernetes.service=prometheus-server"), []string{"/kubernetes/service"}},
		{set(quickstart, "kubernetes.service=monitoring/prometheus", "prometheus.url=http://p"), []string{"/kubernetes/service"}},
		{set(quickstart, "kubernetes.service=monitoring/prometheus:80", "prometheus.url=http://p"), []string{"keep one of them"}},
		{set(quickstart, "kubernetes.service=monitoring/prometheus:web"), []string{"write its port as a number", "rbac.serviceProxy=true"}},
		{set(quickstart, "serviceAccount.create=false"), []string{"serviceAccount.name", "rbac.create"}},
		{set(quickstart, "rbac.serviceProxy=perhaps"), []string{"/rbac/serviceProxy", "want boolean"}},
		{set(quickstart, "prometheus.url=prometheus:9090"), []string{"/prometheus/url"}},
		{set(quickstart, "networkPolicy.ports[0]=https"), []string{"/networkPolicy/ports/0", "want integer"}},
		{set(quickstart, "s3.bucket=s3://b/p"), []string{"/s3/bucket", "pattern"}},
		{set(quickstart, "reports.check.schedule=@every 5m"), []string{"/reports/check/schedule"}},
		{set(quickstart, "global.imageRegistry=5"), []string{"/global/imageRegistry"}},
		{set(quickstart, "state.store=disk"), []string{"/state/store", "'configMap'"}},
		{append(set("cluster=c", "prometheus.url=http://p", "reports.weekly.send=summary"), "--set-json", `receivers=[{"name":"am","alertmanager":{"url":"http://am"}}]`),
			[]string{"report weekly has no receiver", "reports.weekly=null"}},
		{append(set("cluster=c", "prometheus.url=http://p", "reports.check=null"), "--set-json", `receivers=[{"name":"am","alertmanager":{"url":"http://am"}}]`),
			[]string{"there is no report"}},
		{set(quickstart, "reports.weekly.schedule=0 8 * * mon"), []string{"report weekly goes to people", "reports.weekly.send"}},
		{set(quickstart, "reports.weekly.receivers={slack}"), []string{"reports.weekly.send"}},
		{set(quickstart, "prometheusRule.enabled=true", "reports.daily.schedule=0 9 * * 1"), []string{"report daily: set jobs.daily", "jobs.daily.alertAfterSeconds", `"0 9 * * 1"`}},
		{set(quickstart, "prometheusRule.enabled=true", "reports.check.schedule=*/10 * * * *"), []string{"jobs.check.alertAfterSeconds"}},
		{[]string{"--set-file", "config=testdata/helm-whole.yaml", "--set", "prometheusRule.enabled=true"}, []string{"jobs.hourly.alertAfterSeconds"}},
		{[]string{"--set-string", "config=reports: ["}, []string{"config is not YAML"}},
	} {
		_, stderr, err := helm(t, append([]string{"template", "promsnap", chartDir}, c.flags...)...)
		if err == nil {
			t.Errorf("helm takes %q", c.flags)
		}
		for _, want := range c.says {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q: helm does not say %q:\n%s", c.flags, want, stderr)
			}
		}
	}
}

// TestChartWatched: each CronJob that runs has an alert, after as long as its schedule or the
// values say.
func TestChartWatched(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		want  map[string]string // report: seconds
	}{
		"quickstart":           {set(quickstart), map[string]string{"check": "900", "daily": "93600"}},
		"another time of day":  {set(quickstart, "reports.daily.schedule=30 7 * * *"), map[string]string{"check": "900", "daily": "93600"}},
		"another schedule":     {set(quickstart, "reports.daily.schedule=0 9 * * 1", "jobs.daily.alertAfterSeconds=612000"), map[string]string{"check": "900", "daily": "612000"}},
		"for all":              {set(quickstart, "reports.daily.schedule=0 9 * * 1", "jobDefaults.alertAfterSeconds=1209600"), map[string]string{"check": "1209600", "daily": "1209600"}},
		"none of one":          {set(quickstart, "jobs.check.alertAfterSeconds=0"), map[string]string{"daily": "93600"}},
		"suspended":            {set(quickstart, "jobs.check.suspend=true"), map[string]string{"daily": "93600"}},
		"suspended, and odd":   {set(quickstart, "jobs.daily.suspend=true", "reports.daily.schedule=0 9 * * 1"), map[string]string{"check": "900"}},
		"all suspended":        {set(quickstart, "jobDefaults.suspend=true"), nil},
		"not made by itself":   {set(quickstart, "reports.month.send=summary"), map[string]string{"check": "900", "daily": "93600"}},
		"whole config":         {[]string{"--set-file", "config=testdata/helm-whole.yaml", "--set", "jobs.hourly.alertAfterSeconds=7500"}, map[string]string{"hourly": "7500"}},
		"whole config, silent": {[]string{"--set-file", "config=testdata/helm-whole.yaml", "--set", "jobs.hourly.alertAfterSeconds=0"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := parseObjects(t, render(t, append(c.flags, "--set", "prometheusRule.enabled=true")...))["PrometheusRule/promsnap"]
			rules, _ := o.at("spec.groups.0.rules").([]any)
			var got map[string]string
			for _, r := range rules {
				rule := object(r.(map[string]any))
				if got == nil {
					got = map[string]string{}
				}
				_, got[rule.at("labels.report").(string)], _ = strings.Cut(rule.at("expr").(string), "> ")
			}
			if !maps.Equal(got, c.want) || (o == nil) != (c.want == nil) {
				t.Errorf("the alerts are %v, want %v", got, c.want)
			}
		})
	}
}

// TestChartAlerts has promtool check the rules, and run them over CronJobs that never succeeded,
// that stopped to, and that do.
func TestChartAlerts(t *testing.T) {
	o := parseObjects(t, render(t, set(quickstart, "prometheusRule.enabled=true")...)).get(t, "PrometheusRule/promsnap")
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
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", rules}, {"test", "rules", filepath.Join(dir, "tests.yaml")}} {
		if out, err := exec.Command(installed(t, "promtool"), args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
