package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/promsnap/promsnap/internal/secret"
)

// Bucket is an S3 bucket and how to log in. Empty fields take their value from the environment.
type Bucket struct {
	Name, Prefix, Region, Endpoint string
	PathStyle                      bool
	AccessKey                      string
	SecretKey                      secret.String
	RoleARN, ExternalID            string
	SSE, KMSKey                    string // SSE: "", AES256, aws:kms
	Checksum                       string // "", sha256, none
}

// bucket builds a bucket.
func (b *builder) bucket(s *bucket, path string) Bucket {
	out := Bucket{
		Name: string(s.Bucket), Prefix: s.Prefix, Region: s.Region, Endpoint: string(s.Endpoint),
		PathStyle: s.PathStyle, AccessKey: s.AccessKey,
		SecretKey: b.secretKeyOf(path, s.secretKey),
		RoleARN:   s.RoleARN, ExternalID: s.ExternalID, SSE: s.SSE, KMSKey: s.KMSKey,
		Checksum: s.Checksum,
	}
	switch {
	case b.has(key(path, "bucket")) && s.Bucket == "":
		b.problem(key(path, "bucket"), "empty; write the bucket's name")
	case out.KMSKey != "" && out.SSE != "aws:kms":
		b.problem(key(path, "kms_key"), "has no effect without sse: aws:kms; write both")
	}
	b.account(path, out.AccessKey, out.SecretKey, out.RoleARN, out.ExternalID)
	return out
}

// bucket is an S3 bucket, of AWS or of another provider, and how to log in. Without credentials,
// those of the environment are used.
type bucket struct {
	// The bucket's name.
	Bucket bucketName `yaml:"bucket" jsonschema:"required"`
	// The start of every key in the bucket. Without it, promsnap uses the whole bucket.
	Prefix string `yaml:"prefix"`
	// The AWS region. The default is AWS_REGION in the environment.
	Region string `yaml:"region"`
	// The address of an S3 other than AWS: https://minio.example.com
	Endpoint base `yaml:"endpoint"`
	// Put the bucket's name into the path and not into the host name, as most other S3s require.
	PathStyle bool `yaml:"path_style"`
	// The access key, for an S3 without roles.
	AccessKey string `yaml:"access_key"`
	secretKey `yaml:",inline"`
	// The ARN of a role to assume.
	RoleARN string `yaml:"role_arn"`
	// The external ID that the role's trust policy requires.
	ExternalID string `yaml:"external_id"`
	// How S3 encrypts what is written. The default is the bucket's setting.
	SSE string `yaml:"sse" jsonschema:"enum=AES256,enum=aws:kms"`
	// The ARN or ID of the key for sse aws:kms. The default is AWS' own key.
	KMSKey string `yaml:"kms_key"`
	// Whether writes have a checksum in a header: sha256, or none for an S3 that refuses it. The
	// default is sha256, or none if AWS_REQUEST_CHECKSUM_CALCULATION in the environment is
	// when_required.
	Checksum string `yaml:"checksum" jsonschema:"enum=sha256,enum=none"`
}

// bucketName is the name of a bucket, or the ARN of an access point.
type bucketName string

var (
	bucketSyntax = regexp.MustCompile(
		`^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,254}|` +
			`arn:[a-z0-9-]+:s3[a-z0-9-]*:[^/]*:accesspoint[/:].+)?$`)
	bucketARN  = regexp.MustCompile(`^arn:[a-z0-9-]*:s3:[a-z0-9-]*:[0-9]*:([^/:]+)/?(.*)$`)
	bucketURI  = regexp.MustCompile(`^(s3|s3a|s3n|gs)://([^/]+)/?(.*)$`)
	bucketPath = regexp.MustCompile(`^/*([A-Za-z0-9][A-Za-z0-9._-]*)/+(.*)$`)
)

// UnmarshalText accepts only a name.
func (n *bucketName) UnmarshalText(b []byte) error {
	text := string(b)
	if bucketSyntax.MatchString(text) {
		*n = bucketName(text)
		return nil
	}
	name, prefix, also := "", "", ""
	if m := bucketARN.FindStringSubmatch(text); m != nil {
		name, prefix = m[1], m[2]
	} else if m := bucketURI.FindStringSubmatch(text); m != nil {
		name, prefix = m[2], m[3]
		if m[1] == "gs" {
			also = ", endpoint: https://storage.googleapis.com"
		}
	} else if m := bucketPath.FindStringSubmatch(text); m != nil {
		name, prefix = m[1], m[2]
	} else {
		return errors.New("not a bucket name; write only the name, such as capacity-reports, " +
			"without an address or a path")
	}
	prefix = strings.Trim(strings.TrimSuffix(prefix, "*"), "/")
	if prefix != "" {
		prefix = ", prefix: " + shorten(prefix)
	}
	return fmt.Errorf("more than a bucket name; write bucket: %s%s%s", shorten(name),
		prefix, also)
}
