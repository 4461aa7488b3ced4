package config

import (
	"regexp"

	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// KindOpsgenie is the kind of an integration of Opsgenie.
const KindOpsgenie Kind = "opsgenie"

// Opsgenie is an integration of Opsgenie or of Jira Service Management.
type Opsgenie struct {
	APIKey   secret.String
	APIURL   string // http or https, with a host, without user, query or fragment
	Priority string // of all alerts; "": by each alert's severity
	Tags     []string
	Update   bool
	HTTP     HTTP
}

// opsgenie is an integration of the kind API in Opsgenie, or in Jira Service Management. The keys
// are those of Alertmanager's opsgenie_configs.
type opsgenie struct {
	// The API key of the integration.
	APIKey string `yaml:"api_key"`
	// The file that holds the API key.
	APIKeyFile string `yaml:"api_key_file"`
	// The name of the environment variable that holds the API key.
	APIKeyEnv string `yaml:"api_key_env"`
	// The place of the API key in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or
	// aws-ssm:/NAME.
	APIKeyFrom string `yaml:"api_key_from"`
	// The address of the API. For accounts in Europe: https://api.eu.opsgenie.com. For Jira Service
	// Management: https://api.atlassian.com/jsm/ops/integration
	APIURL base `yaml:"api_url" jsonschema:"default=https://api.opsgenie.com"`
	// The priority of all alerts. By default, critical alerts have P1 and warnings P3.
	Priority string `yaml:"priority" jsonschema:"enum=P1,enum=P2,enum=P3,enum=P4,enum=P5"`
	// Tags of all alerts, beside promsnap, the cluster, the report, the alertname, the severity and
	// the panel.
	Tags []string `yaml:"tags"`
	// Whether an open alert gets a new priority and message when its severity changes. Jira Service
	// Management cannot do that.
	UpdateAlerts bool `yaml:"update_alerts" jsonschema:"default=true"`
	// How to connect and log in, as in prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

// opsgeniePages match the path that promsnap adds to the address of the API itself.
var opsgeniePages = regexp.MustCompile(`/v[12](?:/alerts)?/*$`)

func (*opsgenie) role() Role { return RolePeople }

func (o *opsgenie) build(b *builder, path string) any {
	apiKey := b.secretOf(path, "api_key",
		sources{o.APIKey, o.APIKeyFile, o.APIKeyEnv, o.APIKeyFrom})
	if apiKey.IsZero() {
		b.problem(path, "no API key; set api_key_file, api_key_env or api_key_from for the key of "+
			"an integration of the kind API")
	}
	b.leaveOut(key(path, "api_url"), o.APIURL, opsgeniePages, "/v2/alerts")
	return Opsgenie{
		APIKey: apiKey, APIURL: string(o.APIURL), Priority: o.Priority, Tags: o.Tags,
		Update: o.UpdateAlerts, HTTP: b.http(key(path, "http_config"), o.HTTP),
	}
}

// takes checks that the alerts of a report may page.
func (Opsgenie) takes(b *builder, r *report, _, at string) { b.pages(r, at, "Opsgenie") }
