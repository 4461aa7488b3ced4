package config

import (
	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// KindDiscord is the kind of a channel of Discord.
const KindDiscord Kind = "discord"

// Discord is a webhook of a channel of Discord.
type Discord struct {
	WebhookURL secret.String
	HTTP       HTTP
}

// discord is a webhook of a channel of Discord. The keys are those of Alertmanager's
// discord_configs.
type discord struct {
	secretWebhook `yaml:",inline"`
	// How to connect and log in, as in prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

func (*discord) role() Role { return RolePeople }

func (d *discord) build(b *builder, path string) any {
	return Discord{
		WebhookURL: b.webhookOf(path, "the webhook's", d.secretWebhook),
		HTTP:       b.http(key(path, "http_config"), d.HTTP),
	}
}
