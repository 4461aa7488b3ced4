package secret

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The stores that a place can be in.
const (
	SecretsManager = "aws-secretsmanager"
	ParameterStore = "aws-ssm"
)

// Place is where a secret lies in a store of secrets. It is no secret itself, and the same place
// may be compared with ==.
type Place struct {
	Store string // SecretsManager or ParameterStore
	Name  string // in the store, or its ARN
	Key   string // of a secret that is a JSON object, the key whose value is meant; "": the whole
}

// String is the place as ParsePlace reads it.
func (p Place) String() string {
	if p.Key == "" {
		return p.Store + ":" + p.Name
	}
	return p.Store + ":" + p.Name + "#" + p.Key
}

// Resolver reads what lies at a place.
type Resolver func(context.Context, Place) (string, error)

// maxName is the longest that Parameter Store allows, with the ARN before it; Secrets Manager
// allows less.
const maxName = 1024

// placeName is what both stores allow in a name, and what is in an ARN.
var placeName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@:-]+$`)

// ParsePlace reads aws-secretsmanager:NAME, aws-secretsmanager:NAME#KEY and aws-ssm:/NAME, where an
// ARN may stand for NAME. Its errors do not show s, which may be the secret itself.
func ParsePlace(s string) (Place, error) {
	store, name, _ := strings.Cut(s, ":")
	p := Place{Store: store, Name: name}
	switch store {
	case SecretsManager:
		var keyed bool
		if p.Name, p.Key, keyed = strings.Cut(name, "#"); keyed &&
			(p.Key == "" || len(p.Key) > 256) {
			return Place{}, errors.New("has no key of at most 256 bytes behind its #; write " +
				"aws-secretsmanager:NAME#KEY, or take the # out for the whole secret")
		}
	case ParameterStore:
	default:
		return Place{}, fmt.Errorf("not a place that holds secrets; write %s:NAME, %s:NAME#KEY "+
			"or %s:/NAME", SecretsManager, SecretsManager, ParameterStore)
	}
	if len(p.Name) > maxName || !placeName.MatchString(p.Name) {
		return Place{}, fmt.Errorf("has no name behind %s: that AWS knows; write letters, digits "+
			"and /_+=.@-, or an ARN", store)
	}
	return p, nil
}

// Stored is what lies at a place, read at each use by resolve, which may keep it for a while. Where
// resolve is nil, nobody reads places.
func Stored(p Place, resolve Resolver) String {
	return From(func(ctx context.Context) (string, error) {
		if resolve == nil {
			return "", fmt.Errorf("%s: nothing here reads secrets from AWS; the command promsnap "+
				"and the Lambda function do, and everywhere a file or the environment does", p)
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
