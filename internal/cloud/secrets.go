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

// How long Secrets caches a secret, and how many. After a rotation the old secret still works for a
// while, because Secrets Manager keeps both.
const (
	keepSecret  = 15 * time.Minute
	mostSecrets = 64
)

// storeAttempts is how often a call to a store of secrets is tried. The callers do not retry.
const storeAttempts = 3

// Secrets reads secrets from AWS Secrets Manager and Parameter Store with the identity of the
// environment. It caches each for a while. It is safe for concurrent use.
type Secrets struct {
	now  func() time.Time
	lock chan struct{} // held for the fields below and while a secret is read

	account *Account // nil before the first secret, because most configurations have none
	cache   map[secret.Place]cachedSecret
}

// cachedSecret is a secret and when it was read.
type cachedSecret struct {
	value string
	read  time.Time
}

// NewSecrets returns a Secrets with an empty cache. now is the wall clock.
func NewSecrets(now func() time.Time) *Secrets {
	return &Secrets{
		now: now, lock: make(chan struct{}, 1), cache: map[secret.Place]cachedSecret{},
	}
}

// Resolve reads the secret at a place. It is a secret.Resolver. Its errors are an *Error and show
// nothing of the secret.
func (s *Secrets) Resolve(ctx context.Context, p secret.Place) (string, error) {
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return "", &Error{Doing: "reading " + p.String(), Err: context.Cause(ctx)}
	}
	whole := p
	whole.Key = ""
	cached, ok := s.cache[whole]
	if !ok || s.now().Sub(cached.read) >= keepSecret {
		value, err := s.read(ctx, whole)
		if err != nil {
			return "", err
		}
		cached = cachedSecret{value, s.now()}
		s.store(whole, cached)
	}
	return pick(p, cached.value)
}

// read reads a secret from its store.
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

// store adds a secret to the cache. If the cache is full, it drops the secret that was read first.
func (s *Secrets) store(p secret.Place, c cachedSecret) {
	if _, ok := s.cache[p]; !ok && len(s.cache) >= mostSecrets {
		var oldest secret.Place
		for at, other := range s.cache {
			if first, ok := s.cache[oldest]; !ok || other.read.Before(first.read) {
				oldest = at
			}
		}
		delete(s.cache, oldest)
	}
	s.cache[p] = c
}

// pick returns the value of p.Key in a secret that is a JSON object, as the console of Secrets
// Manager creates them. Without a key it returns the whole secret.
func pick(p secret.Place, value string) (string, error) {
	if p.Key == "" {
		return value, nil
	}
	fail := func(what string) (string, error) {
		return "", &Error{
			Doing: "reading " + p.String(), Trouble: Lasting,
			Err: fmt.Errorf("the secret %s; correct the key after the #, or the secret", what),
		}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(value), &object) != nil {
		return fail("is not a JSON object, so it has no keys")
	}
	raw, ok := object[p.Key]
	if !ok {
		return fail("has no such key")
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return fail("has no text at this key")
	}
	return text, nil
}

// Secret returns the current value of a secret in Secrets Manager, by name or ARN. The region of an
// ARN overrides that of the account.
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

// Parameter returns the value of a parameter in Parameter Store, by name or ARN. It decrypts a
// SecureString.
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

// storeRetryer returns the retryer for stores of secrets.
func storeRetryer() aws.Retryer {
	return retry.NewStandard(func(r *retry.StandardOptions) {
		r.MaxAttempts, r.MaxBackoff = storeAttempts, time.Second/2
	})
}

// regionOf returns the region of an ARN, or that of the account for a name.
func (a *Account) regionOf(name string) (string, error) {
	if parsed, err := arn.Parse(name); err == nil && parsed.Region != "" {
		return parsed.Region, nil
	}
	if a.cfg.Region == "" {
		return "", errNoRegion
	}
	return a.cfg.Region, nil
}

// explainStore returns the *Error of a failed call to a store of secrets.
func explainStore(ctx context.Context, err error, what, call, region string) error {
	out, a := explainCall(ctx, err, "reading "+what, "AWS")
	if a == nil || out.Hint != "" {
		return out
	}
	switch {
	case a.code == "ResourceNotFoundException", a.code == "ParameterNotFound",
		a.code == "ParameterVersionNotFound":
		out.Trouble, out.Hint = Lasting, fmt.Sprintf("it does not exist in %s: create it, or "+
			"correct the name or the region", region)
	case slices.Contains([]string{"DecryptionFailure", "InvalidKeyId"}, a.code),
		a.status/100 == 4 && strings.Contains(a.message, "kms:"):
		out.Trouble, out.Hint = Lasting, "allow this identity kms:Decrypt on its encryption key, "+
			"and check that the key is enabled"
	case a.code == "InvalidRequestException":
		out.Trouble, out.Hint = Lasting, "it may be marked for deletion: restore it, or use another"
	case a.code == "AccessDeniedException":
		out.Trouble, out.Hint = Lasting, fmt.Sprintf("allow this identity %s on it, and "+
			"kms:Decrypt if it has its own key", strings.Join(actions(call), " and "))
	}
	return out
}

// explainCall returns the *Error of a failed call to any AWS service. If the Hint is empty, the
// caller may know more from the answer.
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
		out.Trouble, out.Hint = Passing, service+" does not answer: check the network to it"
	case throttled(a):
		out.Trouble, out.After, out.Hint = Passing, a.wait(), "AWS limits the calls: do nothing "+
			"if this passes"
	case a.status >= http.StatusInternalServerError:
		out.Trouble, out.After = Passing, a.wait()
	default:
		out.Trouble, out.Hint = Lasting, identityHint(a.code)
	}
	return out, a
}

// throttled reports whether AWS limits the calls.
func throttled(a *answer) bool {
	return a.status == http.StatusTooManyRequests || strings.HasPrefix(a.code, "Throttl") ||
		a.code == "LimitExceededException" || a.code == "RequestLimitExceeded"
}

// identityHint returns what to do if AWS does not accept the credentials, or "" for other codes.
func identityHint(code string) string {
	switch code {
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId":
		return "AWS does not know the access key: correct it"
	case "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature":
		return "the secret key does not belong to the access key, or the region is not that of " +
			"the server: correct them"
	case "ExpiredTokenException", "ExpiredToken", "InvalidToken":
		return "log in again (`aws sso login`), or use a role, whose credentials are renewed " +
			"automatically"
	case "RequestTimeTooSkewed", "RequestExpired":
		return "this machine's clock is wrong: set it"
	}
	return ""
}
