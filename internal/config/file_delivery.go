package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

// The types of this file are the part of promsnap.yaml that is about telling people, and remembering what they were told. See file.go.

// stateSection says where promsnap remembers, between runs, what fires and what people were told. One of its keys.
type stateSection struct {
	// A directory that stays, such as that of a volume. A relative path starts from this file's directory.
	Dir string `yaml:"dir"`
	// A bucket of S3.
	S3 *bucket `yaml:"s3"`
	// A ConfigMap of the cluster that is watched.
	ConfigMap *configMap `yaml:"configmap"`
}

// bucket is a bucket of S3, AWS' own or another's, and how to log in. Without credentials: as the environment says.
type bucket struct {
	// The bucket's name.
	Bucket bucketName `yaml:"bucket" jsonschema:"required"`
	// What every key begins with; without one, the whole bucket is promsnap's.
	Prefix string `yaml:"prefix"`
	// The AWS region; without one, AWS_REGION of the environment.
	Region string `yaml:"region"`
	// The address of another S3 than AWS': https://minio.example.com
	Endpoint base `yaml:"endpoint"`
	// Put the bucket's name into the path and not into the host's name, as most other S3s want it.
	PathStyle bool `yaml:"path_style"`
	// The access key of an S3 that has no roles.
	AccessKey string `yaml:"access_key"`
	// The secret key that belongs to access_key.
	SecretKey string `yaml:"secret_key"`
	// The file that holds the secret key.
	SecretKeyFile string `yaml:"secret_key_file"`
	// The name of the environment variable that holds the secret key.
	SecretKeyEnv string `yaml:"secret_key_env"`
	// Where the secret key lies in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or aws-ssm:/NAME.
	SecretKeyFrom string `yaml:"secret_key_from"`
	// The ARN of a role to assume.
	RoleARN string `yaml:"role_arn"`
	// What the role's trust policy asks for.
	ExternalID string `yaml:"external_id"`
	// How S3 encrypts what is written; without one, as the bucket says.
	SSE string `yaml:"sse" jsonschema:"enum=AES256,enum=aws:kms"`
	// The ARN or the ID of the key of sse aws:kms; without one, AWS' own.
	KMSKey string `yaml:"kms_key"`
	// Whether writes carry a checksum in a header: sha256, or none for an S3 that refuses it. Without one, as
	// AWS_REQUEST_CHECKSUM_CALCULATION of the environment says: sha256, or none with when_required.
	Checksum string `yaml:"checksum" jsonschema:"enum=sha256,enum=none"`
}

// receiver is whom reports are delivered to: an archive (dir, s3), people (slack, slack_webhook), or a program that is given everything on
// every run (webhook, alertmanager, pushgateway).
type receiver struct {
	// The name, for reports to refer to.
	Name name `yaml:"name" jsonschema:"required"`
	// An archive in a directory.
	Dir *directory `yaml:"dir"`
	// An archive in a bucket.
	S3 *archive `yaml:"s3"`
	// A channel of Slack, by a bot token.
	Slack *slack `yaml:"slack"`
	// A channel of Slack, by an incoming webhook, which sends text and links only.
	SlackWebhook *slackWebhook `yaml:"slack_webhook"`
	// An address of your own program, which is posted what each run has found, as JSON.
	Webhook *webhook `yaml:"webhook"`
	// An Alertmanager, which is posted all alerts on every run. Only of reports with a schedule, and not with send: summary.
	Alertmanager *alertmanager `yaml:"alertmanager"`
	// A Pushgateway, which is given the metrics of each run.
	Pushgateway *pushgateway `yaml:"pushgateway"`
	// The least severity that these people are told of.
	MinSeverity string `yaml:"min_severity" jsonschema:"default=warning,enum=warning,enum=critical"`
	// Tell these people when an alert is resolved.
	SendResolved bool `yaml:"send_resolved" jsonschema:"default=true"`
	// Tell these people, once more, when the last of their alerts is resolved.
	AllClear bool `yaml:"all_clear"`
	// The labels whose values the alerts of one message share; also alertname, severity and panel. An empty list: one message for all.
	// Without one: alertname.
	GroupBy []label `yaml:"group_by"`
	// The names of the time intervals at which these people are told nothing. What still fires is told when they have ended.
	MuteTimeIntervals []intervalName `yaml:"mute_time_intervals"`
	// The receiver that is told instead where this one cannot be.
	Fallback name `yaml:"fallback"`
}

// directory is where an archive lies.
type directory struct {
	// The directory; a relative path starts from this file's directory.
	Path string `yaml:"path" jsonschema:"required"`
}

// archive is a bucket that keeps reports, and how people reach it.
type archive struct {
	bucket `yaml:",inline"`
	// Where people reach what lies below prefix by other means, such as a CDN. Without one, messages have signed links.
	PublicURL base `yaml:"public_url"`
	// How long a signed link is to work; it never does for longer than the credentials that signed it.
	LinkExpiry duration `yaml:"link_expiry" jsonschema:"default=1w" limits:"1m..1w"`
}

// slack is a channel of Slack and the app that posts there.
type slack struct {
	// The channel's ID: C0123456789
	Channel channel `yaml:"channel" jsonschema:"required"`
	// The bot's token: xoxb-…. Without any of the token's keys: the environment variable SLACK_BOT_TOKEN.
	Token string `yaml:"token"`
	// The file that holds the token.
	TokenFile string `yaml:"token_file"`
	// The name of the environment variable that holds the token.
	TokenEnv string `yaml:"token_env"`
	// Where the token lies in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or aws-ssm:/NAME.
	TokenFrom string `yaml:"token_from"`
	// Whom a message disturbs, by the severity of what it tells.
	Mentions mentions `yaml:"mentions"`
	// The address of Slack's API where it is reached through another one.
	APIURL base `yaml:"api_url"`
}

// slackWebhook is an incoming webhook of Slack. Its whole address is a secret.
type slackWebhook struct {
	// The webhook's address.
	URL string `yaml:"url"`
	// The file that holds the address.
	URLFile string `yaml:"url_file"`
	// The name of the environment variable that holds the address.
	URLEnv string `yaml:"url_env"`
	// Where the address lies in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or aws-ssm:/NAME.
	URLFrom string `yaml:"url_from"`
	// Whom a message disturbs, by the severity of what it tells.
	Mentions mentions `yaml:"mentions"`
}

// webhook is an address of the reader's own program. The whole of it is a secret.
type webhook struct {
	// The address.
	URL string `yaml:"url"`
	// The file that holds the address.
	URLFile string `yaml:"url_file"`
	// The name of the environment variable that holds the address.
	URLEnv string `yaml:"url_env"`
	// Where the address lies in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or aws-ssm:/NAME.
	URLFrom string `yaml:"url_from"`
	// A token that is sent as Authorization: Bearer.
	Token string `yaml:"token"`
	// The file that holds the token.
	TokenFile string `yaml:"token_file"`
	// The name of the environment variable that holds the token.
	TokenEnv string `yaml:"token_env"`
	// Where the token lies in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or aws-ssm:/NAME.
	TokenFrom string `yaml:"token_from"`
}

// alertmanager is an Alertmanager, or what takes alerts as it does.
type alertmanager struct {
	// Its address, with a path where it has one: http://alertmanager.monitoring.svc:9093
	URL base `yaml:"url" jsonschema:"required"`
	// How to connect and log in, as prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

// pushgateway is a Pushgateway.
type pushgateway struct {
	// Its address, with a path where it has one: http://pushgateway.monitoring.svc:9091
	URL base `yaml:"url" jsonschema:"required"`
	// The label job of the metrics, which have cluster and report too.
	Job string `yaml:"job" jsonschema:"default=promsnap"`
	// How to connect and log in, as prometheus.http_config.
	HTTP promconfig.HTTPClientConfig `yaml:"http_config"`
}

// heartbeat is an address that is called after each run. The whole of it is a secret.
type heartbeat struct {
	// The address.
	URL string `yaml:"url"`
	// The file that holds the address.
	URLFile string `yaml:"url_file"`
	// The name of the environment variable that holds the address.
	URLEnv string `yaml:"url_env"`
	// Where the address lies in AWS: aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY or aws-ssm:/NAME.
	URLFrom string `yaml:"url_from"`
}

// mentions are whom a message disturbs, by severity.
type mentions struct {
	// For a warning.
	Warning []mention `yaml:"warning"`
	// For what is critical.
	Critical []mention `yaml:"critical"`
}

// bucketName is the name of a bucket, or the ARN of an access point.
type bucketName string

var (
	bucketSyntax = regexp.MustCompile(`^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,254}|arn:[a-z0-9-]+:s3[a-z0-9-]*:[^/]*:accesspoint[/:].+)?$`)
	bucketARN    = regexp.MustCompile(`^arn:[a-z0-9-]*:s3:[a-z0-9-]*:[0-9]*:([^/:]+)/?(.*)$`)
	bucketURI    = regexp.MustCompile(`^(s3|s3a|s3n|gs)://([^/]+)/?(.*)$`)
	bucketPath   = regexp.MustCompile(`^/*([A-Za-z0-9][A-Za-z0-9._-]*)/+(.*)$`)
)

// UnmarshalText takes a name alone.
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
		return errors.New("not the name of a bucket; write it alone, such as capacity-reports, without an address or a path")
	}
	prefix = strings.Trim(strings.TrimSuffix(prefix, "*"), "/")
	if prefix != "" {
		prefix = ", prefix: " + shorten(prefix)
	}
	return fmt.Errorf("the name of a bucket stands alone; write bucket: %s%s%s", shorten(name), prefix, also)
}

// label is the name of a label.
type label string

// maxLabel is the longest name of a label, in bytes.
const maxLabel = 128

// UnmarshalText takes any name that a label of Prometheus 3 may have, as it is, without quotes or braces.
func (l *label) UnmarshalText(b []byte) error {
	text := string(b)
	switch foreign := foreignLabel(text); {
	case text == "...":
		return errors.New("... for all labels is Alertmanager's; write the labels that the alerts of one message share, such as alertname and namespace")
	case foreign != "":
		return fmt.Errorf("%q is not the name of a label; write %s", shorten(text), foreign)
	case !model.UTF8Validation.IsValidLabelName(text) || len(text) > maxLabel:
		return fmt.Errorf("%q is not the name of a label; write one such as namespace, alertname or severity", shorten(text))
	}
	*l = label(text)
	return nil
}

// channel is the ID of a channel.
type channel string

var channelSyntax = regexp.MustCompile(`^[CGD][A-Z0-9]{2,30}$`)

// UnmarshalText takes an ID alone: Slack's pictures need it, and a name can change hands.
func (c *channel) UnmarshalText(b []byte) error {
	if !channelSyntax.Match(b) {
		return errors.New("not the ID of a channel; write one such as C0123456789, which stands at the end of the channel's details")
	}
	*c = channel(b)
	return nil
}

// mention is somebody whom Slack can mention.
type mention string

var mentionSyntax = regexp.MustCompile(`^(@?(here|channel|everyone)|[UWS][A-Z0-9]{2,20})$`)

// UnmarshalText takes what Slack knows people by, which is never a name.
func (m *mention) UnmarshalText(b []byte) error {
	if !mentionSyntax.Match(b) {
		return fmt.Errorf("%q is nobody whom Slack can mention; write \"@here\", \"@channel\", \"@everyone\", or the ID of a member (U…) or of a user group (S…)", shorten(string(b)))
	}
	*m = mention(b)
	return nil
}
