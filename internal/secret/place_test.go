package secret

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestParsePlace(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:promsnap/slack-AbCdEf"
	for in, want := range map[string]Place{
		"aws-ssm:/promsnap/slack":           {Store: ParameterStore, Name: "/promsnap/slack"},
		"aws-ssm:slack":                     {Store: ParameterStore, Name: "slack"},
		"aws-secretsmanager:promsnap/slack": {Store: SecretsManager, Name: "promsnap/slack"},
		"aws-secretsmanager:promsnap#token": {
			Store: SecretsManager, Name: "promsnap", Key: "token",
		},
		"aws-secretsmanager:" + arn:        {Store: SecretsManager, Name: arn},
		"aws-secretsmanager:" + arn + "#a": {Store: SecretsManager, Name: arn, Key: "a"},
	} {
		got, err := ParsePlace(in)
		if err != nil || got != want || got.String() != in {
			t.Errorf("got %+v %s, %v, want %+v %s", got, got, err, want, in)
		}
	}
	for _, in := range []string{
		"", "MARKED", "vault:MARKED", "aws-ssm", "aws-ssm:", "aws-ssm:/MARKED name",
		"aws-ssm:/MARKED#key", "aws-secretsmanager:MARKED#",
		"aws-secretsmanager:#MARKED", "aws-secretsmanager:MARKED\n", "xoxb-MARKED",
		"aws-ssm:" + strings.Repeat("MARKED", 300),
		"aws-secretsmanager:a#" + strings.Repeat("MARKED", 50),
	} {
		if p, err := ParsePlace(in); err == nil || strings.Contains(err.Error(), "MARKED") ||
			!strings.Contains(err.Error(), "write") {
			t.Errorf("%q: got %+v, %v, want an error without the text", in, p, err)
		}
	}
}

func TestStored(t *testing.T) {
	p := Place{Store: ParameterStore, Name: "/slack"}
	s := Stored(p, func(_ context.Context, asked Place) (string, error) {
		if asked != p {
			t.Errorf("got a read of %s, want %s", asked, p)
		}
		return marked + "\n", nil
	})
	if got := reveal(t, s); got != marked {
		t.Errorf("got %q, want %q", got, marked)
	}
	down := errors.New("AWS is down")
	for want, s := range map[string]String{
		"this program cannot read secrets from AWS": Stored(p, nil),
		"AWS is down": Stored(p,
			func(context.Context, Place) (string, error) { return "", down }),
		"aws-ssm:/slack: the secret is empty": Stored(p,
			func(context.Context, Place) (string, error) { return " ", nil }),
		"aws-ssm:/slack: the secret contains": Stored(p, func(context.Context, Place) (string, error) {
			return "MARKED\nMARKED", nil
		}),
	} {
		if _, err := s.Reveal(context.Background()); err == nil ||
			!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "MARKED") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
