package config

import (
	"regexp"

	promconfig "github.com/prometheus/common/config"
)

// KindPushgateway is the kind of a Pushgateway.
const KindPushgateway Kind = "pushgateway"

// Pushgateway is a Pushgateway that gets the metrics of runs.
type Pushgateway struct {
	URL  string // http or https, with a host, without user, query or fragment
	Job  string
	HTTP HTTP
}

// pushgateway is a Pushgateway.
type pushgateway struct {
	// Its address, including a path if it has one: http://pushgateway.monitoring.svc:9091
	URL base `yaml:"url" jsonschema:"required"`
	// The label job of the metrics. They also have cluster and report.
	Job string `yaml:"job" jsonschema:"default=promsnap"`
	// How to connect and log in, as in prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

// pushgatewayPages match the path that promsnap adds to the address of a Pushgateway itself.
var pushgatewayPages = regexp.MustCompile(`/metrics(?:/job(?:@base64)?(?:/.*)?)?/*$`)

func (*pushgateway) role() Role { return RoleProgram }

func (p *pushgateway) build(b *builder, path string) any {
	b.leaveOut(key(path, "url"), p.URL, pushgatewayPages, "/metrics/job/"+p.Job)
	if p.Job == "" {
		b.problem(key(path, "job"), "empty; write the value of the label job, or remove the key "+
			"to use promsnap")
	}
	return Pushgateway{
		URL: string(p.URL), Job: p.Job, HTTP: b.http(key(path, "http_config"), p.HTTP),
	}
}
