package secret

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The stores of secrets.
const (
	SecretsManager = "aws-secretsmanager"
	ParameterStore = "aws-ssm"
)

// Place is the place of a secret in a store of secrets. It is not a secret itself. Places can be
// compared with ==.
type Place struct {
	Store string // SecretsManager or ParameterStore
	Name  string // the name in the store, or an ARN
	Key   string // the key of the value in a secret that is a JSON object; "" for the whole secret
}

// String formats the place as ParsePlace reads it.
func (p Place) String() string {
	if p.Key == "" {
		return p.Store + ":" + p.Name
	}
	return p.Store + ":" + p.Name + "#" + p.Key
}

// Resolver reads the secret at a place.
type Resolver func(context.Context, Place) (string, error)

// maxName is the longest name of Parameter Store, including its ARN. Secrets Manager allows less.
const maxName = 1024

// placeName matches the names of both stores and ARNs.
var placeName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@:-]+$`)

// ParsePlace parses aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY and aws-ssm:/NAME. NAME
// may be an ARN. Errors do not show s, because it may be the secret itself.
func ParsePlace(s string) (Place, error) {
	store, name, _ := strings.Cut(s, ":")
	p := Place{Store: store, Name: name}
	switch store {
	case SecretsManager:
		var keyed bool
		if p.Name, p.Key, keyed = strings.Cut(name, "#"); keyed &&
			(p.Key == "" || len(p.Key) > 256) {
			return Place{}, errors.New("has no key of 1 to 256 bytes after its #; write " +
				"aws-secretsmanager:NAME#KEY, or remove the # to use the whole secret")
		}
	case ParameterStore:
	default:
		return Place{}, fmt.Errorf("not the place of a secret; write %s:NAME, %s:NAME#KEY or "+
			"%s:/NAME", SecretsManager, SecretsManager, ParameterStore)
	}
	if len(p.Name) > maxName || !placeName.MatchString(p.Name) {
		return Place{}, fmt.Errorf("has no valid name after %s:; write letters, digits and "+
			"/_+=.@-, or an ARN", store)
	}
	return p, nil
}

// Stored returns the secret at a place. It calls resolve for each use; resolve may cache the
// secret. If resolve is nil, reading the secret fails.
func Stored(p Place, resolve Resolver) String {
	return From(func(ctx context.Context) (string, error) {
		if resolve == nil {
			return "", fmt.Errorf("%s: this program cannot read secrets from AWS; the command "+
				"promsnap and the Lambda function can, or use a file or the environment", p)
		}
		s, err := resolve(ctx, p)
		if err != nil {
			return "", err
		}
		if s, err = checked(s); err != nil {
			return "", fmt.Errorf("%s: %w", p, err)
		}
		return s, nil
	})
}
