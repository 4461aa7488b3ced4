// Package cloud is AWS as promsnap needs it: an identity in a region, and buckets of S3, AWS' own
// or another's. It is the only package that imports AWS' SDK: what it answers is plain data, and
// its errors say what to do.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/promsnap/promsnap/internal/disk"
	"github.com/promsnap/promsnap/internal/exchange"
	"github.com/promsnap/promsnap/internal/secret"
)

// Identity says as whom AWS is asked, and where. Its zero value is what the environment says:
// AWS_REGION, AWS_PROFILE and the files of the AWS command line, a service account's role on EKS, a
// function's on Lambda, a machine's on EC2.
type Identity struct {
	Region string
	// AccessKey and SecretKey are for an S3 that has no roles. They stand before what the
	// environment says.
	AccessKey string
	SecretKey secret.String
	// Role is the ARN of a role to assume, with ExternalID where the role's trust asks for one.
	Role, ExternalID string
}

// How long AWS is waited for where no deadline of the caller's is sooner.
const (
	connectTimeout = 5 * time.Second
	answerTimeout  = 30 * time.Second
)

// sessionLife is what is asked for when a role is assumed: the most that every role allows, as
// links live no longer than their session.
const sessionLife = time.Hour

// Account is AWS, asked as one identity. It may be used from several goroutines.
type Account struct {
	cfg  aws.Config
	http *http.Client // cfg's
}

// Open reads what the environment says of the identity. It asks nothing of AWS yet: that the
// credentials are good shows at the first call.
func Open(ctx context.Context, id Identity) (*Account, error) {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client()),
		config.WithLogger(logging.Nop{}), // the SDK's own writes to stderr
	}
	if id.Region != "" {
		options = append(options, config.WithRegion(id.Region))
	}
	if id.AccessKey != "" || !id.SecretKey.IsZero() {
		options = append(options, config.WithCredentialsProvider(keys(id)))
	}
	cfg, err := disk.Within(ctx, "the AWS configuration", func() (aws.Config, error) {
		return config.LoadDefaultConfig(ctx, options...)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w; correct the environment's "+
			"AWS_* variables or the files in ~/.aws", err)
	}
	a := &Account{cfg: cfg, http: pool(cfg.HTTPClient)}
	a.cfg.HTTPClient = a.http
	if id.Role != "" {
		if cfg.Region == "" {
			return nil, errNoRegion
		}
		options := func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName, o.Duration = "promsnap", sessionLife
			if id.ExternalID != "" {
				o.ExternalID = &id.ExternalID
			}
		}
		role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(a.cfg), id.Role, options)
		a.cfg.Credentials = aws.NewCredentialsCache(role)
	}
	a.cfg.Credentials = explained(a.cfg.Credentials, id.Role)
	return a, nil
}

// CloseIdleConnections closes what is kept open for the next call.
func (a *Account) CloseIdleConnections() { a.http.CloseIdleConnections() }

var errNoRegion = errors.New("no AWS region is known: set `region`, or AWS_REGION in the " +
	"environment")

func client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = connectTimeout, answerTimeout
		})
}

// pool is a client with the connections of the SDK's own, which does not let go of them. It follows
// no redirect: a signature is for one host.
func pool(of aws.HTTPClient) *http.Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if b, ok := of.(*awshttp.BuildableClient); ok {
		// client, with the certificates that the environment names
		return &http.Client{Transport: exchange.Plain{Next: b.GetTransport()}, CheckRedirect: stay}
	}
	return &http.Client{CheckRedirect: stay}
}

// keys are credentials that are known. They are a function because fmt would show the fields of the
// SDK's own.
func keys(id Identity) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if id.AccessKey == "" {
			return aws.Credentials{}, errors.New("there is a secret key and no access key")
		}
		key, err := id.SecretKey.Reveal(ctx)
		if err != nil {
			return aws.Credentials{}, fmt.Errorf("the secret key: %w", err)
		}
		return aws.Credentials{
			AccessKeyID: id.AccessKey, SecretAccessKey: key, Source: "configuration",
		}, nil
	})
}

// explained puts into the errors of credentials what to do about them.
func explained(from aws.CredentialsProvider, role string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		// The token of a service account's role lies in a file.
		c, err := disk.Within(ctx, "the source of AWS credentials",
			func() (aws.Credentials, error) { return from.Retrieve(ctx) })
		if err == nil || ctx.Err() != nil {
			return c, err
		}
		return c, credentialsError(err, role)
	})
}

// credentialsError is a passing one where STS does not answer. The SDK has tried again by then.
func credentialsError(err error, role string) *Error {
	out := &Error{Doing: "getting AWS credentials", Trouble: Lasting, Err: plain(err)}
	var call *smithy.OperationError
	var api smithy.APIError
	asked := errors.As(err, &call) && call.ServiceID == sts.ServiceID
	switch {
	case asked && errors.As(err, &api) && role != "":
		out.Hint = fmt.Sprintf("allow sts:AssumeRole on %s to this identity, and this identity "+
			"in the role's trust policy", role)
	case asked && errors.As(err, &api):
		out.Hint = "look at the trust policy of the service account's role"
	case asked:
		out.Trouble, out.Hint = Passing, "STS does not answer: look at the network's way to it"
	default:
		out.Hint = "give the service account (EKS), the function (Lambda) or the machine a role, " +
			"or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	}
	return out
}
