package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/secret"
)

// stored is a store of some values, with the environment in which it is asked, and what is resolved
// from it at a time that tests move.
func stored(t *testing.T) (*cloudtest.Store, *cloud.Secrets, *time.Time) {
	t.Helper()
	store := cloudtest.NewStore(t, map[string]string{
		"/promsnap/slack": "xoxb-parameter", "promsnap/slack": "xoxb-secret",
		"promsnap/all": `{"token":"xoxb-MARKED","count":7}`,
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:slack-AbCdEf": "xoxb-arn",
	})
	for name, value := range store.Env() {
		t.Setenv(name, value)
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	return store, cloud.NewSecrets(func() time.Time { return now }), &now
}

func place(t *testing.T, s string) secret.Place {
	t.Helper()
	p, err := secret.ParsePlace(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSecrets(t *testing.T) {
	_, secrets, _ := stored(t)
	t.Setenv("AWS_REGION", "us-east-2") // the ARN's goes before it
	got, err := secrets.Resolve(context.Background(),
		place(t,
			"aws-secretsmanager:arn:aws:secretsmanager:us-east-1:123456789012:secret:slack-AbCdEf"))
	if err != nil || got != "xoxb-arn" {
		t.Errorf("by ARN: got %q and error %v, want xoxb-arn", got, err)
	}
	_, secrets, _ = stored(t)
	for from, want := range map[string]string{
		"aws-ssm:/promsnap/slack":               "xoxb-parameter",
		"aws-secretsmanager:promsnap/slack":     "xoxb-secret",
		"aws-secretsmanager:promsnap/all#token": "xoxb-MARKED",
	} {
		if got, err := secrets.Resolve(context.Background(), place(t, from)); err != nil ||
			got != want {
			t.Errorf("%s: got %q and error %v, want %q", from, got, err, want)
		}
	}
}

func TestSecretsAreKeptForAWhile(t *testing.T) {
	store, secrets, now := stored(t)
	p := place(t, "aws-secretsmanager:promsnap/slack")
	resolve := func(want string, calls int) {
		t.Helper()
		got, err := secrets.Resolve(context.Background(), p)
		if err != nil || got != want || len(store.Calls()) != calls {
			t.Errorf("%q after %v, %v; want %q after %d calls", got, store.Calls(), err, want,
				calls)
		}
	}
	resolve("xoxb-secret", 1)
	store.Set("promsnap/slack", "xoxb-rotated")
	*now = now.Add(14 * time.Minute)
	resolve("xoxb-secret", 1)
	*now = now.Add(time.Minute)
	resolve("xoxb-rotated", 2)

	for i := range 70 { // more than are kept: the oldest goes, and the newest stays
		name := fmt.Sprintf("/many/%d", i)
		store.Set(name, name)
		*now = now.Add(time.Millisecond)
		if got, err := secrets.Resolve(context.Background(),
			place(t, "aws-ssm:"+name)); err != nil || got != name {
			t.Fatalf("%s: got %q and error %v, want %q", name, got, err, name)
		}
	}
	resolve("xoxb-rotated", 73)
	if _, err := secrets.Resolve(context.Background(), place(t, "aws-ssm:/many/69")); err != nil ||
		len(store.Calls()) != 73 {
		t.Errorf("the newest: got %d calls and error %v, want 73 calls and no error",
			len(store.Calls()), err)
	}
}

func TestSecretsErrorsSayWhatToDo(t *testing.T) {
	for _, tc := range []struct {
		name, from string
		fault      *cloudtest.Fault
		trouble    cloud.Trouble
		calls      int
		says       []string
	}{
		{
			"no such secret", "aws-secretsmanager:none", nil, cloud.Lasting, 1, []string{
				"reading the secret none: ResourceNotFoundException",
				"it does not exist in us-east-1",
			},
		},
		{
			"no such parameter", "aws-ssm:/none", nil, cloud.Lasting, 1, []string{
				"reading the parameter /none: ParameterNotFound",
				"create it, or correct the name or the region",
			},
		},
		{
			"a secret denied", "aws-secretsmanager:promsnap/slack",
			&cloudtest.Fault{
				Status: 400, Code: "AccessDeniedException", Message: "User: x is not authorized",
			}, cloud.Lasting, 1, []string{"allow this identity secretsmanager:GetSecretValue on it"},
		},
		{
			"a parameter denied", "aws-ssm:/promsnap/slack", &cloudtest.Fault{
				Status: 400, Code: "AccessDeniedException", Message: "User: x is not authorized",
			}, cloud.Lasting, 1, []string{"allow this identity ssm:GetParameter on it"},
		},
		{
			"its key denied", "aws-ssm:/promsnap/slack", &cloudtest.Fault{
				Status: 400, Code: "AccessDeniedException",
				Message: "not authorized to perform: kms:Decrypt",
			}, cloud.Lasting, 1, []string{"allow this identity kms:Decrypt on its encryption key"},
		},
		{
			"marked for deletion", "aws-secretsmanager:promsnap/slack",
			&cloudtest.Fault{
				Status: 400, Code: "InvalidRequestException", Message: "marked for deletion",
			}, cloud.Lasting, 1, []string{"restore it"},
		},
		{
			"throttled", "aws-ssm:/promsnap/slack", &cloudtest.Fault{
				Status: 400, Code: "ThrottlingException", Message: "Rate exceeded",
			}, cloud.Passing, 3, []string{"Rate exceeded", "AWS limits the calls"},
		},
		{
			"broken", "aws-secretsmanager:promsnap/slack", &cloudtest.Fault{
				Status: http.StatusInternalServerError, Code: "InternalServiceError",
			}, cloud.Passing, 3, []string{"InternalServiceError"},
		},
		{
			"unknown key", "aws-ssm:/promsnap/slack", &cloudtest.Fault{
				Status: 400, Code: "UnrecognizedClientException",
			}, cloud.Lasting, 1, []string{"AWS does not know the access key"},
		},
		{
			"expired", "aws-ssm:/promsnap/slack", &cloudtest.Fault{
				Status: 400, Code: "ExpiredTokenException",
			}, cloud.Lasting, 1, []string{"log in again"},
		},
		{
			"no JSON", "aws-secretsmanager:promsnap/slack#token", nil, cloud.Lasting, 1, []string{
				"aws-secretsmanager:promsnap/slack#token: the secret is not a JSON object",
			},
		},
		{
			"no such key", "aws-secretsmanager:promsnap/all#tokens", nil, cloud.Lasting, 1,
			[]string{"has no such key"},
		},
		{
			"no text", "aws-secretsmanager:promsnap/all#count", nil, cloud.Lasting, 1, []string{
				"has no text at this key",
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store, secrets, _ := stored(t)
			store.Break(func(string, int) *cloudtest.Fault { return tc.fault })
			got, err := secrets.Resolve(context.Background(), place(t, tc.from))
			var known *cloud.Error
			if !errors.As(err, &known) || got != "" || known.Trouble != tc.trouble ||
				secret.Temporary(err) != (tc.trouble != cloud.Lasting) {
				t.Fatalf("got %q and error %#v, want no text and a *cloud.Error of trouble %v", got,
					err, tc.trouble)
			}
			for _, want := range tc.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "MARKED") ||
				strings.Contains(text, cloudtest.Secret) {
				t.Errorf("got error %s, want one without a secret", text)
			}
			if calls := store.Calls(); len(calls) != tc.calls {
				t.Errorf("calls %v, want %d", calls, tc.calls)
			}
		})
	}
}

func TestSecretsWithAWrongKey(t *testing.T) {
	_, secrets, _ := stored(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	_, err := secrets.Resolve(context.Background(), place(t, "aws-ssm:/promsnap/slack"))
	if err == nil ||
		!strings.Contains(err.Error(), "the secret key does not belong to the access key") {
		t.Errorf("got error %v, want one that says the secret key does not belong", err)
	}
}

func TestSecretsOfManyAtOnce(t *testing.T) {
	store, secrets, _ := stored(t)
	p, errs := place(t, "aws-ssm:/promsnap/slack"), make(chan error)
	for range 8 {
		go func() {
			_, err := secrets.Resolve(context.Background(), p)
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if calls := store.Calls(); !slices.Equal(calls, []string{"GetParameter /promsnap/slack"}) {
		t.Errorf("calls %v, want one", calls)
	}
	stopped := errors.New("stopped")
	ended, cancel := context.WithCancelCause(context.Background())
	cancel(stopped)
	if _, err := secrets.Resolve(ended, place(t, "aws-ssm:/promsnap/other")); !errors.Is(err,
		stopped) {
		t.Errorf("of an ended context: got error %v, want %v", err, stopped)
	}
}
