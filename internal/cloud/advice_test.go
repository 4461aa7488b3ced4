package cloud_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/promsnap/promsnap/internal/cloud"
	"github.com/promsnap/promsnap/internal/cloud/cloudtest"
	"github.com/promsnap/promsnap/internal/secret"
)

// double is an S3 that answers as a function does.
func double(t *testing.T, answer http.HandlerFunc,
	change ...func(*cloud.BucketOptions)) *cloud.Bucket {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	s := &cloudtest.Server{URL: srv.URL, Name: "reports"}
	return s.Bucket(t, change...)
}

// s3Error answers as an S3 that refuses.
func s3Error(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>"+message+
			"</Message></Error>")
	}
}

// page answers with a web page.
func page(status int, text string, head ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for i := 0; i < len(head); i += 2 {
			w.Header().Set(head[i], head[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// TestAdviceFitsTheCause holds the advice against what S3s, and what stands before them, really
// answer. What is wrong to say is in not.
func TestAdviceFitsTheCause(t *testing.T) {
	put := func(b *cloud.Bucket) error {
		return b.Put(context.Background(), "k.json", cloud.Object{Body: []byte("x")})
	}
	swap := func(b *cloud.Bucket) error {
		_, err := b.Swap(context.Background(), "k.json", cloud.Object{Body: []byte("x")}, "")
		return err
	}
	get := func(b *cloud.Bucket) error {
		_, err := b.Get(context.Background(), "k.json", 1<<20)
		return err
	}
	stat := func(b *cloud.Bucket) error {
		_, err := b.Stat(context.Background(), "k.json")
		return err
	}
	none := func(o *cloud.BucketOptions) { o.Checksum = cloud.ChecksumNone }
	encrypted := func(o *cloud.BucketOptions) { o.Encryption = cloud.EncryptS3 }
	const (
		unknown   = "A header you provided implies functionality that is not implemented"
		notS3     = "has no S3 API, or there is a login in front of it"
		login     = `<!DOCTYPE html><title>Sign in</title><form action="/oauth2/start">`
		nginx     = "<html>\r\n<head><title>%</title></head>\r\n<body><center><h1>%</h1></center><hr><center>nginx</center></body></html>"
		condition = "promsnap needs conditional writes"
		checksum  = "set `checksum: none`"
	)
	tests := []struct {
		name      string
		answer    http.HandlerFunc
		change    func(*cloud.BucketOptions)
		call      func(*cloud.Bucket) error
		trouble   cloud.Trouble
		want, not string
	}{
		{
			"B2 and a checksum", s3Error(400, "InvalidArgument", "Unsupported header "+
				"x-amz-checksum-sha256 received for this API call."), nil, put, cloud.Lasting,
			"x-amz-checksum-sha256: " + checksum, condition,
		},
		{
			"B2 and a checksum, beside a condition",
			s3Error(400, "InvalidArgument", "Unsupported header x-amz-checksum-sha256 received "+
				"for this API call."), nil, swap, cloud.Lasting, checksum, condition,
		},
		{
			"a checksum alone", s3Error(501, "NotImplemented", unknown), nil, put, cloud.Lasting,
			checksum, condition,
		},
		{
			"a condition alone", s3Error(501, "NotImplemented", unknown), none, swap, cloud.Lasting,
			"If-None-Match: " + condition, checksum,
		},
		{
			"both", s3Error(501, "NotImplemented", unknown), nil, swap, cloud.Lasting,
			"x-amz-checksum-sha256: " + checksum + "; If-None-Match: " + condition, "sse",
		},
		{
			"a condition that is named", s3Error(501, "NotImplemented",
				"If-None-Match is not implemented"), nil, swap, cloud.Lasting, condition, checksum,
		},
		{
			"none of them", s3Error(501, "NotImplemented", unknown), none, put, cloud.Lasting,
			"implemented (501)", condition,
		},
		{
			"R2 and encryption",
			s3Error(501, "NotImplemented", "Header 'x-amz-server-side-encryption' with value "+
				"'AES256' not implemented"), encrypted, swap, cloud.Lasting, "remove `sse`",
			condition,
		},
		{
			"MinIO without a KMS", s3Error(501, "NotImplemented", "Server side encryption "+
				"specified but KMS is not configured"), encrypted, swap, cloud.Lasting,
			"no KMS for encryption: remove `sse`", condition,
		},
		{
			"MinIO without a KMS, of today",
			s3Error(400, "KMSNotConfigured", "Server side encryption specified but KMS is not "+
				"configured"), encrypted, swap, cloud.Lasting,
			"no KMS for encryption: remove `sse`", condition,
		},
		{
			"MinIO's console",
			s3Error(400, "InvalidArgument", "S3 API Requests must be made to API port."), nil, swap,
			cloud.Lasting, "port 9000", condition,
		},
		{
			"Object Lock", s3Error(400, "InvalidRequest", "Missing required header for this "+
				"request: Content-MD5 OR x-amz-checksum-*"), none, put, cloud.Lasting,
			"remove `checksum: none`", condition,
		},
		{
			"GCS' signature", s3Error(403, "SignatureDoesNotMatch", "Access denied."), nil, get,
			cloud.Lasting, "access key", "",
		},
		{
			"Ceph's denial", s3Error(403, "AccessDenied", ""), nil, get, cloud.Lasting,
			"s3:GetObject", "",
		},
		{
			"nginx's size",
			page(413, strings.ReplaceAll(nginx, "%", "413 Request Entity Too Large")), nil, put,
			cloud.Lasting, "client_max_body_size", condition,
		},
		{
			"nginx's upstream", page(502, strings.ReplaceAll(nginx, "%", "502 Bad Gateway")), nil,
			put, cloud.Passing, "gets no answer from it: check that it runs", condition,
		},
		{
			"nginx's patience", page(504, strings.ReplaceAll(nginx, "%", "504 Gateway Time-out")),
			nil, put, cloud.Passing, "gets no answer from it", condition,
		},
		{
			"a method", s3Error(405, "MethodNotAllowed", "The specified method is not allowed "+
				"against this resource."), nil, put, cloud.Lasting, notS3, "region",
		},
		{
			"a cache", page(304, ""), nil, get, cloud.Lasting, "a cache in front of this S3",
			"region",
		},
		{
			"a redirect to a login", page(302, "", "Location", "https://login.example.com/?rd=x"),
			nil, get, cloud.Lasting, "redirects to another address, like a login", "region",
		},
		{"a redirect to HTTPS", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://"+r.Host+r.URL.Path)
			w.WriteHeader(http.StatusPermanentRedirect)
		}, nil, get, cloud.Lasting, "write https:// in `endpoint`", "region"},
		{"a redirect of S3's", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://reports.s3.eu-west-1.amazonaws.com/k")
			s3Error(301, "PermanentRedirect", "The bucket you are attempting to access must be "+
				"addressed using the specified endpoint.")(w, r)
		}, nil, get, cloud.Lasting, "correct `region`", "login"},
		{"a login that is read", page(200, login), nil, get, cloud.Lasting, notS3, ""},
		{
			"a login that is read, with an ETag", page(200, login, "ETag", `"1"`), nil, get,
			cloud.Lasting, notS3, "",
		},
		{"a login that is looked at", page(200, login), nil, stat, cloud.Lasting, notS3, ""},
		{"a login that is written to", page(200, login), nil, put, cloud.Lasting, notS3, ""},
		{
			"a login that is written to, with an ETag", page(200, login, "ETag", `"1"`), nil, swap,
			cloud.Lasting, notS3, "",
		},
		{
			"a login that is no 200", page(401, login), nil, get, cloud.Lasting, notS3,
			"s3:GetObject",
		},
		{
			"a page that is not there", page(404, "<html>404</html>"), nil, get, cloud.Lasting,
			notS3, "",
		},
		{"Google's empty page", page(200, "", "ETag", `"1"`), nil, swap, 0, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*cloud.BucketOptions) {}
			}
			err := tt.call(double(t, tt.answer, change))
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want none", err)
				}
				return
			}
			var e *cloud.Error
			if !errors.As(err, &e) || e.Trouble != tt.trouble ||
				!strings.Contains(err.Error(), tt.want) ||
				tt.not != "" && strings.Contains(err.Error(), tt.not) {
				t.Errorf("got  %v\nwant %d: %q, without %q", err, tt.trouble, tt.want, tt.not)
			}
		})
	}
}

// TestAcceptEncodingIsNotSigned holds that an S3 whose front end changes Accept-Encoding, as
// Google's does, can be read, written and linked to.
func TestAcceptEncodingIsNotSigned(t *testing.T) {
	var refused []string
	stored := map[string]bool{}
	b := double(t, func(w http.ResponseWriter, r *http.Request) {
		_, signed, _ := strings.Cut(r.Header.Get("Authorization"), "SignedHeaders=")
		if signed, _, _ = strings.Cut(signed, ","); strings.Contains(signed, "accept-encoding") ||
			signed == "" {
			refused = append(refused, r.Method+" signs "+signed)
			s3Error(403, "SignatureDoesNotMatch", "Access denied.")(w, r)
			return
		}
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("%s asks for %q, want identity", r.Method, got)
		}
		switch {
		case r.Method == http.MethodPut:
			stored[r.URL.Path] = true
			w.Header().Set("ETag", `"1"`)
		case stored[r.URL.Path]:
			w.Header().Set("ETag", `"1"`)
		default:
			s3Error(404, "NoSuchKey", "")(w, r)
		}
	})
	ctx := context.Background()
	_, errSwap := b.Swap(ctx, "k", cloud.Object{Body: []byte("x")}, "")
	_, errGet := b.Get(ctx, "k", 1)
	_, errStat := b.Stat(ctx, "k")
	link, _, errLink := b.Link(ctx, "k", cloud.MaxLinkLife)
	if err := errors.Join(errSwap, errGet, errStat, errLink); err != nil || len(refused) > 0 {
		t.Errorf("got error %v, refused signatures %v, want none", err, refused)
	}
	if strings.Contains(link, "encoding") {
		t.Errorf("got link %s, want Accept-Encoding not signed", link)
	}
}

// TestChecksum holds that the key and the SDK's own variable switch the checksum off, the key
// first.
func TestChecksum(t *testing.T) {
	for _, tt := range []struct {
		environment string
		key         cloud.Checksum
		want        bool
	}{
		{"", cloud.ChecksumDefault, true},
		{"", cloud.ChecksumSHA256, true},
		{"", cloud.ChecksumNone, false},
		{"when_supported", cloud.ChecksumDefault, true},
		{"when_required", cloud.ChecksumDefault, false},
		{"when_required", cloud.ChecksumSHA256, true},
	} {
		t.Setenv("AWS_REQUEST_CHECKSUM_CALCULATION", tt.environment)
		var got []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name := range r.Header {
				if n := strings.ToLower(name); strings.Contains(n, "checksum") ||
					n == "content-md5" || n == "x-amz-trailer" {
					got = append(got, name)
				}
			}
			w.Header().Set("ETag", `"1"`)
		}))
		account, err := cloud.Open(context.Background(), cloud.Identity{
			Region: "us-east-1", AccessKey: "AKIDEXAMPLE",
			SecretKey: secret.Inline(cloudtest.Secret),
		})
		if err != nil {
			t.Fatal(err)
		}
		b, err := account.Bucket(cloud.BucketOptions{
			Name: "reports", Endpoint: srv.URL, PathStyle: true, Checksum: tt.key,
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Put(context.Background(), "k", cloud.Object{Body: []byte("x")}); err != nil ||
			(len(got) > 0) != tt.want {
			t.Errorf("%+v: got checksums %v, error %v, want checksums: %t", tt, got, err, tt.want)
		}
		srv.Close()
	}
}

// A body that answers a HEAD, which has none, is not taken for the next answer.
func TestHeadWithABody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				for in := bufio.NewReader(c); ; {
					rq, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, rq.Body)
					answer := "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 0\r\n\r\n"
					if rq.Method == http.MethodHead {
						answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n<Err>"
					}
					_, _ = io.WriteString(c, answer)
				}
			}()
		}
	}()
	b := (&cloudtest.Server{URL: "http://" + l.Addr().String(), Name: "reports"}).Bucket(t)
	for range 5 {
		if o, err := b.Stat(context.Background(), "k"); err != nil || o.ETag != "" {
			t.Errorf("got %+v, %v, want no object", o, err)
		}
		if _, err := b.Swap(context.Background(), "k", cloud.Object{Body: []byte("x")},
			""); err != nil {
			t.Errorf("got error %v, want none", err)
		}
	}
}
