package cloud

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// ManagedPrometheus is the name of Amazon Managed Service for Prometheus in signatures.
const ManagedPrometheus = "aps"

// Limits of a Signed transport, in bytes.
const (
	maxSignedBody = 1 << 20 // a query's form
	maxRefusal    = 16 << 10
)

// Signed returns a transport that signs requests with AWS Signature Version 4 for a service in the
// account's region. next sends them. now is the wall clock, for the time in the signature. An
// answer of 401 or 403 becomes an *Error that says what to do.
//
// It signs the method, the URL, the form and its type, and no other header. A header that a proxy
// changes would make the signature invalid, and so would a header that net/http removes before it
// sends the request, such as promapi's Idempotency-Key.
func (a *Account) Signed(service string, next http.RoundTripper,
	now func() time.Time) (http.RoundTripper, error) {
	if a.cfg.Region == "" {
		return nil, errNoRegion
	}
	return &signed{account: a, service: service, next: next, now: now, signer: v4.NewSigner()}, nil
}

type signed struct {
	account *Account
	service string
	next    http.RoundTripper
	now     func() time.Time
	signer  *v4.Signer
}

// RoundTrip implements http.RoundTripper.
func (s *signed) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := bodyOf(req)
	if err != nil {
		return nil, fmt.Errorf("signing the request: %w", err)
	}
	out := req.Clone(req.Context())
	if req.Body != nil {
		out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		out.GetBody = func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(body)), nil
		}
	}
	if err := s.sign(out, body); err != nil {
		return nil, err
	}
	resp, err := s.next.RoundTrip(out)
	if err != nil || resp.StatusCode != http.StatusUnauthorized &&
		resp.StatusCode != http.StatusForbidden {
		return resp, err
	}
	return nil, s.refused(resp)
}

// CloseIdleConnections closes connections that are kept open for the next request and for the next
// credentials.
func (s *signed) CloseIdleConnections() {
	(&http.Client{Transport: s.next}).CloseIdleConnections()
	s.account.CloseIdleConnections()
}

// bodyOf reads the whole body of a request and closes it.
func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer func() { _ = req.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(req.Body, maxSignedBody+1))
	if err == nil && len(body) > maxSignedBody {
		err = fmt.Errorf("the body is longer than %d KiB", maxSignedBody>>10)
	}
	return body, err
}

// sign adds the signature to out.
func (s *signed) sign(out *http.Request, body []byte) error {
	ctx := out.Context()
	creds, err := s.account.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	bare := &http.Request{Method: out.Method, URL: out.URL, Host: out.Host, Header: http.Header{}}
	if kind := out.Header.Get("Content-Type"); kind != "" {
		bare.Header.Set("Content-Type", kind)
	}
	bare = bare.Clone(ctx)
	sum := sha256.Sum256(body)
	if err := s.signer.SignHTTP(ctx, creds, bare, hex.EncodeToString(sum[:]), s.service,
		s.account.cfg.Region, s.now()); err != nil {
		return fmt.Errorf("signing the request: %w", err)
	}
	// send what was signed: without the scheme's default port,
	out.Host = bare.Host
	out.URL.RawQuery = bare.URL.RawQuery // sorted, and with a space as %20
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
		if v := bare.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	return nil
}

// refused returns the error of an answer that denies the request. It shows only the first line of
// the message. AWS writes what it computed the signature of into the others, including session
// tokens.
func (s *signed) refused(resp *http.Response) error {
	defer func() { _ = resp.Body.Close() }()
	// the beginning of a body that breaks off is still useful
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	a := &answer{
		status: resp.StatusCode, header: resp.Header, id: resp.Header.Get("X-Amzn-Requestid"),
	}
	a.code, _, _ = strings.Cut(resp.Header.Get("X-Amzn-Errortype"), ":")
	if a.code == "" {
		a.code = strings.ReplaceAll(http.StatusText(a.status), " ", "")
	}
	var said struct{ Message string }
	if json.Unmarshal(body, &said) == nil {
		a.message, _, _ = strings.Cut(said.Message, "\n")
		a.message, _, _ = strings.Cut(a.message, " The Canonical String")
		if len(a.message) > 300 {
			a.message = strings.ToValidUTF8(a.message[:300], "") + "…"
		}
	}
	e := &Error{
		Doing: "sending a request signed for " +
			"AWS", Trouble: Lasting, Err: a, Hint: identityHint(a.code),
	}
	if e.Hint == "" && s.service == ManagedPrometheus {
		e.Hint = fmt.Sprintf("allow this identity %s on the workspace, and check that the "+
			"workspace is in %s; docs/lambda.md has the policy",
			strings.Join(managedActions(), " and "), s.account.cfg.Region)
	} else if e.Hint == "" {
		e.Hint = fmt.Sprintf("allow this identity to use the service %s in %s", s.service,
			s.account.cfg.Region)
	}
	return e
}

// Status returns the HTTP status of the answer, or 0 if there was none.
func (e *Error) Status() int {
	if a := answered(e); a != nil {
		return a.status
	}
	return 0
}
