package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/promsnap/promsnap/internal/secret"
)

// How long Secrets keeps what it has read, and how much of it. A secret that was rotated is known
// as long as its predecessor still works, as Secrets Manager's own rotation keeps the two side by
// side.
const (
	keepSecret  = 15 * time.Minute
	mostSecrets = 64
)

// storeAttempts is how often a store of secrets is asked where trouble may pass: nobody else tries
// again.
const storeAttempts = 3

// Secrets reads secrets from AWS Secrets Manager and Parameter Store as what the environment says,
// and keeps each for a while. It may be used from several goroutines.
type Secrets struct {
	now  func() time.Time
	turn chan struct{} // held by whoever reads or writes what follows

	account *Account // nil before the first secret: most configurations have none there
	kept    map[secret.Place]keptSecret
}

type keptSecret struct {
	value string
	read  time.Time
}

// NewSecrets returns a reader that has read nothing yet. now is the wall clock.
func NewSecrets(now func() time.Time) *Secrets {
	return &Secrets{now: now, turn: make(chan struct{}, 1), kept: map[secret.Place]keptSecret{}}
}

// Resolve reads what lies at a place: a secret.Resolver. Its errors are *Error, and show nothing of
// what was read.
func (s *Secrets) Resolve(ctx context.Context, p secret.Place) (string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", &Error{Doing: "reading " + p.String(), Err: context.Cause(ctx)}
	}
	whole := p
	whole.Key = ""
	have, ok := s.kept[whole]
	if !ok || s.now().Sub(have.read) >= keepSecret {
		value, err := s.read(ctx, whole)
		if err != nil {
			return "", err
		}
		have = keptSecret{value, s.now()}
		s.keep(whole, have)
	}
	return pick(p, have.value)
}

func (s *Secrets) read(ctx context.Context, p secret.Place) (string, error) {
	if s.account == nil {
		account, err := Open(ctx, Identity{})
		if err != nil {
			return "", err
		}
		s.account = account
	}
	if p.Store == secret.ParameterStore {
		return s.account.Parameter(ctx, p.Name)
	}
	return s.account.Secret(ctx, p.Name)
}

// keep makes room where there is none: what was read first goes.
func (s *Secrets) keep(p secret.Place, k keptSecret) {
	if _, ok := s.kept[p]; !ok && len(s.kept) >= mostSecrets {
		var oldest secret.Place
		for at, other := range s.kept {
			if first, ok := s.kept[oldest]; !ok || other.read.Before(first.read) {
				oldest = at
			}
		}
		delete(s.kept, oldest)
	}
	s.kept[p] = k
}

// pick takes the value of a key out of a secret that is a JSON object, as the console of Secrets
// Manager makes them.
func pick(p secret.Place, value string) (string, error) {
	if p.Key == "" {
		return value, nil
	}
	fail := func(what string) (string, error) {
		return "", &Error{
			Doing: "reading " + p.String(), Trouble: Lasting,
			Err: fmt.Errorf("the secret %s; correct what stands behind the #, or the secret", what),
		}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(value), &object) != nil {
		return fail("is no JSON object, so that it has no keys")
	}
	raw, ok := object[p.Key]
	if !ok {
		return fail("has no such key")
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return fail("has something else than a text at that key")
	}
	return text, nil
}

// Secret returns the current value of a secret in Secrets Manager, by name or ARN. An ARN's region
// goes before the account's.
func (a *Account) Secret(ctx context.Context, name string) (string, error) {
	region, err := a.regionOf(name)
	if err != nil {
		return "", err
	}
	client := secretsmanager.NewFromConfig(a.cfg, func(o *secretsmanager.Options) {
		o.Region, o.Retryer = region, storeRetryer()
	})
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return "", explainStore(ctx, err, "the secret "+name, "GetSecretValue", region)
	}
	if out.SecretString != nil {
		return *out.SecretString, nil
	}
	return string(out.SecretBinary), nil
}

// Parameter returns the value of a parameter in Parameter Store, by name or ARN, decrypted where it
// is a SecureString.
func (a *Account) Parameter(ctx context.Context, name string) (string, error) {
	region, err := a.regionOf(name)
	if err != nil {
		return "", err
	}
	client := ssm.NewFromConfig(a.cfg, func(o *ssm.Options) {
		o.Region, o.Retryer = region, storeRetryer()
	})
	out, err := client.GetParameter(ctx, &ssm.GetParameterInput{
		Name: &name, WithDecryption: aws.Bool(true),
	})
	if err != nil {
		return "", explainStore(ctx, err, "the parameter "+name, "GetParameter", region)
	}
	if out.Parameter == nil {
		return "", nil
	}
	return aws.ToString(out.Parameter.Value), nil
}

func storeRetryer() aws.Retryer {
	return retry.NewStandard(func(r *retry.StandardOptions) {
		r.MaxAttempts, r.MaxBackoff = storeAttempts, time.Second/2
	})
}

// regionOf is the region in an ARN, or the account's own.
func (a *Account) regionOf(name string) (string, error) {
	if parsed, err := arn.Parse(name); err == nil && parsed.Region != "" {
		return parsed.Region, nil
	}
	if a.cfg.Region == "" {
		return "", errNoRegion
	}
	return a.cfg.Region, nil
}

// explainStore makes of a failed call to a store of secrets what happened, whether it may pass, and
// what to do.
func explainStore(ctx context.Context, err error, what, call, region string) error {
	out, a := explainCall(ctx, err, "reading "+what, "AWS")
	if a == nil || out.Hint != "" {
		return out
	}
	switch {
	case a.code == "ResourceNotFoundException", a.code == "ParameterNotFound",
		a.code == "ParameterVersionNotFound":
		out.Trouble, out.Hint = Lasting, fmt.Sprintf("there is none of that name in %s: create "+
			"it, or correct the name or the region", region)
	case slices.Contains([]string{"DecryptionFailure", "InvalidKeyId"}, a.code),
		a.status/100 == 4 && strings.Contains(a.message, "kms:"):
		out.Trouble, out.Hint = Lasting, "allow kms:Decrypt on the key that it is encrypted with "+
			"to this identity, and see that the key is enabled"
	case a.code == "InvalidRequestException":
		out.Trouble, out.Hint = Lasting, "it may be marked for deletion: restore it, or name "+
			"another"
	case a.code == "AccessDeniedException":
		out.Trouble, out.Hint = Lasting, fmt.Sprintf("allow %s on it to this identity, and "+
			"kms:Decrypt where it has a key of its own", strings.Join(actions(call), " and "))
	}
	return out
}

// explainCall explains what every service of AWS may answer, and leaves the Hint to the caller
// where there is more to say.
func explainCall(ctx context.Context, err error, doing, service string) (*Error, *answer) {
	if known := credentialsTrouble(err); known != nil {
		return &Error{Doing: doing, Trouble: known.Trouble, After: known.After, Err: known}, nil
	}
	out, a := &Error{Doing: doing, Err: plain(err)}, answered(err)
	switch {
	case ctx.Err() != nil:
		out.Err = context.Cause(ctx)
		return out, nil
	case a == nil:
		out.Trouble, out.Hint = Passing, service+" does not answer: look at the network's way to it"
	case throttled(a):
		out.Trouble, out.After, out.Hint = Passing, a.wait(), "AWS asks for fewer calls: nothing "+
			"to do where it passes"
	case a.status >= http.StatusInternalServerError:
		out.Trouble, out.After = Passing, a.wait()
	default:
		out.Trouble, out.Hint = Lasting, identityHint(a.code)
	}
	return out, a
}

func throttled(a *answer) bool {
	return a.status == http.StatusTooManyRequests || strings.HasPrefix(a.code, "Throttl") ||
		a.code == "LimitExceededException" || a.code == "RequestLimitExceeded"
}

// identityHint says what to do where AWS does not take whoever asks, "" where code says something
// else.
func identityHint(code string) string {
	switch code {
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId":
		return "AWS does not know the access key: correct it"
	case "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature":
		return "the secret key does not belong to the access key, or the region is not the " +
			"server's: correct them"
	case "ExpiredTokenException", "ExpiredToken", "InvalidToken":
		return "log in again (`aws sso login`), or use a role, whose credentials renew themselves"
	case "RequestTimeTooSkewed", "RequestExpired":
		return "this machine's clock is wrong: set it"
	}
	return ""
}
