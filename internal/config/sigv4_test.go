package config_test

import (
	"context"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/config"
	"github.com/promsnap/promsnap/internal/secret"
)

const stored = `version: 1
cluster: prod
prometheus:
  url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1
  http_config:
    tls_config: {ca_from: aws-ssm:/ca}
  sigv4: {region: eu-west-1, role_arn: "arn:aws:iam::1:role/amp", external_id: ours, access_key: AKID, secret_key_from: aws-secretsmanager:amp#secret}
state: {dir: state}
reports: [{name: check, send: changes, receivers: [team, hook]}]
receivers:
  - {name: team, slack: {channel: C0123456789, token_from: aws-ssm:/slack}}
  - {name: hook, slack_webhook: {url_from: "aws-secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:hook-AbCdEf"}}
`

// Every secret can be in a store of AWS. It is read when it is used.
func TestSecretsFromAWS(t *testing.T) {
	o := options()
	var asked []string
	o.Secrets = func(_ context.Context, p secret.Place) (string, error) {
		asked = append(asked, p.String())
		return "read " + p.Name, nil
	}
	c, err := config.Load("promsnap.yaml", []byte(stored), o)
	if err != nil || len(asked) != 0 {
		t.Fatalf("got reads %v, error %v, want none", asked, err)
	}
	s := c.Prometheus.SigV4
	if s.Region != "eu-west-1" || s.Service != "aps" || s.RoleARN == "" || s.ExternalID != "ours" ||
		s.AccessKey != "AKID" {
		t.Errorf("got %+v, want the sigv4 section", s)
	}
	for want, from := range map[string]secret.String{
		"read amp": s.SecretKey, "read /slack": c.Receivers[0].To.(config.Slack).Token,
	} {
		if got, err := from.Reveal(context.Background()); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if got, err := c.Receivers[1].To.(config.SlackWebhook).
		URL.Reveal(context.Background()); err != nil || !strings.HasPrefix(got, "read arn:") {
		t.Errorf("by ARN: got %q, %v, want the secret of the ARN", got, err)
	}
	if got, err := c.Prometheus.HTTP.Fetch(context.Background(),
		c.Prometheus.HTTP.Client().TLSConfig.CARef); err != nil || got != "read /ca" {
		t.Errorf("http_config: got %q, %v, want read /ca", got, err)
	}
	o.Secrets = nil
	if c, err = config.Load("promsnap.yaml", []byte(stored), o); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Receivers[0].To.(config.Slack).Token.Reveal(context.Background()); err == nil ||
		!strings.Contains(err.Error(), "this program cannot read secrets from AWS") {
		t.Errorf("without a resolver: got error %v, want that AWS cannot be read", err)
	}
}
