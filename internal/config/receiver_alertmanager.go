package config

import (
	"regexp"

	promconfig "github.com/prometheus/common/config"
)

// KindAlertmanager is the kind of an Alertmanager.
const KindAlertmanager Kind = "alertmanager"

// Alertmanager is an Alertmanager, or a server with its API for alerts.
type Alertmanager struct {
	URL  string // http or https, with a host, without user, query or fragment
	HTTP HTTP
}

// alertmanager is an Alertmanager, or a server with the same API for alerts.
type alertmanager struct {
	// Its address, including a path if it has one: http://alertmanager.monitoring.svc:9093
	URL base `yaml:"url" jsonschema:"required"`
	// How to connect and log in, as in prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

// alertmanagerPages match the path that promsnap adds to the address of an Alertmanager itself.
var alertmanagerPages = regexp.MustCompile(`/api/v[12](?:/[a-z_]+)?/*$`)

func (*alertmanager) role() Role { return RoleProgram }

func (a *alertmanager) build(b *builder, path string) any { return a.built(b, path) }

// built checks the address and returns the Alertmanager.
func (a *alertmanager) built(b *builder, path string) Alertmanager {
	b.leaveOut(key(path, "url"), a.URL, alertmanagerPages, "/api/v2/alerts")
	return Alertmanager{URL: string(a.URL), HTTP: b.http(key(path, "http_config"), a.HTTP)}
}

// takes checks that the alerts of a report may page, and that the Alertmanager keeps them until the
// next run.
func (Alertmanager) takes(b *builder, r *report, path, at string) {
	if r.Send == SendSummary {
		b.problem(at, "an Alertmanager pages people, and a report with send: summary never does; "+
			"move it to a report with send: changes")
	}
	if !b.has(key(path, "schedule")) {
		b.problem(at, "an alert in Alertmanager ends if it is not posted again within 4 "+
			"intervals of the report's schedule, and this report has none; add schedule, such as "+
			"\"*/5 * * * *\"")
	}
}
