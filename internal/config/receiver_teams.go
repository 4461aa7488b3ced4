package config

import (
	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// KindTeams is the kind of a workflow of Microsoft Teams.
const KindTeams Kind = "teams"

// Teams is a workflow of Microsoft Teams that posts what its webhook gets.
type Teams struct {
	WebhookURL secret.String
	HTTP       HTTP
}

// teams is a workflow of Microsoft Teams that posts what its webhook gets. The keys are those of
// Alertmanager's msteamsv2_configs.
type teams struct {
	secretWebhook `yaml:",inline"`
	// How to connect and log in, as in prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

func (*teams) role() Role { return RolePeople }

func (t *teams) build(b *builder, path string) any {
	return Teams{
		WebhookURL: b.webhookOf(path, "the workflow's", t.secretWebhook),
		HTTP:       b.http(key(path, "http_config"), t.HTTP),
	}
}
