//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChartRefusals renders the chart with bad values. helm must say where the mistake is and what
// to write.
func TestChartRefusals(t *testing.T) {
	t.Parallel()
	large := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(large, []byte(strings.Repeat(" ", 1_000_001)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags []string
		says  []string
	}{
		{
			set("slack.channel=C012,slack.existingSecret=s"),
			[]string{"set the cluster's name", "--set cluster=prod-seoul"},
		},
		{set("cluster=c"), []string{"there is no receiver: set slack.channel"}},
		{set("cluster=c,slack.channel=C012"), []string{"slack.existingSecret=promsnap-slack"}},
		{
			set("cluster=c,state.store=s3,slackWebhook.existingSecret=s"),
			[]string{"state.store=s3 needs s3.bucket"},
		},
		{set(quickstart, "timeZone=5"), []string{"/timeZone", "want string"}},
		{set(quickstart, "slack.channel=#alerts"), []string{"/slack/channel", "pattern"}},
		{
			set(quickstart, "jobs.check.timeoutSeconds=3m"),
			[]string{"/jobs/check/timeoutSeconds", "want integer"},
		},
		{set(quickstart, "dashboards.Node_Full={}"), []string{"/dashboards", "Node_Full"}},
		{
			append(set(quickstart), "--set-file", "dashboards.large="+large),
			[]string{"dashboards.large has more than 1 MB", "remove panels from the dashboard"},
		},
		{set(quickstart, "jobs.check.timeout=180"), []string{"/jobs/check", "timeout"}},
		{
			set(quickstart, "jobs.daily.timeoutSeconds=21601"),
			[]string{"/jobs/daily/timeoutSeconds", "21,600"},
		},
		{
			set(quickstart, "jobs.chek.timeoutSeconds=60"),
			[]string{"jobs.chek: there is no report chek; there are check, daily"},
		},
		{
			set(quickstart, "kubernetes.servce=monitoring/prometheus:80"),
			[]string{"/kubernetes", "'servce' not allowed"},
		},
		{
			set(quickstart, "kubernetes.context=prod"),
			[]string{"/kubernetes", "'context' not allowed"},
		},
		{
			set(quickstart, "reports.check.sende=changes"),
			[]string{"/reports/check", "'sende' not allowed"},
		},
		{
			set(quickstart, "reports.check.name=chek"),
			[]string{"/reports/check", "'name' not allowed"},
		},
		{
			set(quickstart, "reports.check.range=1 hour"),
			[]string{"/reports/check/range", "pattern"},
		},
		{
			set(quickstart, "reports.check.panels[0].unit=apples"),
			[]string{"/reports/check/panels/0/unit"},
		},
		{
			set(quickstart, "prometheus.scrapeInterval=30s"),
			[]string{"/prometheus", "'scrapeInterval' not allowed"},
		},
		{
			set(quickstart, "prometheus.http_config.basic_auth.user=kim"),
			[]string{"/prometheus/http_config/basic_auth", "'user' not allowed"},
		},
		{
			set(quickstart, "receivers[0].name=x"),
			[]string{"/receivers/0", "missing property 'webhook'"},
		},
		{
			set(quickstart, "receivers[0].name=x,receivers[0].webhook.url=https://x,"+
				"receivers[0].slack.channel=C012"),
			[]string{"/receivers/0", "oneOf"},
		},
		{
			set(quickstart, "receivers[0].name=x,receivers[0].webhok.url=https://x"),
			[]string{"/receivers/0", "'webhok' not allowed"},
		},
		{
			set(quickstart, "time_intervals[0].name=nights"),
			[]string{"/time_intervals/0", "missing property 'time_intervals'"},
		},
		{
			set(quickstart, "kubernetes.nodes=perhaps"),
			[]string{"/kubernetes/nodes", "want boolean"},
		},
		{set(quickstart, "clustr=x"), []string{"clustr"}},
		{
			set(quickstart, "reports.Check.schedule=0 0 * * *"),
			[]string{"invalid propertyName 'Check'"},
		},
		{set(quickstart, "kubernetes.service=prometheus-server"), []string{"/kubernetes/service"}},
		{
			set(quickstart, "kubernetes.service=monitoring/prometheus", "prometheus.url=http://p"),
			[]string{"/kubernetes/service"},
		},
		{
			set(quickstart, "kubernetes.service=monitoring/prometheus:80",
				"prometheus.url=http://p"), []string{"keep one of them"},
		},
		{
			set(quickstart, "kubernetes.service=monitoring/prometheus:web"),
			[]string{"write its port as a number", "rbac.serviceProxy=true"},
		},
		{
			set(quickstart, "serviceAccount.create=false"),
			[]string{"serviceAccount.name", "rbac.create"},
		},
		{
			set(quickstart, "rbac.serviceProxy=perhaps"),
			[]string{"/rbac/serviceProxy", "want boolean"},
		},
		{set(quickstart, "prometheus.url=prometheus:9090"), []string{"/prometheus/url"}},
		{
			set(quickstart, "networkPolicy.ports[0]=https"),
			[]string{"/networkPolicy/ports/0", "want integer"},
		},
		{set(quickstart, "s3.bucket=s3://b/p"), []string{"/s3/bucket", "pattern"}},
		{set(quickstart, "reports.check.schedule=@every 5m"), []string{"/reports/check/schedule"}},
		{set(quickstart, "global.imageRegistry=5"), []string{"/global/imageRegistry"}},
		{set(quickstart, "state.store=disk"), []string{"/state/store", "'configMap'"}},
		{append(set("cluster=c", "prometheus.url=http://p", "reports.weekly.send=summary"), "--set-json", `receivers=[{"name":"am","alertmanager":{"url":"http://am"}}]`),
			[]string{"report weekly has no receiver", "reports.weekly=null"}},
		{append(set("cluster=c", "prometheus.url=http://p", "reports.check=null"), "--set-json", `receivers=[{"name":"am","alertmanager":{"url":"http://am"}}]`),
			[]string{"there is no report"}},
		{
			set(quickstart, "reports.weekly.schedule=0 8 * * mon"),
			[]string{"report weekly goes to people", "reports.weekly.send"},
		},
		{set(quickstart, "reports.weekly.receivers={slack}"), []string{"reports.weekly.send"}},
		{set(quickstart, "prometheusRule.enabled=true", "reports.daily.schedule=0 9 * * 1"), []string{"report daily: set jobs.daily", "jobs.daily.alertAfterSeconds", `"0 9 * * 1"`}},
		{
			set(quickstart, "prometheusRule.enabled=true", "reports.check.schedule=*/10 * * * *"),
			[]string{"jobs.check.alertAfterSeconds"},
		},
		{
			[]string{"--set-file", "config=testdata/helm-whole.yaml", "--set",
				"prometheusRule.enabled=true"}, []string{"jobs.hourly.alertAfterSeconds"},
		},
		{[]string{"--set-string", "config=reports: ["}, []string{"config is not YAML"}},
	} {
		_, stderr, err := helm(t, append([]string{"template", "promsnap", chartDir}, c.flags...)...)
		if err == nil {
			t.Errorf("helm accepts %q, want an error", c.flags)
		}
		for _, want := range c.says {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q: helm must say %q, got:\n%s", c.flags, want, stderr)
			}
		}
	}
}
