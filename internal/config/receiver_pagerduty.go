package config

import (
	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// KindPagerDuty is the kind of a service of PagerDuty.
const KindPagerDuty Kind = "pagerduty"

// PagerDuty is a service of PagerDuty.
type PagerDuty struct {
	RoutingKey secret.String
	URL        string // of the Events API v2
	Severity   string // of all events; "": each alert's own
	Client     string
	ClientURL  string // "": none
	HTTP       HTTP
}

// pagerduty is a service of PagerDuty, with an integration of the kind Events API v2. The keys are
// those of Alertmanager's pagerduty_configs.
type pagerduty struct {
	// The Integration Key of the service's integration Events API v2.
	RoutingKey string `yaml:"routing_key"`
	// The file that holds the routing key.
	RoutingKeyFile string `yaml:"routing_key_file"`
	// The name of the environment variable that holds the routing key.
	RoutingKeyEnv string `yaml:"routing_key_env"`
	// The place of the routing key in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	RoutingKeyFrom string `yaml:"routing_key_from"`
	// The address of the Events API v2. For accounts in Europe:
	// https://events.eu.pagerduty.com/v2/enqueue
	URL base `yaml:"url" jsonschema:"default=https://events.pagerduty.com/v2/enqueue"`
	// The severity of all events. By default, each event has the severity of its alert.
	Severity string `yaml:"severity" jsonschema:"enum=critical,enum=error,enum=warning,enum=info"`
	// The name of the monitoring system that PagerDuty shows.
	Client string `yaml:"client" jsonschema:"default=promsnap"`
	// The address that PagerDuty links the client's name to.
	ClientURL address `yaml:"client_url"`
	// How to connect and log in, as in prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

func (*pagerduty) role() Role { return RolePeople }

func (p *pagerduty) build(b *builder, path string) any {
	routingKey := b.secretOf(path, "routing_key",
		sources{p.RoutingKey, p.RoutingKeyFile, p.RoutingKeyEnv, p.RoutingKeyFrom})
	if routingKey.IsZero() {
		b.problem(path, "no routing key; set routing_key_file, routing_key_env or "+
			"routing_key_from for the Integration Key of a service's integration Events API v2")
	}
	return PagerDuty{
		RoutingKey: routingKey, URL: string(p.URL), Severity: p.Severity, Client: p.Client,
		ClientURL: string(p.ClientURL), HTTP: b.http(key(path, "http_config"), p.HTTP),
	}
}

// takes checks that the alerts of a report may page.
func (PagerDuty) takes(b *builder, r *report, _, at string) { b.pages(r, at, "PagerDuty") }
