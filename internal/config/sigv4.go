package config

import (
	promconfig "github.com/prometheus/common/config"

	"github.com/promsnap/promsnap/internal/secret"
)

// SigV4 says how to sign requests to Prometheus for AWS. Empty fields take their value from the
// environment.
type SigV4 struct {
	Region, Service     string // Service: aps
	AccessKey           string
	SecretKey           secret.String
	RoleARN, ExternalID string
}

// sigV4 is the identity for Amazon Managed Service for Prometheus. Without credentials, those of
// the environment are used.
type sigV4 struct {
	// The region of the workspace. The default is AWS_REGION in the environment.
	Region string `yaml:"region"`
	// The ARN of a role to assume, such as one in the workspace's account.
	RoleARN string `yaml:"role_arn"`
	// The external ID that the role's trust policy requires.
	ExternalID string `yaml:"external_id"`
	// The name of the service in the signature.
	Service string `yaml:"service" jsonschema:"default=aps"`
	// An access key, if there is no role.
	AccessKey string `yaml:"access_key"`
	secretKey `yaml:",inline"`
}

// sigV4 builds the sigv4 section and checks that there is no other login.
func (b *builder) sigV4(s *sigV4, http *promconfig.HTTPClientConfig, path string) *SigV4 {
	out := &SigV4{
		Region: s.Region, Service: s.Service, RoleARN: s.RoleARN, ExternalID: s.ExternalID,
		AccessKey: s.AccessKey,
		SecretKey: b.secretKeyOf(path, s.secretKey),
	}
	switch {
	case http.BasicAuth != nil || http.Authorization != nil || http.OAuth2 != nil:
		b.problem(path, "cannot be used with a login in http_config; keep one of them")
	case s.Service == "":
		b.problem(key(path, "service"),
			"empty; write the name of the service, or remove the key to use aps")
	}
	b.account(path, out.AccessKey, out.SecretKey, out.RoleARN, out.ExternalID)
	return out
}
