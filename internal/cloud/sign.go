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

// ManagedPrometheus is what Amazon Managed Service for Prometheus calls itself in signatures.
const ManagedPrometheus = "aps"

// Bounds of what passes through a Signed transport.
const (
	maxSignedBody = 1 << 20 // a query's form
	maxRefusal    = 16 << 10
)

// Signed returns a transport that signs each request with AWS' Signature Version 4, for service in
// the account's region, before next sends it. now is the wall clock, which the signature holds. An
// answer of 401 or 403 becomes an *Error that says what to do.
//
// It signs the method, the URL, the form and its type, and no other header: one that a proxy
// changes breaks the signature, and one that net/http takes out before it sends, such as promapi's
// Idempotency-Key, would be signed and not be there.
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

// CloseIdleConnections closes what is kept open for the next request, as http.Client's does, and
// for the next credentials.
func (s *signed) CloseIdleConnections() {
	(&http.Client{Transport: s.next}).CloseIdleConnections()
	s.account.CloseIdleConnections()
}

// bodyOf reads a request's body to its end, and closes it.
func bodyOf(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer func() { _ = req.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(req.Body, maxSignedBody+1))
	if err == nil && len(body) > maxSignedBody {
		err = fmt.Errorf("it has more than %d KiB", maxSignedBody>>10)
	}
	return body, err
}

// sign puts the signature into out.
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
	// as it was signed: without the port that the scheme has anyway,
	out.Host = bare.Host
	out.URL.RawQuery = bare.URL.RawQuery // sorted, and a blank as %20
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token"} {
		if v := bare.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	return nil
}

// refused reads an answer that denies the request. Of its words only the first line counts: AWS
// writes into the others what it has computed the signature of, session tokens among it.
func (s *signed) refused(resp *http.Response) error {
	defer func() { _ = resp.Body.Close() }()
	// what breaks off still says something
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
		Doing: "asking as AWS identity", Trouble: Lasting, Err: a, Hint: identityHint(a.code),
	}
	if e.Hint == "" && s.service == ManagedPrometheus {
		e.Hint = fmt.Sprintf("allow %s on the workspace to this identity, and see that it is in "+
			"%s; docs/lambda.md has the policy", strings.Join(managedActions(), " and "),
			s.account.cfg.Region)
	} else if e.Hint == "" {
		e.Hint = fmt.Sprintf("allow this identity to ask the service %s in %s", s.service,
			s.account.cfg.Region)
	}
	return e
}

// Status is the HTTP status of the answer that e is about, 0 where there was none.
func (e *Error) Status() int {
	if a := answered(e); a != nil {
		return a.status
	}
	return 0
}
