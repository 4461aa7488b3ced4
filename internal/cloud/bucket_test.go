package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/secret"
)

func TestPutAndGet(t *testing.T) {
	s := cloudtest.New(t)
	b := s.Bucket(t, func(o *cloud.BucketOptions) {
		o.Encryption, o.KMSKey = cloud.EncryptKMS, "key-1"
	})
	ctx := context.Background()
	if o, err := b.Get(ctx, "a/b.html", 10); err != nil || o.ETag != "" {
		t.Fatalf("before it is there: got %+v and error %v, want no ETag and no error", o, err)
	}
	want := cloud.Object{
		Body: []byte("page"), Type: "text/html; charset=utf-8", Cache: "no-cache", Mark: "7",
	}
	if err := b.Put(ctx, "a/b.html", want); err != nil {
		t.Fatal(err)
	}
	got, err := b.Get(ctx, "a/b.html", 4)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := b.Stat(ctx, "a/b.html")
	if err != nil {
		t.Fatal(err)
	}
	if got.ETag == "" || got.ETag != stat.ETag {
		t.Errorf("got ETags %q and %q, want the same", got.ETag, stat.ETag)
	}
	want.ETag = got.ETag
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want.Body = nil
	if fmt.Sprint(stat) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", stat, want)
	}
	if _, err := b.Get(ctx, "a/b.html", 3); !errors.Is(err, cloud.ErrTooLarge) {
		t.Errorf("a body above the limit: got error %v, want %v", err, cloud.ErrTooLarge)
	}
	for name, want := range map[string]string{
		"X-Amz-Server-Side-Encryption":                    "aws:kms",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":     "key-1",
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "true", "X-Amz-Acl": "",
		"X-Amz-Trailer":         "",
		"X-Amz-Checksum-Sha256": "NmAxWprz3yVdjxmrB35Hl4IrQUiKDioEvGr3EhPCMnQ=",
	} {
		if got := s.Object("a/b.html").Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestSwap(t *testing.T) {
	s := cloudtest.New(t)
	b, ctx := s.Bucket(t), context.Background()
	first, err := b.Swap(ctx, "k", cloud.Object{Body: []byte("1")}, "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Swap(ctx, "k", cloud.Object{Body: []byte("2")}, first)
	if err != nil || second == first {
		t.Fatalf("second: got ETag %q and error %v, want an ETag other than %q", second, err, first)
	}
	for name, was := range map[string]string{"none expected": "", "an older one expected": first} {
		if _, err := b.Swap(ctx, "k", cloud.Object{Body: []byte("3")}, was); !errors.Is(err,
			cloud.ErrConflict) {
			t.Errorf("%s: got error %v, want %v", name, err, cloud.ErrConflict)
		}
	}
	s.Delete("k")
	if _, err := b.Swap(ctx, "k", cloud.Object{Body: []byte("3")}, second); !errors.Is(err,
		cloud.ErrConflict) {
		t.Errorf("a deleted object: got error %v, want %v", err, cloud.ErrConflict)
	}
	s.Break(func(*http.Request, int) *cloudtest.Fault {
		return &cloudtest.Fault{Status: http.StatusConflict, Code: "ConditionalRequestConflict"}
	})
	if _, err := b.Swap(ctx, "k", cloud.Object{Body: []byte("3")}, ""); !errors.Is(err,
		cloud.ErrConflict) {
		t.Errorf("another write at once: got error %v, want %v", err, cloud.ErrConflict)
	}
}

func TestOneSwapWins(t *testing.T) {
	s := cloudtest.New(t)
	b := s.Bucket(t)
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			_, err := b.Swap(context.Background(), "k", cloud.Object{Body: []byte{byte(i)}}, "")
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, cloud.ErrConflict):
				t.Errorf("got error %v, want %v", err, cloud.ErrConflict)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("got %d successful swaps of 8, want 1", won.Load())
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, tc := range []struct {
		name    string
		fault   cloudtest.Fault
		trouble cloud.Trouble
		after   time.Duration
		says    []string
	}{
		{"denied", cloudtest.Fault{
			Status: 403, Code: "AccessDenied", Message: "Access Denied.",
		}, cloud.Lasting, 0,
			[]string{
				"writing s3://reports/k: AccessDenied: Access Denied (403, request REQUEST1); " +
					"allow this identity s3:PutObject on arn:aws:s3:::reports/k; docs/s3.md",
			}},
		{"the key is denied", cloudtest.Fault{
			Status: 403, Code: "AccessDenied",
			Message: "not authorized to perform: kms:GenerateDataKey",
		}, cloud.Lasting, 0,
			[]string{"allow kms:GenerateDataKey and kms:Decrypt on the key"}},
		{
			"the key is off", cloudtest.Fault{Status: 400, Code: "KMS.DisabledException"},
			cloud.Lasting, 0, []string{"check that it is enabled"},
		},
		{
			"no bucket", cloudtest.Fault{Status: 404, Code: "NoSuchBucket"}, cloud.Lasting, 0,
			[]string{"create the bucket reports"},
		},
		{"elsewhere", cloudtest.Fault{
			Status: 301, Code: "PermanentRedirect", Header: map[string]string{
				"X-Amz-Bucket-Region": "ap-northeast-2",
			},
		}, cloud.Lasting, 0,
			[]string{"the bucket is in ap-northeast-2, not in us-east-1: correct `region`"}},
		{
			"elsewhere, it does not say where", cloudtest.Fault{
				Status: 400, Code: "AuthorizationHeaderMalformed",
			}, cloud.Lasting, 0, []string{"correct `region`"},
		},
		{
			"wrong secret", cloudtest.Fault{Status: 403, Code: "SignatureDoesNotMatch"},
			cloud.Lasting, 0, []string{"the access key or its secret"},
		},
		{
			"wrong access key", cloudtest.Fault{Status: 403, Code: "InvalidAccessKeyId"},
			cloud.Lasting, 0, []string{"the access key or its secret"},
		},
		{
			"session over", cloudtest.Fault{Status: 400, Code: "ExpiredToken"}, cloud.Lasting, 0,
			[]string{"aws sso login"},
		},
		{
			"clock", cloudtest.Fault{Status: 403, Code: "RequestTimeTooSkewed"}, cloud.Passing, 0,
			[]string{"clock"},
		},
		{
			"no checksums", cloudtest.Fault{Status: 501, Code: "NotImplemented"}, cloud.Lasting, 0,
			[]string{"set `checksum: none`"},
		},
		{
			"throttled", cloudtest.Fault{
				Status: 503, Code: "SlowDown", Header: map[string]string{"Retry-After": "7"},
			}, cloud.Passing, 7 * time.Second, []string{"SlowDown"},
		},
		{
			"broken", cloudtest.Fault{Status: 500, Code: "InternalError"}, cloud.Passing,
			0, []string{"InternalError"},
		},
		{
			"another protocol", cloudtest.Fault{Status: 429}, cloud.Passing, 0, []string{
				"TooManyRequests: Too Many Requests (429",
			},
		},
		{"busy", cloudtest.Fault{Status: 409, Code: "OperationAborted"}, cloud.Passing, 0, nil},
		{"odd", cloudtest.Fault{Status: 400, Code: "InvalidArgument"}, cloud.Lasting, 0, nil},
		{
			"lost answer", cloudtest.Fault{Lost: true}, cloud.Passing, 0,
			[]string{"S3 does not answer"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := cloudtest.New(t)
			b := s.Bucket(t)
			s.Break(func(*http.Request, int) *cloudtest.Fault { return &tc.fault })
			err := b.Put(context.Background(), "k", cloud.Object{Body: []byte("x")})
			var got *cloud.Error
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a *cloud.Error", err)
			}
			if got.Trouble != tc.trouble || got.After != tc.after {
				t.Errorf("trouble %d after %v, want %d after %v: %v", got.Trouble, got.After,
					tc.trouble, tc.after, err)
			}
			for _, want := range tc.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, err), cloudtest.Secret) {
				t.Errorf("got error %v, want it without the secret", err)
			}
			if n := len(s.Calls()); n != 1 {
				t.Errorf("got %d calls, want 1: only Deliver retries", n)
			}
		})
	}
}

func TestReadingNeedsListBucket(t *testing.T) {
	s := cloudtest.New(t)
	b := s.Bucket(t)
	s.Break(func(*http.Request, int) *cloudtest.Fault {
		return &cloudtest.Fault{Status: 403, Code: "AccessDenied"}
	})
	_, get := b.Get(context.Background(), "k", 1)
	_, stat := b.Stat(context.Background(), "k")
	for _, err := range []error{get, stat} {
		if err == nil || !strings.Contains(err.Error(), "allow this identity s3:GetObject on "+
			"arn:aws:s3:::reports/k and s3:ListBucket on arn:aws:s3:::reports;") {
			t.Errorf("got error %v, want one with both actions", err)
		}
	}
}

func TestTheContextEnds(t *testing.T) {
	s := cloudtest.New(t)
	b := s.Bucket(t)
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	s.Break(func(*http.Request, int) *cloudtest.Fault {
		cancel(stopped)
		return &cloudtest.Fault{Status: 503}
	})
	err := b.Put(ctx, "k", cloud.Object{})
	var got *cloud.Error
	if !errors.Is(err, stopped) || !errors.As(err, &got) || got.Trouble == cloud.Lasting {
		t.Errorf("got error %v, want %v, not lasting", err, stopped)
	}
}

func TestAttempts(t *testing.T) {
	s := cloudtest.New(t)
	b := s.Bucket(t, func(o *cloud.BucketOptions) { o.Attempts = 2 })
	s.Break(func(_ *http.Request, n int) *cloudtest.Fault {
		if n == 0 {
			return &cloudtest.Fault{Status: 503, Code: "SlowDown"}
		}
		return nil
	})
	if err := b.Put(context.Background(), "k", cloud.Object{}); err != nil || len(s.Calls()) != 2 {
		t.Errorf("got %d calls, error %v, want 2 and none", len(s.Calls()), err)
	}
}

func TestLink(t *testing.T) {
	s := cloudtest.New(t)
	link, expires, err := s.Bucket(t).Link(context.Background(), "a/b.html", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/reports/a/b.html" || u.Query().Get("X-Amz-Expires") != "3600" ||
		!expires.Equal(signed.Add(time.Hour)) {
		t.Errorf("got link %s that expires %v, want an hour after %v", link, expires, signed)
	}
	if len(s.Calls()) != 0 {
		t.Errorf("got calls %v, want none", s.Calls())
	}
}

// TestLinkOfASession: a session that does not say when it ends is taken for one of an hour, and one
// that does shortens the link.
func TestLinkOfASession(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", cloudtest.Secret)
	t.Setenv("AWS_SESSION_TOKEN", "session")
	life := func(t *testing.T, id cloud.Identity) (lives, says time.Duration) {
		t.Helper()
		account, err := cloud.Open(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		b, err := account.Bucket(cloud.BucketOptions{Name: "reports"})
		if err != nil {
			t.Fatal(err)
		}
		link, expires, err := b.Link(context.Background(), "k", cloud.MaxLinkLife)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
		if err != nil {
			t.Fatal(err)
		}
		lives, err = time.ParseDuration(u.Query().Get("X-Amz-Expires") + "s")
		if err != nil {
			t.Fatal(err)
		}
		return lives, expires.Sub(signed)
	}
	if lives, says := life(t, cloud.Identity{Region: "eu-west-1"}); lives != time.Hour ||
		says != time.Hour {
		t.Errorf("of a session that does not say: got lives %v, says %v; want both to be 1h",
			lives, says)
	}
	sts(t, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("RoleArn") != "arn:aws:iam::1:role/reports" ||
			r.FormValue("ExternalId") != "x1" || r.FormValue("DurationSeconds") != "3600" {
			t.Errorf("got form %v, want the role reports, the external ID x1 and 3600 s", r.Form)
		}
		end := time.Now().Add(20 * time.Minute).UTC().Format(time.RFC3339)
		_, _ = fmt.Fprintf(w,
			`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA2</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, end)
	})
	_, says := life(t, cloud.Identity{
		Region: "eu-west-1", Role: "arn:aws:iam::1:role/reports", ExternalID: "x1",
	})
	if says < 10*time.Minute || says > 20*time.Minute {
		t.Errorf("of a session that ends in 20 minutes: got says %v, want 10m to 20m", says)
	}
}

// sts makes the SDK ask answer instead of AWS' STS.
func sts(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	h := httptest.NewServer(answer)
	t.Cleanup(h.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", h.URL)
}

func TestCredentialsErrors(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	sts(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w,
			`<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error><RequestId>R</RequestId></ErrorResponse>`)
	})
	key := secret.Inline(cloudtest.Secret)
	for _, tc := range []struct {
		name string
		id   cloud.Identity
		says string
	}{
		{"none", cloud.Identity{Region: "eu-west-1"}, "give the service account (EKS)"},
		{
			"role denied", cloud.Identity{
				Region: "eu-west-1", AccessKey: "A", SecretKey: key, Role: "arn:aws:iam::1:role/r",
			}, "allow this identity sts:AssumeRole on arn:aws:iam::1:role/r",
		},
		{
			"half a key", cloud.Identity{Region: "eu-west-1", SecretKey: key},
			"a secret key but no access key",
		},
		{
			"secret not there", cloud.Identity{
				Region: "eu-west-1", AccessKey: "A", SecretKey: secret.File("none"),
			}, "the secret key: reading a secret",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			account, err := cloud.Open(context.Background(), tc.id)
			if err != nil {
				t.Fatal(err)
			}
			b, err := account.Bucket(cloud.BucketOptions{Name: "reports"})
			if err != nil {
				t.Fatal(err)
			}
			_, _, linked := b.Link(context.Background(), "k", time.Hour)
			for _, err := range []error{b.Put(context.Background(), "k", cloud.Object{}), linked} {
				var got *cloud.Error
				if !errors.As(err, &got) || got.Trouble != cloud.Lasting ||
					!strings.Contains(err.Error(), tc.says) ||
					!strings.Contains(err.Error(), "s3://reports/k") {
					t.Errorf("got %v, want a lasting error that holds %q and s3://reports/k", err,
						tc.says)
				}
				if strings.Contains(fmt.Sprintf("%+v", err), cloudtest.Secret) {
					t.Errorf("got error %+v, want one without the secret key", err)
				}
			}
		})
	}
}

func TestNoRegion(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "none")
	if _, err := cloud.Open(context.Background(),
		cloud.Identity{Role: "arn:aws:iam::1:role/r"}); err == nil ||
		!strings.Contains(err.Error(), "`region`") {
		t.Errorf("a role: got error %v, want one that names `region`", err)
	}
	account, err := cloud.Open(context.Background(), cloud.Identity{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.Bucket(cloud.BucketOptions{Name: "reports"}); err == nil ||
		!strings.Contains(err.Error(), "`region`") {
		t.Errorf("a bucket of AWS: got error %v, want one that names `region`", err)
	}
	if _, err := account.Bucket(
		cloud.BucketOptions{Name: "reports", Endpoint: "http://127.0.0.1:1"}); err != nil {
		t.Errorf("a bucket elsewhere: got error %v, want none", err)
	}
}
