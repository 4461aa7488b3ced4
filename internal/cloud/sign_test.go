package cloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/secret"
)

// managed is a server that answers whoever has signed the request, with what it was sent.
func managed(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if err := cloudtest.CheckSignature(r, body, "eu-west-1",
			cloud.ManagedPrometheus); err != nil {
			code, message, _ := strings.Cut(err.Error(), ": ")
			w.Header().Set("X-Amzn-Errortype", code)
			w.WriteHeader(http.StatusForbidden)
			_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func signing(t *testing.T, id cloud.Identity, next http.RoundTripper,
	now func() time.Time) http.RoundTripper {
	t.Helper()
	account, err := cloud.Open(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := account.Signed(cloud.ManagedPrometheus, next, now)
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

func TestSigned(t *testing.T) {
	base := managed(t)
	there := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn,
		error) {
		// whatever the host is called
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(base, "http://"))
	}}
	t.Cleanup(there.CloseIdleConnections)
	rt := signing(t, cloud.Identity{
		Region: "eu-west-1", AccessKey: cloudtest.AccessKey,
		SecretKey: secret.Inline(cloudtest.Secret),
	}, there, time.Now)
	const form = "query=up%7Ba%3D%22b+c%22%7D&start=1&end=2"
	for name, req := range map[string]func() (*http.Request, error){
		"POST": func() (*http.Request, error) {
			r, err := http.NewRequest(http.MethodPost, base+"/workspaces/ws-1/api/v1/query_range",
				strings.NewReader(form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header["Idempotency-Key"] = nil // not sent, and so not to be signed
			return r, err
		},
		"POST without a copy": func() (*http.Request, error) {
			r, err := http.NewRequest(http.MethodPost, base+"/workspaces/ws-1/api/v1/query",
				io.NopCloser(strings.NewReader(form)))
			return r, err
		},
		"GET": func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, base+"/api/v1/query?"+form, nil)
		},
		"odd query": func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, base+"/q?b=2&a=%2B%20*~&a=1&c", nil)
		},
		"odd path": func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, base+"/a%20b/c+d/%E2%82%AC", nil)
		},
		"no path": func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, base, nil)
		},
		"another host": func() (*http.Request, error) {
			r, err := http.NewRequest(http.MethodGet, base+"/x", nil)
			r.Host = "aps.example.com"
			return r, err
		},
		"its scheme's port": func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, "http://aps.example.com:80/x", nil)
		},
		"another port": func() (*http.Request, error) {
			return http.NewRequest(http.MethodGet, "http://aps.example.com:443/x", nil)
		},
		"spaced header": func() (*http.Request, error) {
			r, err := http.NewRequest(http.MethodGet, base+"/x", nil)
			r.Header.Set("User-Agent", "a  b")
			return r, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := req()
			if err != nil {
				t.Fatal(err)
			}
			before := fmt.Sprint(r.Header, r.URL)
			resp, err := rt.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			body, err := io.ReadAll(resp.Body)
			if err != nil || r.Method == http.MethodPost && string(body) != form {
				t.Errorf("the server: got body %q and error %v, want a POST to have %q", body, err,
					form)
			}
			if after := fmt.Sprint(r.Header, r.URL); after != before {
				t.Errorf("the caller's request: got %s, want it unchanged: %s", after, before)
			}
		})
	}
}

func TestSignedRefused(t *testing.T) {
	base := managed(t)
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException:http://internal.amazon.com/")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write(
			[]byte(
				`{"message":"User: arn:aws:sts::1:assumed-role/x is not authorized to perform: aps:QueryMetrics"}`))
	}))
	t.Cleanup(denied.Close)
	good := cloud.Identity{
		Region: "eu-west-1", AccessKey: cloudtest.AccessKey,
		SecretKey: secret.Inline(cloudtest.Secret),
	}
	for _, tc := range []struct {
		name, url string
		change    func(*cloud.Identity)
		now       func() time.Time
		says      []string
	}{
		{"another secret", base, func(id *cloud.Identity) {
			id.SecretKey = secret.Inline("MARKED")
		}, time.Now, []string{
			"InvalidSignatureException", "the secret key does not belong to the access key",
		}},
		{"another key", base, func(id *cloud.Identity) {
			id.AccessKey = "AKIDANOTHER"
		}, time.Now, []string{"AWS does not know the access key"}},
		{"another region", base, func(id *cloud.Identity) {
			id.Region = "us-east-1"
		}, time.Now, []string{"the region is not that of the server"}},
		{"a wrong clock", base, func(*cloud.Identity) {}, func() time.Time {
			return time.Now().Add(-time.Hour)
		}, []string{"this machine's clock is wrong"}},
		{
			"not allowed", denied.URL, func(*cloud.Identity) {}, time.Now, []string{
				"AccessDeniedException: User",
				"allow this identity aps:QueryMetrics and aps:GetLabels on the workspace", "eu-west-1",
			},
		},
		{"no secret key", base, func(id *cloud.Identity) {
			id.SecretKey = secret.File("none")
		}, time.Now, []string{"getting AWS credentials", "the secret key: reading a secret"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := good
			tc.change(&id)
			client := http.Client{Transport: signing(t, id, http.DefaultTransport, tc.now)}
			resp, err := client.PostForm(tc.url+"/api/v1/query", url.Values{"query": {"up"}})
			if err == nil {
				_ = resp.Body.Close()
				t.Fatalf("got answer %s, want an error", resp.Status)
			}
			var known *cloud.Error
			if !errors.As(err, &known) || known.Trouble != cloud.Lasting {
				t.Fatalf("got %#v, want a lasting *cloud.Error", err)
			}
			for _, want := range tc.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if text := fmt.Sprintf("%v %+v", err, known); strings.Contains(text, "MARKED") ||
				strings.Contains(text, cloudtest.Secret) || strings.Contains(text, "Canonical") {
				t.Errorf("got error %s, want one without a secret or a canonical request", text)
			}
		})
	}
}

func TestSignedWithARole(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B",
	} {
		t.Setenv(name, value)
	}
	var form url.Values
	sts(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = r.Form
		_, _ = fmt.Fprintf(w,
			`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			cloudtest.AccessKey, cloudtest.Secret)
	})
	var token string
	rt := signing(t, cloud.Identity{
		Region: "eu-west-1", Role: "arn:aws:iam::1:role/amp", ExternalID: "ours",
	}, next(func(r *http.Request) (*http.Response, error) {
		token = r.Header.Get("X-Amz-Security-Token")
		return http.DefaultTransport.RoundTrip(r)
	}), time.Now)
	req, err := http.NewRequest(http.MethodGet, managed(t)+"/api/v1/query?query=up", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if token != "T" || form.Get("RoleArn") != "arn:aws:iam::1:role/amp" ||
		form.Get("ExternalId") != "ours" {
		t.Errorf("got token %q and STS form %v, want token T, role amp and external ID ours",
			token, form)
	}
}

type next func(*http.Request) (*http.Response, error)

func (n next) RoundTrip(r *http.Request) (*http.Response, error) { return n(r) }

func TestSignedBodyIsBounded(t *testing.T) {
	rt := signing(t, cloud.Identity{
		Region: "eu-west-1", AccessKey: "A", SecretKey: secret.Inline("B"),
	}, http.DefaultTransport, time.Now)
	req, err := http.NewRequest(http.MethodPost, "http://127.0.0.1:1",
		strings.NewReader(strings.Repeat("a", 1<<20+1)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rt.RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "longer than 1024 KiB") {
		t.Errorf("got error %v, want one that says longer than 1024 KiB", err)
	}
}
