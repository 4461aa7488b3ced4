// Package cloud uses AWS: an identity in a region, secrets, signed requests, and S3 buckets of AWS
// or of another provider. It is the only package that imports the AWS SDK. It returns plain data,
// and its errors say what to do.
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

// Identity is the identity and the region for requests to AWS. Its zero value takes both from the
// environment: AWS_REGION, AWS_PROFILE and the files of the AWS CLI, the role of a service account
// on EKS, of a function on Lambda, or of a machine on EC2.
type Identity struct {
	Region string
	// AccessKey and SecretKey are for an S3 without roles. They override the environment.
	AccessKey string
	SecretKey secret.String
	// Role is the ARN of a role to assume, with ExternalID if the role's trust policy requires one.
	Role, ExternalID string
}

// The timeouts of a request, if the caller's context does not end sooner.
const (
	connectTimeout = 5 * time.Second
	answerTimeout  = 30 * time.Second
)

// sessionLife is the life of a session with an assumed role. It is the longest that every role
// allows, because a link expires with its session.
const sessionLife = time.Hour

// Account is AWS with one identity. It is safe for concurrent use.
type Account struct {
	cfg  aws.Config
	http *http.Client // of cfg
}

// Open reads the identity from the environment. It sends no request yet, so it does not check the
// credentials.
func Open(ctx context.Context, id Identity) (*Account, error) {
	options := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client()),
		config.WithLogger(logging.Nop{}), // the SDK's default logs to stderr
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
		return nil, fmt.Errorf("reading the AWS configuration: %w; correct the AWS_* environment "+
			"variables or the files in ~/.aws", err)
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

// CloseIdleConnections closes connections that are kept open for the next call.
func (a *Account) CloseIdleConnections() { a.http.CloseIdleConnections() }

var errNoRegion = errors.New("no AWS region: set `region`, or AWS_REGION in the environment")

// client returns the SDK's HTTP client with timeouts.
func client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = connectTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = connectTimeout, answerTimeout
		})
}

// pool returns a client with the transport of the SDK's client, which cannot close its idle
// connections. It follows no redirect, because a signature is valid for one host.
func pool(of aws.HTTPClient) *http.Client {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if b, ok := of.(*awshttp.BuildableClient); ok {
		// from client, with the certificates that the environment names
		return &http.Client{Transport: exchange.Plain{Next: b.GetTransport()}, CheckRedirect: stay}
	}
	return &http.Client{CheckRedirect: stay}
}

// keys returns the credentials of AccessKey and SecretKey. They are a function, because fmt would
// print the fields of the SDK's own type.
func keys(id Identity) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if id.AccessKey == "" {
			return aws.Credentials{}, errors.New("there is a secret key but no access key")
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

// explained adds to the errors of a credentials provider what to do about them.
func explained(from aws.CredentialsProvider, role string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		// the provider may read a file, such as the token of a service account
		c, err := disk.Within(ctx, "the source of AWS credentials",
			func() (aws.Credentials, error) { return from.Retrieve(ctx) })
		if err == nil || ctx.Err() != nil {
			return c, err
		}
		return c, credentialsError(err, role)
	})
}

// credentialsError returns the error of missing credentials. It is Passing if STS does not answer;
// the SDK has already retried.
func credentialsError(err error, role string) *Error {
	out := &Error{Doing: "getting AWS credentials", Trouble: Lasting, Err: plain(err)}
	var call *smithy.OperationError
	var api smithy.APIError
	asked := errors.As(err, &call) && call.ServiceID == sts.ServiceID
	switch {
	case asked && errors.As(err, &api) && role != "":
		out.Hint = fmt.Sprintf("allow this identity sts:AssumeRole on %s, and add it to the "+
			"role's trust policy", role)
	case asked && errors.As(err, &api):
		out.Hint = "check the trust policy of the service account's role"
	case asked:
		out.Trouble, out.Hint = Passing, "STS does not answer: check the network to it"
	default:
		out.Hint = "give the service account (EKS), the function (Lambda) or the machine a role, " +
			"or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	}
	return out
}
