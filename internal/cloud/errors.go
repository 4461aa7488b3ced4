package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Trouble is whether it is worth to try again.
type Trouble uint8

// The kinds of trouble.
const (
	Unclear Trouble = iota // the caller's time is over, or an answer that is not known
	Passing                // no answer, an answer that was lost, throttling: may be better later. What was to be written may be written
	Lasting                // refused: stays until somebody does something. Nothing was written
)

// Error is a call that failed. It shows no secret.
type Error struct {
	Doing   string // what was being done: "writing s3://bucket/key"
	Trouble Trouble
	After   time.Duration // how long to wait, where the server said so
	Hint    string        // what to do, "" where the error says it
	Err     error
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%s: %v", e.Doing, e.Err)
	}
	return fmt.Sprintf("%s: %v; %s", e.Doing, e.Err, e.Hint)
}

// Unwrap returns what went wrong.
func (e *Error) Unwrap() error { return e.Err }

// Temporary tells whether another try may help, for those who may not know this package: secret.Temporary asks it.
func (e *Error) Temporary() bool { return e.Trouble != Lasting }

// actions are what IAM must allow for a call of this package's. Without s3:ListBucket an object that is not there yet is answered with 403.
func actions(call string) []string {
	switch call {
	case "GetSecretValue":
		return []string{"secretsmanager:GetSecretValue"}
	case "GetParameter":
		return []string{"ssm:GetParameter"}
	case "AssumeRole":
		return []string{"sts:AssumeRole"}
	case "GetObject", "HeadObject":
		return []string{"s3:GetObject", "s3:ListBucket"}
	case "PutObject":
		return []string{"s3:PutObject"}
	}
	return nil
}

// keyActions are what IAM must allow on the key of EncryptKMS.
func keyActions() []string { return []string{"kms:GenerateDataKey", "kms:Decrypt"} }

// managedActions are what IAM must allow on a workspace of ManagedPrometheus: queries, and the question which metrics there are, by which
// promsnap tells an empty answer that is good news from one that says nothing. That of the version has no action, and may fail.
func managedActions() []string { return []string{"aps:QueryMetrics", "aps:GetLabels"} }

// answer is what a service said when it refused.
type answer struct {
	status        int
	code, message string
	header        http.Header
	id            string // the request's, for AWS' support
}

// Error is the answer in a line.
func (a *answer) Error() string {
	var b strings.Builder
	b.WriteString(a.code)
	if a.message != "" && a.message != a.code {
		b.WriteString(": " + strings.TrimRight(a.message, ". "))
	}
	fmt.Fprintf(&b, " (%d", a.status)
	if a.id != "" {
		b.WriteString(", request " + a.id)
	}
	return b.String() + ")"
}

// answered returns what a service said, nil where it said nothing.
func answered(err error) *answer {
	var known *answer
	if errors.As(err, &known) {
		return known
	}
	var response *awshttp.ResponseError
	var api smithy.APIError
	if !errors.As(err, &response) || response.HTTPStatusCode() == 0 {
		return nil
	}
	a := &answer{status: response.HTTPStatusCode(), id: response.ServiceRequestID(), header: http.Header{}}
	if response.Response != nil && response.Response.Response != nil {
		a.header = response.Response.Header
	}
	if errors.As(err, &api) {
		a.code, a.message = api.ErrorCode(), api.ErrorMessage()
	}
	if a.code == "" || a.code == "UnknownError" {
		a.code = strings.ReplaceAll(http.StatusText(a.status), " ", "")
	}
	return a
}

// missing tells whether err says that there is no such object. A HEAD has no body that would tell it from a bucket that is not there.
func missing(err error) bool {
	a := answered(err)
	return a != nil && a.status == http.StatusNotFound && a.code != "NoSuchBucket"
}

// conflict tells whether err says that a condition did not hold, or that another conditional write was at work.
func conflict(err error) bool {
	a := answered(err)
	return a != nil && (a.status == http.StatusPreconditionFailed || a.status == http.StatusConflict)
}

// plain is err without what the SDK puts before it.
func plain(err error) error {
	if a := answered(err); a != nil {
		return a
	}
	var send *smithyhttp.RequestSendError
	if errors.As(err, &send) {
		return send.Err
	}
	return err
}

// credentialsTrouble returns why a call had no credentials, nil where it had.
func credentialsTrouble(err error) *Error {
	var known *Error
	errors.As(err, &known)
	return known
}

// explain makes of a failed call what happened, whether it may pass, and what to do.
func (b *Bucket) explain(ctx context.Context, err error, doing, call, key string) error {
	if known := credentialsTrouble(err); known != nil {
		return &Error{Doing: doing + " " + b.URL(key), Trouble: known.Trouble, After: known.After, Err: known}
	}
	out := &Error{Doing: doing + " " + b.URL(key), Err: plain(err)}
	a := answered(err)
	switch {
	case ctx.Err() != nil:
		out.Err = context.Cause(ctx)
	case a == nil:
		out.Trouble, out.Hint = Passing, "S3 does not answer: look at the endpoint and at the network's way to it"
	default:
		out.Trouble, out.Hint = b.judge(a, call, key)
		if out.Trouble == Passing {
			out.After = retryAfter(a.header)
		}
	}
	return out
}

// judge says what an answer of S3's means for a call.
func (b *Bucket) judge(a *answer, call, key string) (Trouble, string) {
	elsewhere := a.header.Get("X-Amz-Bucket-Region")
	switch {
	case a.code == "NoSuchBucket", a.code == "InvalidBucketName":
		return Lasting, fmt.Sprintf("create the bucket %s, or correct `bucket`", b.o.Name)
	case elsewhere != "" && elsewhere != b.region && a.status < http.StatusInternalServerError:
		return Lasting, fmt.Sprintf("the bucket is in %s and not in %s: correct `region`", elsewhere, b.region)
	case a.status/100 == 3, a.code == "AuthorizationHeaderMalformed", a.code == "IllegalLocationConstraintException":
		return Lasting, fmt.Sprintf("the bucket is not in %s: correct `region`, or `endpoint`", b.region)
	case a.code == "InvalidAccessKeyId", a.code == "SignatureDoesNotMatch":
		return Lasting, "the access key or its secret is not right for this S3: correct them"
	case a.code == "ExpiredToken", a.code == "InvalidToken", a.code == "TokenRefreshRequired":
		return Lasting, "log in again (`aws sso login`), or use a role, whose credentials renew themselves"
	case a.code == "RequestTimeTooSkewed":
		return Passing, "this machine's clock is wrong: set it"
	case strings.HasPrefix(a.code, "KMS."), a.status == http.StatusForbidden && strings.Contains(a.message, "kms:"):
		return Lasting, fmt.Sprintf("allow %s on the key, and see that it is enabled and in %s", strings.Join(keyActions(), " and "), b.region)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return Lasting, b.allow(call, key)
	case a.status == http.StatusNotImplemented:
		return Lasting, "this S3 does not know conditional writes, which promsnap needs: use one that does"
	case a.status >= http.StatusInternalServerError, a.status == http.StatusTooManyRequests, a.status == http.StatusRequestTimeout, a.status == http.StatusConflict, a.code == "RequestTimeout":
		return Passing, ""
	case a.status/100 == 4:
		return Lasting, ""
	}
	return Unclear, ""
}

// allow says which actions of IAM are missing where S3 denies a call.
func (b *Bucket) allow(call, key string) string {
	var wanted []string
	for _, action := range actions(call) {
		resource := "arn:aws:s3:::" + b.o.Name
		if action != "s3:ListBucket" {
			resource += "/" + key
		}
		wanted = append(wanted, action+" on "+resource)
	}
	hint := "allow this identity " + strings.Join(wanted, " and ")
	if b.o.Encryption == EncryptKMS {
		hint += ", and " + strings.Join(keyActions(), " and ") + " on its KMS key"
	}
	return hint + "; docs/s3.md has the whole policy"
}

// retryAfter reads the header in its form of seconds, the only one that a server sends that throttles.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 24*60*60 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
