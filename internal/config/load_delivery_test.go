package config_test

import (
	"fmt"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/rules"
	"github.com/promsnap/promsnap/internal/secret"
)

// The receivers and the state of full.yaml are read, including secrets.
func TestLoadDelivery(t *testing.T) {
	c, err := config.LoadFile(t.Context(), "testdata/good/full.yaml", options())
	if err != nil {
		t.Fatal(err)
	}
	reveal := func(s secret.String) string {
		got, err := s.Reveal(t.Context())
		if err != nil {
			return err.Error()
		}
		return got
	}
	oncall := c.Reports[2]
	want := []string{
		"local", "oncall", "pager", "program", "alertmanager", "pushgateway", "pagerduty", "teams",
		"opsgenie", "discord", "mail", "telegram",
	}
	if !cmp.Equal(oncall.Receivers, want) || oncall.Send != config.SendChanges ||
		!oncall.ArchiveOnChange || oncall.RepeatInterval != 2*time.Hour {
		t.Errorf("got report %+v, want oncall of full.yaml with receivers %q", oncall, want)
	}
	if daily := c.Reports[1]; daily.Send != config.SendSummary || daily.ArchiveOnChange ||
		daily.RepeatInterval != 4*time.Hour {
		t.Errorf("got report %+v, want daily of full.yaml, with a summary", daily)
	}
	archive, local, team, people, pager := c.Receivers[0], c.Receivers[1], c.Receivers[2],
		c.Receivers[3], c.Receivers[4]
	bucket := archive.To.(config.Archive)
	if got := reveal(bucket.SecretKey); got != "hunter2" {
		t.Errorf("got secret key %q, want hunter2", got)
	}
	bucket.SecretKey = secret.String{}
	if want := (config.Archive{Bucket: config.Bucket{
		Name: "capacity-reports", Prefix: "prod", Region: "ap-northeast-2",
		Endpoint: "https://minio.example.com", PathStyle: true, AccessKey: "promsnap",
		RoleARN: "arn:aws:iam::123456789012:role/promsnap", ExternalID: "prod", SSE: "aws:kms",
		KMSKey: "alias/reports",
	}, LinkExpiry: 24 * time.Hour}); fmt.Sprint(bucket) != fmt.Sprint(want) {
		t.Errorf("got archive %+v, want %+v", bucket, want)
	}
	if local.To != config.Dir("testdata/good/reports") || local.Role != config.RoleArchive ||
		team.Role == config.RoleArchive {
		t.Errorf("got receiver %+v, want the archive testdata/good/reports", local)
	}
	if got := reveal(team.To.(config.Slack).Token); !strings.Contains(got,
		"testdata/good/slack-token") {
		t.Errorf("token_file: got %s, want an error about the missing file", got)
	}
	if got := reveal(people.To.(config.Slack).Token); !strings.Contains(got, "SLACK_BOT_TOKEN") {
		t.Errorf("default token: got %s, want an error about the variable", got)
	}
	if people.MinSeverity != rules.Critical || people.SendResolved || !people.AllClear ||
		people.Fallback != "pager" ||
		!cmp.Equal(people.GroupBy, []string{"alertname", "namespace"}) ||
		!cmp.Equal(people.To.(config.Slack).Mentions[rules.Critical],
			[]string{"@here", "U0123456789"}) {
		t.Errorf("got receiver %+v with %+v, want oncall of full.yaml", people, people.To)
	}
	if pager.GroupBy == nil || !pager.SendResolved || pager.MinSeverity != rules.Warning ||
		reveal(pager.To.(config.SlackWebhook).URL) != "hunter2" || team.GroupBy != nil {
		t.Errorf("got receiver %+v, want pager of full.yaml", pager)
	}
	program, alertmanager, pushgateway := c.Receivers[5], c.Receivers[6], c.Receivers[7]
	hook, am := program.To.(config.Webhook), alertmanager.To.(config.Alertmanager)
	if got := reveal(hook.URL); !strings.Contains(got, "testdata/good/address") ||
		reveal(hook.Token) != "hunter2" {
		t.Errorf("got address %s, want an error about testdata/good/address", got)
	}
	http := am.HTTP.Client()
	if am.URL != "http://alertmanager.monitoring.svc:9093/path" ||
		http.BasicAuth.Password != "hunter2" ||
		http.TLSConfig.CAFile != "testdata/good/certs/ca.pem" || !http.FollowRedirects {
		t.Errorf("got %+v, want the Alertmanager of full.yaml", am)
	}
	if p := pushgateway.To.(config.Pushgateway); p.URL !=
		"http://pushgateway.monitoring.svc:9091" || p.Job != "promsnap" ||
		!p.HTTP.Client().FollowRedirects {
		t.Errorf("got %+v, want the Pushgateway of full.yaml", p)
	}
	pagerduty := c.Receivers[8].To.(config.PagerDuty)
	if reveal(pagerduty.RoutingKey) != "hunter2" ||
		pagerduty.URL != "https://events.pagerduty.com/v2/enqueue" || pagerduty.Severity != "" ||
		pagerduty.Client != "promsnap" || c.Receivers[8].Role != config.RolePeople ||
		strings.Contains(fmt.Sprintf("%+v", pagerduty), "hunter2") {
		t.Errorf("got %+v, want the service of full.yaml that shows no secret", pagerduty)
	}
	teams := c.Receivers[9].To.(config.Teams)
	if reveal(teams.WebhookURL) != "hunter2" || c.Receivers[9].Role != config.RolePeople ||
		strings.Contains(fmt.Sprintf("%+v", teams), "hunter2") {
		t.Errorf("got %+v, want the workflow of full.yaml that shows no secret", teams)
	}
	opsgenie := c.Receivers[10].To.(config.Opsgenie)
	if reveal(opsgenie.APIKey) != "hunter2" || opsgenie.APIURL != "https://api.eu.opsgenie.com" ||
		opsgenie.Priority != "P2" || !cmp.Equal(opsgenie.Tags, []string{"team-infra"}) ||
		opsgenie.Update || strings.Contains(fmt.Sprintf("%+v", opsgenie), "hunter2") {
		t.Errorf("got %+v, want the integration of full.yaml that shows no secret", opsgenie)
	}
	if discord := c.Receivers[11]; discord.To.(config.Discord).WebhookURL.IsZero() ||
		discord.Role != config.RolePeople || discord.Fallback != "teams" {
		t.Errorf("got %+v, want the webhook of full.yaml", discord)
	}
	m := c.Receivers[12].To.(config.Email)
	if m.Host != "smtp.example.com" || m.Port != "587" || m.ImplicitTLS || !m.RequireTLS ||
		m.From != (mail.Address{Name: "promsnap", Address: "promsnap@example.com"}) ||
		!cmp.Equal(m.To, []mail.Address{
			{Name: "Team, on call", Address: "team@example.com"}, {Address: "boss@example.com"},
		}) || !cmp.Equal(m.CC, []mail.Address{{Address: "audit@example.com"}}) ||
		m.Hello != "promsnap.example.com" || m.Username != "promsnap" || m.Identity != "reports" ||
		reveal(m.Password) != "hunter2" || m.MaxSize != 5<<20 ||
		!cmp.Equal(m.Attach, []config.Attachment{config.AttachHTML, config.AttachPDF}) ||
		m.TLS.Client().TLSConfig.ServerName != "mail.example.com" ||
		!strings.HasSuffix(m.TLS.Client().TLSConfig.CAFile, "good/certs/ca.pem") ||
		strings.Contains(fmt.Sprintf("%+v", m), "hunter2") {
		t.Errorf("got %+v, want the mail server of full.yaml that shows no secret", m)
	}
	telegram := c.Receivers[13].To.(config.Telegram)
	if reveal(telegram.BotToken) != "hunter2" || telegram.ChatID != -1001234567890 ||
		telegram.ThreadID != 7 || !telegram.Silent ||
		telegram.APIURL != "https://api.telegram.org" ||
		strings.Contains(fmt.Sprintf("%+v", telegram), "hunter2") {
		t.Errorf("got %+v, want the chat of full.yaml that shows no secret", telegram)
	}
	for _, r := range []config.Receiver{program, alertmanager, pushgateway} {
		if r.Role != config.RoleProgram || strings.Contains(fmt.Sprintf("%+v", r), "hunter2") {
			t.Errorf("got receiver %+v, want a program that shows no secret", r)
		}
	}
	if d := c.Reports[1]; d.HistoryFrom != "oncall" || reveal(d.Heartbeat) != "hunter2" ||
		!c.Reports[2].Heartbeat.IsZero() {
		t.Errorf("got report %+v, want daily with a history and a heartbeat", d)
	}
	if c.State.Dir != "" || c.State.S3.Prefix != "state" {
		t.Errorf("got state %+v, want the prefix state in S3", c.State)
	}
}

// With a kubernetes section, Prometheus needs no URL and the state needs no key. The command line
// overrides the file.
func TestKubernetes(t *testing.T) {
	c, err := config.LoadFile(t.Context(), "testdata/good/kubernetes.yaml", options())
	if err != nil {
		t.Fatal(err)
	}
	want := config.Kubernetes{
		Service: "monitoring/https:prometheus:web/prometheus", Context: "prod", Namespace: "tools",
	}
	state := config.ConfigMap{Namespace: "other", Name: "memory"}
	if *c.Kubernetes != want || *c.State.ConfigMap != state || c.Prometheus.URL != "" {
		t.Errorf("got %+v, %+v, URL %q, want %+v, %+v, no URL", c.Kubernetes, c.State.ConfigMap,
			c.Prometheus.URL, want, state)
	}
	const delivering = "version: 1\ncluster: c\nkubernetes: {}\n" +
		"reports: [{name: check, receivers: [team], send: changes}]\n" +
		"receivers: [{name: team, slack: {channel: C012}}]\n"
	c, err = config.Load("promsnap.yaml", []byte(delivering), options())
	if err != nil || *c.Kubernetes != (config.Kubernetes{Nodes: true}) ||
		c.State.ConfigMap.Name != config.DefaultConfigMap || c.Prometheus.Concurrency != 4 {
		t.Errorf("got %+v, %v, want the default state", c, err)
	}
	o := options()
	o.URL = "http://localhost:9090"
	c, err = config.LoadFile(t.Context(), "testdata/good/kubernetes.yaml", o)
	if err != nil || c.Prometheus.URL != o.URL || c.Kubernetes.Service != "" {
		t.Errorf("got %+v, %v, want the URL %s and no Service", c, err, o.URL)
	}
	o = options()
	o.Service = "monitoring/prometheus-server:80"
	c, err = config.LoadFile(t.Context(), "testdata/good/minimal.yaml", o)
	if err != nil || c.Prometheus.URL != "" ||
		*c.Kubernetes != (config.Kubernetes{Service: o.Service, Nodes: true}) {
		t.Errorf("got %+v, %v, want the Service %s and no URL", c, err, o.Service)
	}
	o.Service = "prometheus-server"
	if _, err = config.Default(o); err == nil ||
		!strings.Contains(err.Error(), "write NAMESPACE/NAME") {
		t.Errorf("a service without a namespace: got error %v, want write NAMESPACE/NAME", err)
	}
	c, err = config.Default(options())
	if err != nil || *c.Kubernetes != (config.Kubernetes{Nodes: true}) {
		t.Errorf("got %+v, %v, want kubernetes with nodes", c, err)
	}
}
