//go:build acceptance

package acceptance

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestChartSecurity checks that OpenShift's own users are not overridden, that null removes a key,
// and that runAsNonRoot stays.
func TestChartSecurity(t *testing.T) {
	const pod = "spec.jobTemplate.spec.template.spec.securityContext"
	seccomp := map[string]any{"type": "RuntimeDefault"}
	for _, c := range []struct {
		flags []string
		want  map[string]any
	}{
		{
			append(set(quickstart), "--api-versions", "security.openshift.io/v1"),
			map[string]any{"runAsNonRoot": true, "seccompProfile": seccomp},
		},
		{append(set(quickstart, "podSecurityContext.runAsUser=1000700000"), "--api-versions",
			"security.openshift.io/v1"),
			map[string]any{"runAsNonRoot": true, "runAsUser": 1000700000,
				"seccompProfile": seccomp}},
		{set(quickstart, "podSecurityContext.runAsUser=null",
			"podSecurityContext.runAsNonRoot=null"),
			map[string]any{"runAsNonRoot": true, "runAsGroup": 65532, "fsGroup": 65532,
				"seccompProfile": seccomp}},
	} {
		parseObjects(t, render(t, c.flags...)).get(t, "CronJob/promsnap-check").is(t, pod, c.want)
	}
	all := parseObjects(t, render(t, set(quickstart, `podAnnotations.sidecar\.istio\.io/inject=off`, "global.imageRegistry=registry.example.com/mirror")...))
	all.get(t, "Pod/promsnap-test").is(t, "metadata.annotations", map[string]any{
		"helm.sh/hook": "test", "helm.sh/hook-delete-policy": "before-hook-creation",
		"sidecar.istio.io/inject": "off",
	})
	image, _ := all.get(t, "Pod/promsnap-test").at("spec.containers.0.image").(string)
	if want := "registry.example.com/mirror/promsnap/promsnap:"; !strings.HasPrefix(image, want) {
		t.Errorf("got the image %s, want one that begins with %s", image, want)
	}
}

// TestChartValues checks the effect of single values.
func TestChartValues(t *testing.T) {
	t.Run("0 and false count", func(t *testing.T) {
		o := parseObjects(t, render(t, set(quickstart, "jobs.check.backoffLimit=0",
			"jobs.check.successfulJobsHistoryLimit=0", "jobDefaults.suspend=true",
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
	t.Run("a configuration without a state", func(t *testing.T) {
		o := parseObjects(t, render(t, "--set-string",
			"config=kubernetes:\n  namespace: monitoring"))
		o.get(t, "ConfigMap/promsnap-state").is(t, "metadata.namespace", "monitoring")
		o.get(t, "Role/monitoring-tools-promsnap").is(t, "rules.0.resourceNames",
			[]string{"promsnap-state"})
	})
	t.Run("name", func(t *testing.T) {
		long := strings.Repeat("x", 52)
		stdout, stderr, err := helm(t, append([]string{"template", long, chartDir},
			set(quickstart, "reports.a-report-of-21-letter.schedule=0 0 * * *",
				"reports.a-report-of-21-letter.send=summary")...)...)
		if err != nil {
			t.Fatal(stderr)
		}
		for id, o := range parseObjects(t, []byte(stdout)) {
			if name := o.at("metadata.name").(string); o.at("kind") == "CronJob" && len(name) > 52 {
				t.Errorf("%s: %d characters, want at most 52", id, len(name))
			}
		}
	})
	t.Run("workload identity", func(t *testing.T) {
		o := parseObjects(t, render(t, set(quickstart, `serviceAccount.annotations.eks\.amazonaws\.com/role-arn=arn:aws:iam::1:role/promsnap`)...))
		o.get(t, "ServiceAccount/promsnap").is(t, "metadata.annotations",
			map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/promsnap"})
	})
}

// TestChartServices checks that promsnap's rights to Services are the least that its way to
// Prometheus needs.
func TestChartServices(t *testing.T) {
	t.Parallel()
	list := map[string]any{"apiGroups": []string{""}, "resources": []string{"services"},
		"verbs": []string{"list"}}
	proxy := func(names ...string) map[string]any {
		rule := map[string]any{"apiGroups": []string{""}, "resources": []string{"services/proxy"},
			"verbs": []string{"get", "create"}}
		if len(names) > 0 {
			rule["resourceNames"] = names
		}
		return rule
	}
	const one, through = "kubernetes.service=monitoring/https:prometheus:9091/prefix",
		"rbac.serviceProxy=true"
	for name, c := range map[string]struct {
		values       []string
		cluster, own []any // rules of the ClusterRole, and of the Role in monitoring
	}{
		"search":                    {cluster: []any{list}},
		"search, through the proxy": {values: []string{through}, cluster: []any{list, proxy()}},
		"one namespace": {
			values: []string{"kubernetes.namespace=monitoring"},
			own:    []any{list},
		},
		"one namespace, through the proxy": {
			values: []string{"kubernetes.namespace=monitoring", through},
			own:    []any{list, proxy()},
		},
		"one Service": {values: []string{one}},
		"one Service, through the proxy": {
			values: []string{one, through},
			own:    []any{proxy("https:prometheus:9091")},
		},
		"named port, through the proxy": {
			values: []string{"kubernetes.service=monitoring/prometheus:web", through},
			own:    []any{proxy("prometheus:web")},
		},
		"address": {values: []string{"prometheus.url=http://prometheus", through}},
	} {
		t.Run(name, func(t *testing.T) {
			all := parseObjects(t, render(t, set(append(c.values, quickstart,
				"kubernetes.nodes=false")...)...))
			for id, want := range map[string][]any{
				"ClusterRole/monitoring-tools-promsnap": c.cluster,
				"Role/monitoring-tools-promsnap":        c.own,
			} {
				if want == nil {
					if all[id] != nil {
						t.Errorf("there is a %s with %s, want none", id,
							asJSON(t, all[id]["rules"]))
					}
					continue
				}
				all.get(t, id).is(t, "rules", want)
			}
			if c.own != nil {
				all.get(t, "Role/monitoring-tools-promsnap").is(t, "metadata.namespace",
					"monitoring")
			}
			all.get(t, "Role/promsnap").is(t, "rules.2", nil)
		})
	}
}

// TestChartFleetFinds checks that the rights to find clusters come with fleet.discover, each only
// in its namespace.
func TestChartFleetFinds(t *testing.T) {
	secrets := map[string]any{"apiGroups": []string{""}, "resources": []string{"secrets"},
		"verbs": []string{"list"}}
	profiles := map[string]any{"apiGroups": []string{"multicluster.x-k8s.io"},
		"resources": []string{"clusterprofiles"}, "verbs": []string{"list"}}
	const fleet = "config.fleet.discover[0]."
	for name, c := range map[string]struct {
		values    []string
		rules     map[string][]any // by role; nil: there is none
		namespace any              // of the role
	}{
		"nothing to find": {
			[]string{"config.fleet.clusters[0].name=a"},
			map[string][]any{"Role/monitoring-tools-promsnap": nil}, nil,
		},
		"an Argo CD": {
			[]string{fleet + "argocd.namespace=gitops"},
			map[string][]any{
				"Role/monitoring-tools-promsnap": {secrets}, "ClusterRole/monitoring-tools-promsnap": nil,
			}, "gitops",
		},
		"ClusterProfiles": {
			[]string{fleet + "cluster_profiles.url=https://{name}.example.com"},
			map[string][]any{
				"Role/monitoring-tools-promsnap": nil, "ClusterRole/monitoring-tools-promsnap": {profiles},
			}, nil,
		},
		"ClusterProfiles of a namespace": {
			[]string{fleet + "cluster_profiles.namespace=fleet"},
			map[string][]any{
				"Role/monitoring-tools-promsnap": {profiles}, "ClusterRole/monitoring-tools-promsnap": nil,
			}, "fleet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			all := parseObjects(t, render(t, set(append(c.values, "config.version=1",
				"jobDefaults.completions=5")...)...))
			for id, want := range c.rules {
				if want != nil {
					all.get(t, id).is(t, "rules", want)
					all.get(t, id).is(t, "metadata.namespace", c.namespace)
				} else if all[id] != nil {
					t.Errorf("got a %s with %s, want none", id, asJSON(t, all[id]["rules"]))
				}
			}
		})
	}
}

// TestChartEvents checks that the right to list events comes and goes with kubernetes.events, and
// that the component of kustomize grants the same.
func TestChartEvents(t *testing.T) {
	rule := map[string]any{
		"apiGroups": []string{""}, "resources": []string{"events"}, "verbs": []string{"list"},
	}
	values := set(quickstart, "kubernetes.nodes=false,prometheus.url=http://prometheus")
	const role = "ClusterRole/monitoring-tools-promsnap"
	parseObjects(t, render(t, append(values, "--set", "kubernetes.events=true")...)).get(t, role).
		is(t, "rules", []any{rule})
	if all := parseObjects(t, render(t, values...)); all[role] != nil {
		t.Errorf("without events: got %s, want no ClusterRole", asJSON(t, all[role]["rules"]))
	}

	componentGrants(t, "events", rule)
}

// TestChartPrometheusRules checks that the right to list PrometheusRules comes with a report that
// has them, in the namespace of the report if it has one, and once for several reports. The
// component of kustomize grants the same.
func TestChartPrometheusRules(t *testing.T) {
	t.Parallel()
	rule := map[string]any{
		"apiGroups": []string{"monitoring.coreos.com"}, "resources": []string{"prometheusrules"},
		"verbs": []string{"list"},
	}
	const cluster, role = "ClusterRole/monitoring-tools-promsnap",
		"Role/monitoring-tools-promsnap"
	for name, tt := range map[string]struct {
		daily, check      string
		cluster, inTheOne any // rules
	}{
		"none":                {daily: `{"files": ["rules.yml"]}`},
		"every namespace":     {daily: `{"kubernetes": {}}`, cluster: []any{rule}},
		"two reports":         {`{"kubernetes": {}}`, `{"kubernetes": {}}`, []any{rule}, nil},
		"one namespace":       {daily: `{"kubernetes": {"namespace": "shop"}}`, inTheOne: []any{rule}},
		"one namespace twice": {`{"kubernetes": {"namespace": "shop"}}`, `{"kubernetes": {"namespace": "shop"}}`, nil, []any{rule}},
	} {
		t.Run(name, func(t *testing.T) {
			values := append(set(quickstart, "kubernetes.nodes=false,prometheus.url=http://p"),
				"--set-json", "reports.daily.alerting_rules="+tt.daily)
			if tt.check != "" {
				values = append(values, "--set-json", "reports.check.alerting_rules="+tt.check)
			}
			all := parseObjects(t, render(t, values...))
			for id, want := range map[string]any{cluster: tt.cluster, role: tt.inTheOne} {
				switch {
				case want != nil:
					all.get(t, id).is(t, "rules", want)
				case all[id] != nil:
					t.Errorf("got a %s with %s, want none", id, asJSON(t, all[id]["rules"]))
				}
			}
			if tt.inTheOne != nil {
				all.get(t, role).is(t, "metadata.namespace", "shop")
			}
		})
	}
	componentGrants(t, "prometheusrules", rule)
}

// componentGrants checks that a component of kustomize grants one rule in the whole cluster, and
// nothing else.
func componentGrants(t *testing.T, name string, rule map[string]any) {
	t.Helper()
	component, err := os.ReadFile("../../deploy/kustomize/components/" + name + "/rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	conform(t, component)
	ours := parseObjects(t, component)
	if len(ours) != 2 {
		t.Errorf("the component %s has %d objects, want a ClusterRole and its binding", name,
			len(ours))
	}
	ours.get(t, "ClusterRole/promsnap-"+name).is(t, "rules", []any{rule})
	ours.get(t, "ClusterRoleBinding/promsnap-"+name).is(t, "roleRef.name", "promsnap-"+name)
}

// TestChartNetworkPolicy checks that the ports of all addresses in promsnap.yaml and those of the
// values are open, each listed once.
func TestChartNetworkPolicy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values string
		want   []int
	}{
		{"", nil},
		{"kubernetes.service=monitoring/prometheus-server:80", []int{80}},
		{"kubernetes.service=monitoring/https:prometheus:9090/prefix-1", nil},
		{"kubernetes.service=monitoring/vmselect:8481/select/0", []int{8481}},
		{"prometheus.url=http://p", []int{80}},
		{"prometheus.url=https://p/prefix:1", nil},
		{"prometheus.url=http://p:8080/prefix", []int{8080}},
		{"prometheus.url=http://[fd00::1]:8428", []int{8428}},
		{"prometheus.url=http://p,prometheus.external_url=http://p:8", []int{80}},
		{"prometheus.http_config.proxy_url=http://proxy:3128", []int{3128}},
		{"prometheus.http_config.oauth2.token_url=http://login:8081/t", []int{8081}},
		{"s3.bucket=b,s3.endpoint=http://minio:9000,s3.publicURL=http://minio:9001", []int{9000}},
		{"s3.bucket=b,s3.endpoint=http://minio:9000,state.store=s3", []int{9000}},
		{"receivers[0].name=a,receivers[0].alertmanager.url=http://am:9093", []int{9093}},
		{"receivers[0].name=a,receivers[0].pushgateway.url=http://push:9091/", []int{9091}},
		{
			"receivers[0].name=a,receivers[0].webhook.url=http://own:8000/a?b=http://c:1",
			[]int{8000},
		},
		{
			"receivers[0].name=a,receivers[0].slack_webhook.url=http://kim:secret@hooks:8443/x",
			[]int{8443},
		},
		{"receivers[0].name=a,receivers[0].slack_webhook.url_env=HOOK", nil},
		{
			"receivers[0].name=a,receivers[0].email.smarthost=smtp.example.com:587," +
				"receivers[0].email.from=a@example.com,receivers[0].email.to=b@example.com",
			[]int{587},
		},
		{
			"receivers[0].name=a,receivers[0].slack.channel=C012," +
				"receivers[0].slack.api_url=http://slack:8444",
			[]int{8444},
		},
		{"reports.check.heartbeat.url=http://hc:8000/ping/1", []int{8000}},
		{
			"kubernetes.service=monitoring/prometheus:80,reports.check.heartbeat.url=http://hc," +
				"reports.daily.heartbeat.url=http://hc",
			[]int{80},
		},
	} {
		flags := set(quickstart, "networkPolicy.enabled=true")
		if tt.values != "" {
			flags = append(flags, "--set", tt.values)
		}
		o := parseObjects(t, render(t, flags...)).get(t, "NetworkPolicy/promsnap")
		var got []int
		for _, p := range o.at("spec.egress.0.ports").([]any) {
			got = append(got, p.(map[string]any)["port"].(int))
		}
		if want := append([]int{53, 53, 443, 6443, 9090}, tt.want...); !slices.Equal(got, want) {
			t.Errorf("%q: the ports %d are open, want %d", tt.values, got, want)
		}
	}
}
